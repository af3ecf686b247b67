package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// peak emits loops of nothing but independent multiply-adds, whose rate is
// what a matrix product is measured against.
func peak(sets []vector) {
	c := sets[0].Context
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

// peakNEON is peak for NEON.
func peakNEON(sets []vector) {
	v := sets[0]
	const chain = 24
	v.begin("peakNEON", "func(n int)", fmt.Sprintf("peakNEON does n times %d multiply-adds of a whole register.", chain))
	n := v.Load(v.Param("n"), v.GP64())
	zero := v.zero()
	acc := make([]vec, chain)
	for i := range acc {
		acc[i] = v.zero()
	}
	v.Label("loop")
	for _, a := range acc {
		v.accumulate(a, zero, zero)
	}
	v.DECQ(n)
	v.JNZ(operand.LabelRef("loop"))
	v.end()
}
