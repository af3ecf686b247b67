package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const sumColsSignature = "func(dst, x *byte, xr, steps, blocks int)"

func sumColsDoc(name string, size int) []string {
	return []string{
		fmt.Sprintf("%s adds up the first %d·steps > 0 elements of each row of x, for %d·blocks > 0 rows", name, 16/size, 64/size),
		"xr bytes apart.",
	}
}

// sumCols emits sums of rows. The columns of two squares of rows are added at a time,
// so that each row has one sum, in order, and none waits for another.
func sumCols(sets []vector) {
	c := sets[0].Context
	for _, size := range []int{4, 8} {
		side := 32 / size
		name := fmt.Sprintf("sumCols%d", 8*size)
		c.Function(name)
		c.Attributes(noSplit)
		c.Pragma("noescape")
		c.SignatureExpr(sumColsSignature)
		c.Doc(sumColsDoc(name, size)...)
		dst, x := c.Load(c.Param("dst"), c.GP64()).(reg.GPVirtual), c.Load(c.Param("x"), c.GP64()).(reg.GPVirtual)
		xr := c.Load(c.Param("xr"), c.GP64())
		blocks := c.Load(c.Param("blocks"), c.GP64())
		next := c.GP64()
		c.MOVQ(xr, next)
		c.IMUL3Q(operand.Imm(uint64(2*side)), next, next)
		rows := make([]rowsAt, 4)
		rows[0] = rowsOf(c, c.GP64(), xr)
		for i := 1; i < 4; i++ {
			rows[i] = rowsAt{c.GP64(), xr, rows[0].triple}
		}
		half := c.GP64()
		c.MOVQ(xr, half)
		c.IMUL3Q(operand.Imm(uint64(side/2)), half, half)
		sums := []reg.VecVirtual{c.YMM(), c.YMM()}
		add := c.VADDPS
		if size == 8 {
			add = c.VADDPD
		}

		c.Label("block")
		c.MOVQ(x, rows[0].base)
		for i := 1; i < 4; i++ {
			c.LEAQ(operand.Mem{Base: rows[i-1].base, Index: half, Scale: 1}, rows[i].base)
		}
		for _, sum := range sums {
			c.VXORPS(sum, sum, sum)
		}
		steps := c.Load(c.Param("steps"), c.GP64())
		c.Label("step")
		for i, sum := range sums {
			for _, column := range columns(c, size, func(j int) (upper, under operand.Mem) {
				return rows[2*i].at(j), rows[2*i+1].at(j)
			}) {
				add(column, sum, sum)
			}
		}
		for _, r := range rows {
			c.ADDQ(operand.Imm(16), r.base)
		}
		c.DECQ(steps)
		c.JNZ(operand.LabelRef("step"))
		for i, sum := range sums {
			c.VMOVUPS(sum, operand.Mem{Base: dst, Disp: 32 * i})
		}
		c.ADDQ(operand.Imm(64), dst)
		c.ADDQ(next, x)
		c.DECQ(blocks)
		c.JNZ(operand.LabelRef("block"))
		c.VZEROUPPER()
		c.RET()
	}
}
