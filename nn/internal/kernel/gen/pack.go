package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// pack emits what moves matrices into panels.
func pack(sets []vector) {
	c := sets[0].Context
	copyPanel(c)
	for _, bits := range []int{32, 64} {
		transpose(c, bits/8)
	}
}

const (
	copyPanelSignature = "func(dst, src *byte, distance, rows int)"
	copyPanelDoc       = "copyPanel copies 128 bytes of each row of src, which start the given distance apart."

	transposeSignature = "func(dst *byte, dr int, src *byte, sr, squares int)"
)

func transposeDoc(name string, side int) []string {
	return []string{
		fmt.Sprintf("%s transposes squares of %d×%d elements, which lie beside each other in src", name, side, side),
		"and one below the other in dst. Distances between rows are in bytes.",
	}
}

func copyPanel(c *build.Context) {
	c.Function("copyPanel")
	c.Attributes(noSplit)
	c.Pragma("noescape")
	c.SignatureExpr(copyPanelSignature)
	c.Doc(copyPanelDoc)
	dst, src := c.Load(c.Param("dst"), c.GP64()), c.Load(c.Param("src"), c.GP64())
	distance, rows := c.Load(c.Param("distance"), c.GP64()), c.Load(c.Param("rows"), c.GP64())
	c.Label("row")
	for i := range 4 {
		v := c.YMM()
		c.VMOVUPS(operand.Mem{Base: src, Disp: 32 * i}, v)
		c.VMOVUPS(v, operand.Mem{Base: dst, Disp: 32 * i})
	}
	c.ADDQ(distance, src)
	c.ADDQ(operand.Imm(128), dst)
	c.DECQ(rows)
	c.JNZ(operand.LabelRef("row"))
	c.VZEROUPPER()
	c.RET()
}

// transpose emits the transposition of squares whose side is one vector.
func transpose(c *build.Context, size int) {
	side := 32 / size
	name := fmt.Sprintf("transpose%d", size*8)
	c.Function(name)
	c.Attributes(noSplit)
	c.Pragma("noescape")
	c.SignatureExpr(transposeSignature)
	c.Doc(transposeDoc(name, side)...)
	dst, dr := c.Load(c.Param("dst"), c.GP64()), c.Load(c.Param("dr"), c.GP64())
	src, sr := c.Load(c.Param("src"), c.GP64()), c.Load(c.Param("sr"), c.GP64())
	squares := c.Load(c.Param("squares"), c.GP64())
	rows := rowsOf(c, src, sr)
	lower := c.GP64()
	c.Label("square")
	c.LEAQ(rows.at(side/2), lower)
	below := rowsAt{lower, sr, rows.triple}
	for half := 0; half < side; half += 16 / size {
		for _, column := range columns(c, size, func(i int) (upper, under operand.Mem) {
			return rows.at(i).Offset(half * size), below.at(i).Offset(half * size)
		}) {
			c.VMOVUPS(column, operand.Mem{Base: dst})
			c.ADDQ(dr, dst)
		}
	}
	c.ADDQ(operand.Imm(32), src)
	c.DECQ(squares)
	c.JNZ(operand.LabelRef("square"))
	c.VZEROUPPER()
	c.RET()
}

// rowsAt gives the addresses of rows 0 to 4.
type rowsAt struct {
	base, distance, triple reg.Register
}

func rowsOf(c *build.Context, base, distance reg.Register) rowsAt {
	r := rowsAt{base, distance, c.GP64()}
	c.LEAQ(operand.Mem{Base: distance, Index: distance, Scale: 2}, r.triple)
	return r
}

func (r rowsAt) at(i int) operand.Mem {
	switch i {
	case 0:
		return operand.Mem{Base: r.base}
	case 3:
		return operand.Mem{Base: r.base, Index: r.triple, Scale: 1}
	}
	return operand.Mem{Base: r.base, Index: r.distance, Scale: uint8(i)}
}

// columns loads 16 bytes of each of as many rows as a vector has elements and
// returns their columns. Row i of the first half of them and of the second are
// at(i).
func columns(c *build.Context, size int, at func(i int) (upper, under operand.Mem)) []reg.VecVirtual {
	var row []reg.VecVirtual
	for i := range 16 / size {
		upper, under := at(i)
		v := c.YMM()
		c.VBROADCASTF128(upper, v)
		c.VINSERTF128(operand.Imm(1), under, v, v)
		row = append(row, v)
	}
	return interleave(c, size, row)
}

// interleave transposes the square in each half of the vectors.
func interleave(c *build.Context, size int, row []reg.VecVirtual) []reg.VecVirtual {
	pair := func(op func(b, a, to operand.Op), a, b reg.VecVirtual) reg.VecVirtual {
		v := c.YMM()
		op(b, a, v)
		return v
	}
	low := func(b, a, to operand.Op) { c.VUNPCKLPD(b, a, to) }
	high := func(b, a, to operand.Op) { c.VUNPCKHPD(b, a, to) }
	if size == 8 {
		return []reg.VecVirtual{pair(low, row[0], row[1]), pair(high, row[0], row[1])}
	}
	low4 := func(b, a, to operand.Op) { c.VUNPCKLPS(b, a, to) }
	high4 := func(b, a, to operand.Op) { c.VUNPCKHPS(b, a, to) }
	a, b := pair(low4, row[0], row[1]), pair(low4, row[2], row[3])
	d, e := pair(high4, row[0], row[1]), pair(high4, row[2], row[3])
	return []reg.VecVirtual{pair(low, a, b), pair(high, a, b), pair(low, d, e), pair(high, d, e)}
}
