package main

import (
	"fmt"
	"math/bits"

	"github.com/mmcloughlin/avo/operand"
)

// narrowNEON emits products with 1 to 4 columns. A multiply-add takes one number of a
// vector of a as it is, so that nothing need be transposed as for narrow: a row has one
// sum for each column in a vector, or two vectors of float64.
func narrowNEON(sets []vector) {
	for _, double := range []bool{false, true} {
		v := sets[0]
		v.double = double
		rows := 128 / v.size() // of a tile of up to two columns
		name := fmt.Sprintf("narrow%d", 8*v.size())
		v.begin(name, narrowSignature,
			fmt.Sprintf("%s computes c = init + a·b for tiles of %d rows and m columns, %d if m is above 2.", name, rows, rows/2),
			"init is one row. Distances are in bytes; the rows of b lie 64 bytes apart.")
		m := v.Load(v.Param("m"), v.GP64())
		for cols := 4; cols > 1; cols-- {
			v.CMPQ(m, operand.Imm(uint64(cols)))
			v.JEQ(operand.LabelRef(fmt.Sprint("all", cols)))
		}
		for cols := 1; cols <= 4; cols++ {
			tile := narrowRows(cols, v.lanes())
			all := rows
			if cols > 2 {
				all /= 2
			}
			narrowTiles(v, cols, tile, all/tile)
		}
	}
}

// narrowRows is the number of rows whose sums are in registers at once, which are
// sixteen.
func narrowRows(cols, lanes int) int {
	if cols > lanes {
		return 8
	}
	return 16
}

// narrowTiles emits the loop over tiles of so many rows, of which each of the tiles that
// the arguments count has several.
func narrowTiles(v vector, cols, rows, several int) {
	at := func(what string) operand.LabelRef { return operand.LabelRef(fmt.Sprint(what, cols)) }
	vectors := (cols + v.lanes() - 1) / v.lanes()
	v.Label(string(at("all")))
	tiles := v.Load(v.Param("tiles"), v.GP64())
	v.IMUL3Q(operand.Imm(uint64(several)), tiles, tiles)
	a, ar := v.Load(v.Param("a"), v.GP64()), v.Load(v.Param("ar"), v.GP64())
	to, cr := v.Load(v.Param("c"), v.GP64()), v.Load(v.Param("cr"), v.GP64())
	init := v.Load(v.Param("init"), v.GP64())
	first := make([]vec, vectors)
	for i := range first {
		first[i] = v.reg()
		v.moveFirst(cols-i*v.lanes(), operand.Mem{Base: init, Disp: i * v.bytes()}, first[i])
	}

	v.Label(string(at("tile")))
	acc := make([][]vec, rows)
	for i := range acc {
		for _, x := range first {
			acc[i] = append(acc[i], v.copy(x))
		}
	}
	b, k := v.Load(v.Param("b"), v.GP64()), v.Load(v.Param("k"), v.GP64())
	row := v.GP64()
	// products adds those of so many columns of a with rows of b.
	products := func(columns int) {
		w := make([][]vec, columns)
		for l := range w {
			for i := range vectors {
				w[l] = append(w[l], v.copy(operand.Mem{Base: b, Disp: l*panelStep + i*v.bytes()}))
			}
		}
		v.MOVQ(a, row)
		for i := range acc {
			x := v.reg()
			if columns > 1 {
				v.VMOVUPS(operand.Mem{Base: row}, x)
			} else {
				v.element(x, operand.Mem{Base: row})
			}
			v.ADDQ(ar, row)
			for l := range w {
				for j := range w[l] {
					v.neonOp("fmla_lane", acc[i][j], w[l][j], x, operand.U8(uint8(l)))
				}
			}
		}
		v.ADDQ(operand.Imm(uint64(columns*v.size())), a)
		v.ADDQ(operand.U32(uint32(columns*panelStep)), b)
	}
	v.SUBQ(operand.Imm(uint64(v.lanes())), k)
	v.JLT(at("rest"))
	v.Label(string(at("loop")))
	products(v.lanes())
	v.SUBQ(operand.Imm(uint64(v.lanes())), k)
	v.JGE(at("loop"))
	v.Label(string(at("rest")))
	v.ADDQ(operand.Imm(uint64(v.lanes())), k)
	v.JZ(at("store"))
	v.Label(string(at("one")))
	products(1)
	v.DECQ(k)
	v.JNZ(at("one"))

	v.Label(string(at("store")))
	for i := range acc {
		for j, x := range acc[i] {
			v.moveFirst(cols-j*v.lanes(), x, operand.Mem{Base: to, Disp: j * v.bytes()})
		}
		v.ADDQ(cr, to)
	}
	// From behind the first row to the next tile.
	v.Load(v.Param("k"), k)
	v.SHLQ(operand.U8(uint8(bits.TrailingZeros(uint(v.size())))), k)
	v.SUBQ(k, a)
	v.IMUL3Q(operand.Imm(uint64(rows)), ar, row)
	v.ADDQ(row, a)
	v.DECQ(tiles)
	v.JNZ(at("tile"))
	v.end()
}

// moveFirst moves the first n > 0 elements of a vector, or all if it has no more.
func (v vector) moveFirst(n int, from, to operand.Op) {
	switch {
	case n >= v.lanes():
		v.VMOVUPS(from, to)
		return
	case n*v.size() == 4:
		v.VMOVSS(from, to)
		return
	}
	v.VMOVSD(from, to)
	if n*v.size() == 12 {
		name, x, m := "st1.s", from, to
		if _, ok := from.(operand.Mem); ok {
			name, x, m = "ld1.s", to, from
		}
		at := v.GP64()
		v.LEAQ(m.(operand.Mem).Offset(8), at)
		v.Instruction(neonInstruction(name, x, operand.U8(2), operand.Mem{Base: at}))
	}
}
