package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// bf16 emits the products of matrices of bfloat16 on the processor's tiles of 16×16
// sums and by its products of pairs, and what lays matrices out for them. All registers are chosen by hand: avo
// does not know the instructions on tiles and what converts to bfloat16.
func bf16(sets []vector) {
	h := half{sets[0].Context}
	h.multiply()
	h.multiplyPairs()
	h.rows()
	h.pairs("halvePairsAssembly", false, false)
	h.pairs("halvePairsTAssembly", true, false)
	h.pairs("turnHalvesAssembly", true, true)
	h.transposed()
	h.tables()
}

type half struct{ *build.Context }

// Bytes of a tile, and of the two beside each other that a panel has for a block.
const (
	tileBytes  = 1 << 10
	blockBytes = 2 * tileBytes
)

// multiply emits the products: two tiles of rows, as long as there are two, and one or two
// of columns at a time.
func (h half) multiply() {
	h.Function("multiplyTiles")
	h.Attributes(noSplit)
	h.Pragma("noescape")
	h.SignatureExpr("func(c *byte, cr int, init *byte, ir, next int, a *byte, ar int, b *byte, depth, tiles, panels, width, left int)")
	h.Doc("multiplyTiles computes c = init + a·b for so many tiles of 16 rows, one below the other, and",
		"panels of 32 columns, on the processor's tiles. Distances are in bytes: between rows of c, init",
		"and a, and between init for one panel and for the next. A row of a and a panel of b have a depth",
		"of so many blocks. If the width is 1, only the first 16 columns of the panels are computed. left is",
		"overwritten.")
	to, toRow := reg.RDI, h.load("cr", reg.R8)
	from, fromRow := reg.RSI, h.load("ir", reg.R9)
	a, aRow := h.load("a", reg.RAX), h.load("ar", reg.R10)
	tiles, b, count := h.load("tiles", reg.RDX), reg.RBX, reg.RCX
	x, y, line := reg.R11, reg.R12, reg.R13
	h.LEAQ(operand.NewDataAddr(operand.NewStaticSymbol("tileShapes"), 0), x)
	h.configure(x)
	h.MOVQ(operand.U32(64), line)
	h.CMPQ(slot(h.Context, "width"), operand.Imm(1))
	h.JEQ(operand.LabelRef(label("tiles", 2, 1)))
	for _, width := range []int{2, 1} {
		for height := 2; height >= 1; height-- {
			at := func(what string) string { return label(what, height, width) }
			h.Label(at("tiles"))
			h.CMPQ(tiles, operand.Imm(uint64(height)))
			h.JL(operand.LabelRef(at("after")))
			h.load("c", to)
			h.load("init", from)
			h.load("b", b)
			h.load("panels", count)
			h.MOVQ(count, slot(h.Context, "left"))

			h.Label(at("panel"))
			h.load("depth", count)
			h.square(height, width, from, fromRow, x, h.tileLoad)
			h.MOVQ(a, x)
			below(h.Context, a, aRow, y)
			h.Label(at("block"))
			for i := range height {
				h.tileLoad(4+i, []reg.GPPhysical{x, y}[i], aRow, 0)
				for j := range width {
					if i == 0 {
						h.tileLoad(6+j, b, line, j*tileBytes)
					}
					h.tileMultiply(2*i+j, 4+i, 6+j)
				}
			}
			h.ADDQ(line, x)
			h.ADDQ(line, y)
			h.ADDQ(operand.U32(blockBytes), b)
			h.DECQ(count)
			h.JNZ(operand.LabelRef(at("block")))
			h.square(height, width, to, toRow, x, h.tileStore)
			h.ADDQ(operand.U32(128), to)
			h.ADDQ(slot(h.Context, "next"), from)
			h.DECQ(slot(h.Context, "left"))
			h.JNZ(operand.LabelRef(at("panel")))

			for _, matrix := range []struct {
				name string
				row  reg.GPPhysical
			}{{"c", toRow}, {"init", fromRow}} {
				h.MOVQ(matrix.row, x)
				h.SHLQ(operand.Imm(uint64(3+height)), x)
				h.ADDQ(x, slot(h.Context, matrix.name))
			}
			h.MOVQ(aRow, x)
			h.SHLQ(operand.Imm(uint64(3+height)), x)
			h.ADDQ(x, a)
			h.SUBQ(operand.Imm(uint64(height)), tiles)
			h.JMP(operand.LabelRef(at("tiles")))
			h.Label(at("after"))
		}
		if width == 2 {
			h.JMP(operand.LabelRef("end"))
		}
	}
	h.Label("end")
	h.release()
	h.RET()
}

// square moves the sums, so many tiles high and wide.
func (h half) square(height, width int, p, row, x reg.GPPhysical, move func(tile int, p, row reg.GPPhysical, disp int)) {
	for i := range height {
		if i > 0 {
			below(h.Context, p, row, x)
			p = x
		}
		for j := range width {
			move(2*i+j, p, row, 64*j)
		}
	}
}

// below sets to what is 16 rows below p.
func below(c *build.Context, p, row, to reg.GPPhysical) {
	c.MOVQ(row, to)
	c.SHLQ(operand.Imm(4), to)
	c.ADDQ(p, to)
}

// rows emits the conversion that keeps rows as they are.
func (h half) rows() {
	h.Function("halveRowsAssembly")
	h.Attributes(noSplit)
	h.Pragma("noescape")
	h.SignatureExpr("func(dst *byte, dr int, src *byte, sr, rows, cols int)")
	h.Doc("halveRowsAssembly rounds a matrix of float32 to bfloat16. Distances between rows are in bytes. Each row",
		"of dst is filled up with zeros to a multiple of 32.")
	dst, dr, src, sr := h.load("dst", reg.RDI), h.load("dr", reg.R8), h.load("src", reg.RSI), h.load("sr", reg.R9)
	rows, cols := h.load("rows", reg.RDX), h.load("cols", reg.RCX)
	p, q, left, bits := reg.R10, reg.R11, reg.R12, reg.RAX
	h.MOVQ(cols, left)
	h.ANDQ(operand.Imm(31), left)
	h.MOVQ(operand.I64(-1), bits)
	h.BZHIQ(left, bits, bits)
	h.KMOVW(bits.As32(), reg.K1)
	h.SHRQ(operand.Imm(16), bits)
	h.KMOVW(bits.As32(), reg.K2)
	h.SHRQ(operand.Imm(5), cols)
	h.Label("row")
	h.MOVQ(dst, p)
	h.MOVQ(src, q)
	h.MOVQ(cols, bits)
	h.TESTQ(bits, bits)
	h.JZ(operand.LabelRef("rest"))
	h.Label("block")
	h.VMOVUPS(operand.Mem{Base: q}, z(0))
	h.VMOVUPS(operand.Mem{Base: q, Disp: 64}, z(1))
	h.convert(2, 1, 0)
	h.VMOVUPS(z(2), operand.Mem{Base: p})
	h.ADDQ(operand.U32(128), q)
	h.ADDQ(operand.Imm(64), p)
	h.DECQ(bits)
	h.JNZ(operand.LabelRef("block"))
	h.Label("rest")
	h.TESTQ(left, left)
	h.JZ(operand.LabelRef("next"))
	h.VMOVUPS_Z(operand.Mem{Base: q}, reg.K1, z(0))
	h.VMOVUPS_Z(operand.Mem{Base: q, Disp: 64}, reg.K2, z(1))
	h.convert(2, 1, 0)
	h.VMOVUPS(z(2), operand.Mem{Base: p})
	h.Label("next")
	h.ADDQ(dr, dst)
	h.ADDQ(sr, src)
	h.DECQ(rows)
	h.JNZ(operand.LabelRef("row"))
	h.VZEROUPPER()
	h.RET()
}

// pairs emits the conversion that puts two rows into one, number by number, and the
// same with the result transposed, also of what is rounded already.
func (h half) pairs(name string, transposed, rounded bool) {
	h.Function(name)
	h.Attributes(noSplit)
	h.Pragma("noescape")
	distance := operand.Op(operand.U32(blockBytes))
	switch {
	case rounded:
		h.SignatureExpr("func(dst *byte, dr int, src *byte, sr, rows, cols int)")
		h.Doc(name + " is halvePairsTAssembly of bfloat16.")
	case transposed:
		h.SignatureExpr("func(dst *byte, dr int, src *byte, sr, rows, cols int)")
		h.Doc(name+" rounds up to 16 columns of src to bfloat16 and makes rows of them, which lie dr",
			"bytes apart in dst and are filled up with zeros to a multiple of 32. Rows of src lie sr bytes apart.",
			"There are always 16 rows of dst.")
	default:
		h.SignatureExpr("func(dst, src *byte, sr, rows, cols int)")
		h.Doc(name+" rounds up to 16 columns of src to bfloat16: a tile for every 32 rows, 2 KB apart,",
			"with two rows in one, number by number, filled up with zeros. Rows of src lie sr bytes apart.")
	}
	dst, src, sr := h.load("dst", reg.RDI), h.load("src", reg.RSI), h.load("sr", reg.R9)
	rows, cols := h.load("rows", reg.RDX), h.load("cols", reg.RCX)
	bits, none, own, p := reg.RAX, reg.R10, reg.R11, reg.R12
	dr := reg.R8
	if transposed {
		h.load("dr", dr)
		distance = operand.U32(64)
	}
	h.MOVQ(operand.I64(-1), bits)
	h.BZHIQ(cols, bits, bits)
	h.XORQ(none, none)
	h.Label("block")
	h.VMOVUPS(operand.NewDataAddr(operand.NewStaticSymbol("turns"), 0), z(31))
	for i := range 16 {
		for j := range 2 {
			h.MOVQ(bits, own)
			h.CMPQ(rows, operand.Imm(uint64(2*i+j)))
			h.CMOVQLE(none, own)
			h.KMOVW(own.As32(), reg.K1)
			if rounded {
				h.VMOVDQU16_Z(operand.Mem{Base: src}, reg.K1, []reg.VecPhysical{reg.Y16, reg.Y17}[j])
			} else {
				h.VMOVUPS_Z(operand.Mem{Base: src}, reg.K1, z(16+j))
			}
			h.ADDQ(sr, src)
		}
		if rounded {
			h.VINSERTI64X4(operand.Imm(1), reg.Y17, z(16), z(18))
		} else {
			h.convert(18, 17, 16)
		}
		h.VPERMW(z(18), z(31), z(i))
	}
	if transposed {
		h.transpose()
		h.MOVQ(dst, p)
		for i := range 16 {
			h.VMOVUPS(z(i), operand.Mem{Base: p})
			h.ADDQ(dr, p)
		}
	} else {
		for i := range 16 {
			h.VMOVUPS(z(i), operand.Mem{Base: dst, Disp: 64 * i})
		}
	}
	h.ADDQ(distance, dst)
	h.SUBQ(operand.Imm(32), rows)
	h.JG(operand.LabelRef("block"))
	h.VZEROUPPER()
	h.RET()
}

// transposed emits what lays out the transpose of a matrix as halvePairs lays out a
// matrix.
func (h half) transposed() {
	h.Function("halveTAssembly")
	h.Attributes(noSplit)
	h.Pragma("noescape")
	h.SignatureExpr("func(dst, src *byte, sr, rows, cols int)")
	h.Doc("halveTAssembly does what halvePairsAssembly does to the transpose of src, which has up to 16 rows.")
	dst, src, sr := h.load("dst", reg.RDI), h.load("src", reg.RSI), h.load("sr", reg.R9)
	rows, cols := h.load("rows", reg.RDX), h.load("cols", reg.RCX)
	bits, none, own, p := reg.RAX, reg.R10, reg.R11, reg.R12
	h.XORQ(none, none)
	h.Label("block")
	h.MOVQ(operand.U32(32), own)
	h.CMPQ(cols, own)
	h.CMOVQLT(cols, own)
	h.MOVQ(operand.I64(-1), bits)
	h.BZHIQ(own, bits, bits)
	h.MOVQ(src, p)
	for i := range 16 {
		h.MOVQ(bits, own)
		h.CMPQ(rows, operand.Imm(uint64(i)))
		h.CMOVQLE(none, own)
		h.KMOVW(own.As32(), reg.K1)
		h.VMOVUPS_Z(operand.Mem{Base: p}, reg.K1, z(16))
		h.SHRQ(operand.Imm(16), own)
		h.KMOVW(own.As32(), reg.K2)
		h.VMOVUPS_Z(operand.Mem{Base: p, Disp: 64}, reg.K2, z(17))
		h.ADDQ(sr, p)
		h.convert(i, 17, 16)
	}
	h.transpose()
	for i := range 16 {
		h.VMOVUPS(z(i), operand.Mem{Base: dst, Disp: 64 * i})
	}
	h.ADDQ(operand.U32(blockBytes), dst)
	h.ADDQ(operand.U32(128), src)
	h.SUBQ(operand.Imm(32), cols)
	h.JG(operand.LabelRef("block"))
	h.VZEROUPPER()
	h.RET()
}

// transpose transposes the 16×16 pairs in the first half of the registers with the help
// of the second half.
func (h half) transpose() {
	low, high := 0x88, 0xdd // the even and the odd quarters of two vectors
	for g := range 8 {
		a, b := z(2*g), z(2*g+1)
		h.VPUNPCKLDQ(b, a, z(16+2*g))
		h.VPUNPCKHDQ(b, a, z(17+2*g))
	}
	for g := range 4 { // quarter l of register 4g+c: column 4l+c of rows 4g, …, 4g+3
		for i := range 2 {
			a, b := z(16+4*g+i), z(18+4*g+i)
			h.VPUNPCKLQDQ(b, a, z(4*g+2*i))
			h.VPUNPCKHQDQ(b, a, z(4*g+2*i+1))
		}
	}
	for c := range 4 {
		for g := range 2 {
			a, b := z(8*g+c), z(8*g+4+c)
			h.VSHUFI32X4(operand.Imm(uint64(low)), b, a, z(16+4*c+2*g))
			h.VSHUFI32X4(operand.Imm(uint64(high)), b, a, z(17+4*c+2*g))
		}
	}
	for c := range 4 {
		for odd := range 2 {
			a, b := z(16+4*c+odd), z(18+4*c+odd)
			h.VSHUFI32X4(operand.Imm(uint64(low)), b, a, z(4*odd+c))
			h.VSHUFI32X4(operand.Imm(uint64(high)), b, a, z(8+4*odd+c))
		}
	}
}

// tables emits the shape of the tiles, all of 16 rows of 64 bytes, and the order that
// takes words from two halves in turns.
func (h half) tables() {
	h.StaticGlobal("tileShapes")
	h.DataAttributes(readOnly)
	var shapes [64]byte
	shapes[0] = 1 // the palette of 8 tiles
	for i := range 8 {
		shapes[16+2*i], shapes[48+i] = 64, 16
	}
	for at, v := range shapes {
		h.AddDatum(at, operand.U8(v))
	}
	h.StaticGlobal("turns")
	h.DataAttributes(readOnly)
	for i := range 16 {
		h.AddDatum(4*i, operand.U32(uint32(i|(16+i)<<16)))
	}
}

// load loads an argument into a register.
func (h half) load(name string, r reg.GPPhysical) reg.GPPhysical {
	h.Load(h.Param(name), r)
	return r
}

func z(i int) reg.VecPhysical {
	return []reg.VecPhysical{
		reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7, reg.Z8, reg.Z9, reg.Z10,
		reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15, reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20,
		reg.Z21, reg.Z22, reg.Z23, reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31,
	}[i]
}
