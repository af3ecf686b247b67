package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// gemm emits the tile products: for each element type and set of instructions
// one function, which holds an inner loop for every tile of 1 to rows rows and
// 1 or 2 vectors. All accumulators of a tile stay in registers.
func gemm(sets []vector) {
	c := sets[0].Context
	for _, bits := range []int{32, 64} {
		for _, wide := range []bool{false, true} {
			t := tiler{Context: c, size: bits / 8, wide: wide, bytes: 32, rows: 6}
			if wide {
				t.bytes, t.rows = 64, 14
			}
			t.function()
		}
	}
	maskTable(c)
}

// tiler emits one tile product.
type tiler struct {
	*build.Context
	size  int  // bytes an element
	wide  bool // AVX-512
	bytes int  // of a vector
	rows  int  // of the highest tile: rows×2 accumulators, 2 vectors of b and one element of a fill the registers

	// Live in the inner loop. Everything else is fetched from the arguments.
	a, step, b, next, count reg.GPVirtual
	c, ahead                reg.GPVirtual         // what is prefetched
	index                   map[int]reg.GPVirtual // odd multiples of the distance between rows of a
	mask                    []reg.OpmaskVirtual   // AVX-512: the columns of each vector
}

func (t *tiler) name() string {
	if t.wide {
		return fmt.Sprintf("gemm%dAVX512", t.size*8)
	}
	return fmt.Sprintf("gemm%dAVX2", t.size*8)
}

const gemmSignature = "func(m, tiles, k, cols int, c *byte, ldc int, init *byte, ldi int, a *byte, ar, ac, pitch int, b *byte, br int, last *byte, ahead, every int, jumps, jump *byte, skipc, skipi int)"

const gemmDoc = " computes c = init + a·b for tiles of m rows, one below the other, and cols columns."

// gemmMore is the rest of the comment.
var gemmMore = []string{
	"Distances are in bytes: between rows of c, init and b, rows and columns of a, and",
	"from the rows of a of one tile to those of the next.",
	"The last row of b is at last. Whole vectors of b are read. There are k of them for each",
	"run of columns of a. From its end to the next one are jumps, each of so many bytes in a and",
	"so many in b; −1 ends the jumps. Without any there is one run. jump is overwritten. Between",
	"the rows of two tiles so many bytes of c and init are skipped.",
	"Whenever the rows left of b are a multiple of every, a power of two, the loop prefetches",
	"a row of the next tile of c, and a little of what lies ahead bytes beyond b.",
}

func (t *tiler) function() {
	t.Function(t.name())
	t.Attributes(noSplit)
	t.Pragma("noescape")
	t.SignatureExpr(gemmSignature)
	t.Doc(append([]string{t.name() + gemmDoc}, gemmMore...)...)

	if t.wide {
		t.masks()
	}
	cols := t.argument("cols")
	m := t.argument("m")
	t.CMPQ(cols, operand.Imm(uint64(t.bytes/t.size)))
	t.JG(operand.LabelRef("wide"))
	t.choose(m, 1)
	t.Label("wide")
	t.choose(m, 2)
	for v := 1; v <= 2; v++ {
		for rows := t.rows; rows >= 1; rows-- {
			t.tile(rows, v)
		}
	}
}

// choose jumps to the tile of m rows and v vectors.
func (t *tiler) choose(m reg.Register, v int) {
	for rows := t.rows; rows > 1; rows-- {
		t.CMPQ(m, operand.Imm(uint64(rows)))
		t.JEQ(operand.LabelRef(label("tile", rows, v)))
	}
	t.JMP(operand.LabelRef(label("tile", 1, v)))
}

// masks sets a bit for every column of the tile.
func (t *tiler) masks() {
	cols := t.argument("cols")
	bits := t.GP64()
	t.MOVQ(operand.I64(-1), bits)
	t.BZHIQ(cols, bits, bits)
	t.mask = nil
	for v := range 2 {
		k := t.K()
		t.KMOVD(bits.As32(), k)
		t.mask = append(t.mask, k)
		if v == 0 {
			t.SHRQ(operand.Imm(uint64(t.bytes/t.size)), bits)
		}
	}
}

func label(what string, rows, v int) string { return fmt.Sprintf("%s%dx%d", what, rows, v) }

// tile emits the loop over tiles of the given shape, and returns.
func (t *tiler) tile(rows, vectors int) {
	at := func(what string) operand.LabelRef { return operand.LabelRef(label(what, rows, vectors)) }
	t.Label(label("tile", rows, vectors))

	acc := make([][]reg.VecVirtual, rows)
	for i := range acc {
		acc[i] = []reg.VecVirtual{t.vector(), t.vector()}[:vectors]
	}
	whole := t.GP64()
	compare := func() {
		t.MOVQ(t.slot("cols"), whole)
		t.CMPQ(whole, operand.Imm(uint64(vectors*t.bytes/t.size)))
	}

	compare()
	t.JNE(at("part"))
	t.eachRow("init", "ldi", "skipi", rows, func(i int, row operand.Mem) {
		for v := range acc[i] {
			t.VMOVUPS(row.Offset(v*t.bytes), acc[i][v])
		}
	})
	t.JMP(at("start"))
	t.Label(label("part", rows, vectors))
	t.eachRow("init", "ldi", "skipi", rows, func(i int, row operand.Mem) {
		t.loadPart(row, acc[i])
	})
	t.Label(label("start", rows, vectors))

	t.a, t.step = t.argument("a"), t.argument("ac")
	t.b, t.next = t.argument("b"), t.argument("br")
	t.count = t.argument("k")
	t.index = map[int]reg.GPVirtual{}
	if rows > 1 {
		t.index[1] = t.argument("ar")
		double := t.GP64()
		t.LEAQ(operand.Mem{Base: t.index[1], Index: t.index[1], Scale: 1}, double)
		for i := 3; i < rows; i += 2 {
			t.index[i] = t.GP64()
			t.LEAQ(operand.Mem{Base: t.index[i-2], Index: double, Scale: 1}, t.index[i])
		}
	}
	t.c = t.argument("ldc")
	t.IMUL3Q(operand.Imm(uint64(rows)), t.c, t.c)
	t.ADDQ(t.slot("c"), t.c)
	t.ADDQ(t.slot("skipc"), t.c)
	t.ahead = t.argument("ahead")
	t.ADDQ(t.b, t.ahead)
	// The loop runs k times for each run, of the last k−1 times; then b moves to the
	// last row and it runs once more, when the count passes below zero.
	t.CMPQ(t.slot("jumps"), operand.Imm(0))
	t.JNE(at("runs"))
	t.Label(label("lastrun", rows, vectors))
	t.DECQ(t.count)
	t.JNZ(at("loop"))
	t.Label(label("last", rows, vectors))
	t.MOVQ(t.slot("last"), t.b)
	t.Label(label("loop", rows, vectors))
	t.accumulate(acc)
	t.ADDQ(t.step, t.a)
	t.ADDQ(t.next, t.b)
	t.DECQ(t.count)
	t.JLE(at("end"))
	t.TESTQ(t.count, t.slot("every"))
	t.JNZ(at("loop"))
	t.prefetch(vectors)
	t.JMP(at("loop"))
	t.Label(label("end", rows, vectors))
	t.JL(at("done"))
	t.CMPQ(t.slot("jumps"), operand.Imm(0))
	t.JE(at("last"))
	t.MOVQ(t.slot("jump"), t.count)
	t.CMPQ(operand.Mem{Base: t.count}, operand.I8(-1))
	t.JE(at("lastrow"))
	t.ADDQ(operand.Mem{Base: t.count}, t.a)
	t.ADDQ(operand.Mem{Base: t.count, Disp: 8}, t.b)
	t.ADDQ(operand.Imm(16), t.count)
	t.JMP(at("run"))
	t.Label(label("lastrow", rows, vectors))
	t.XORQ(t.count, t.count)
	t.JMP(at("last"))

	t.Label(label("runs", rows, vectors))
	t.MOVQ(t.slot("jumps"), t.count)
	t.Label(label("run", rows, vectors))
	t.MOVQ(t.count, t.slot("jump"))
	t.CMPQ(operand.Mem{Base: t.count}, operand.I8(-1))
	t.MOVQ(t.slot("k"), t.count)
	t.JNE(at("loop"))
	t.JMP(at("lastrun"))

	t.Label(label("done", rows, vectors))
	t.SUBQ(t.slot("b"), t.ahead)
	t.MOVQ(t.ahead, t.slot("ahead"))
	compare()
	t.JNE(at("storepart"))
	t.eachRow("c", "ldc", "skipc", rows, func(i int, row operand.Mem) {
		for v := range acc[i] {
			t.VMOVUPS(acc[i][v], row.Offset(v*t.bytes))
		}
	})
	t.JMP(at("advance"))
	t.Label(label("storepart", rows, vectors))
	t.eachRow("c", "ldc", "skipc", rows, func(i int, row operand.Mem) {
		t.storePart(acc[i], row)
	})

	t.Label(label("advance", rows, vectors))
	t.ADDQ(t.argument("pitch"), t.slot("a"))
	t.DECQ(t.slot("tiles"))
	t.JNZ(at("tile"))
	t.VZEROUPPER()
	t.RET()
}

// prefetch asks for a row of c and the next few lines of what lies ahead.
func (t *tiler) prefetch(vectors int) {
	for line := 0; line < vectors*t.bytes; line += 64 {
		t.PREFETCHT0(operand.Mem{Base: t.c, Disp: line})
	}
	t.ADDQ(t.slot("ldc"), t.c)
	for line := 0; line < 8*t.bytes; line += 64 {
		t.PREFETCHT1(operand.Mem{Base: t.ahead, Disp: line})
	}
	t.ADDQ(operand.I32(int32(8*t.bytes)), t.ahead)
}

// accumulate adds the products of one column of a with one row of b.
func (t *tiler) accumulate(acc [][]reg.VecVirtual) {
	b := make([]reg.VecVirtual, len(acc[0]))
	for v := range b {
		b[v] = t.vector()
		t.VMOVUPS(operand.Mem{Base: t.b, Disp: v * t.bytes}, b[v])
	}
	for i := range acc {
		x := t.vector()
		broadcast(t.Context, t.size, t.element(i), x)
		for v := range b {
			if t.size == 4 {
				t.VFMADD231PS(b[v], x, acc[i][v])
			} else {
				t.VFMADD231PD(b[v], x, acc[i][v])
			}
		}
	}
}

// element is where the current column of a has its row i: i is an odd number
// times a scale.
func (t *tiler) element(i int) operand.Mem {
	if i == 0 {
		return operand.Mem{Base: t.a}
	}
	odd, scale := i, 1
	for odd%2 == 0 && scale < 8 {
		odd, scale = odd/2, scale*2
	}
	return operand.Mem{Base: t.a, Index: t.index[odd], Scale: uint8(scale)}
}

// eachRow calls f with the address of each row of the tile in the matrix, and
// moves the matrix on by as many rows and what is skipped.
func (t *tiler) eachRow(matrix, distance, skip string, rows int, f func(i int, row operand.Mem)) {
	p, d := t.argument(matrix), t.argument(distance)
	for i := range rows {
		f(i, operand.Mem{Base: p})
		t.ADDQ(d, p)
	}
	t.ADDQ(t.slot(skip), p)
	t.MOVQ(p, t.slot(matrix))
}

// loadPart loads the columns of a row of a tile that has not all of them.
func (t *tiler) loadPart(row operand.Mem, to []reg.VecVirtual) {
	last := len(to) - 1
	for v := range last {
		t.VMOVUPS(row.Offset(v*t.bytes), to[v])
	}
	row = row.Offset(last * t.bytes)
	switch {
	case t.wide && t.size == 4:
		t.VMOVUPS_Z(row, t.mask[last], to[last])
	case t.wide:
		t.VMOVUPD_Z(row, t.mask[last], to[last])
	case t.size == 4:
		t.VMASKMOVPS(row, t.partMask(last), to[last])
	default:
		t.VMASKMOVPD(row, t.partMask(last), to[last])
	}
}

// storePart stores what loadPart loads.
func (t *tiler) storePart(from []reg.VecVirtual, row operand.Mem) {
	last := len(from) - 1
	for v := range last {
		t.VMOVUPS(from[v], row.Offset(v*t.bytes))
	}
	row = row.Offset(last * t.bytes)
	switch {
	case t.wide && t.size == 4:
		t.VMOVUPS(from[last], t.mask[last], row)
	case t.wide:
		t.VMOVUPD(from[last], t.mask[last], row)
	case t.size == 4:
		t.VMASKMOVPS(from[last], t.partMask(last), row)
	default:
		t.VMASKMOVPD(from[last], t.partMask(last), row)
	}
}

// partMask loads, for AVX2, ones in the columns that vector v has: a window
// into a table of 32 bytes of ones and 32 of zeros.
func (t *tiler) partMask(v int) reg.VecVirtual {
	missing, p, mask := t.GP64(), t.GP64(), t.vector()
	t.MOVQ(operand.I64(int64((v+1)*t.bytes/t.size)), missing)
	t.SUBQ(t.slot("cols"), missing)
	t.LEAQ(operand.NewDataAddr(operand.NewStaticSymbol("columns"), 0), p)
	t.VMOVUPS(operand.Mem{Base: p, Index: missing, Scale: uint8(t.size)}, mask)
	return mask
}

func maskTable(c *build.Context) {
	c.StaticGlobal("columns")
	c.DataAttributes(readOnly)
	for i := range 8 {
		ones := uint64(0)
		if i < 4 {
			ones--
		}
		c.AddDatum(8*i, operand.U64(ones))
	}
}

func (t *tiler) vector() reg.VecVirtual {
	if t.wide {
		return t.ZMM()
	}
	return t.YMM()
}

// slot is the memory of an argument.
func (t *tiler) slot(name string) operand.Mem { return slot(t.Context, name) }

// argument loads an argument into a register.
func (t *tiler) argument(name string) reg.GPVirtual {
	r := t.GP64()
	t.MOVQ(t.slot(name), r)
	return r
}

func slot(c *build.Context, name string) operand.Mem {
	b, err := c.Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}
