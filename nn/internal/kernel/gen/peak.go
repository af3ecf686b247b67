package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// peak emits loops of nothing but independent multiply-adds, whose rate is
// what a matrix product is measured against.
func peak(c *build.Context) {
	for _, isa := range []struct {
		name  string
		chain int
		reg   func() reg.VecVirtual
	}{
		{"AVX2", 12, c.YMM},
		{"AVX512", 24, c.ZMM},
	} {
		name := fmt.Sprintf("peak%s", isa.name)
		c.Function(name)
		c.Attributes(noSplit)
		c.SignatureExpr("func(n int)")
		c.Doc(fmt.Sprintf("%s does n times %d multiply-adds of a whole register.", name, isa.chain))
		n := c.Load(c.Param("n"), c.GP64())
		// Zero times zero plus zero stays zero and runs at full speed.
		zero := isa.reg()
		c.VXORPS(zero, zero, zero)
		acc := make([]reg.VecVirtual, isa.chain)
		for i := range acc {
			acc[i] = isa.reg()
			c.VXORPS(acc[i], acc[i], acc[i])
		}
		c.Label("loop")
		for _, a := range acc {
			c.VFMADD231PS(zero, zero, a)
		}
		c.DECQ(n)
		c.JNZ(operand.LabelRef("loop"))
		c.VZEROUPPER()
		c.RET()
	}
}
