package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// gemv emits products of a single row with AVX-512. A tile of one row has only two sums,
// each of which waits for itself; here those of several panels take turns.
func gemv(sets []vector) {
	c := sets[0].Context
	for _, bits := range []int{32, 64} {
		size := bits / 8
		name := fmt.Sprintf("gemv%dAVX512", bits)
		c.Function(name)
		c.Attributes(noSplit)
		c.Pragma("noescape")
		c.SignatureExpr("func(c, init *byte, step int, a, b *byte, k, next, panels, last int)")
		c.Doc(name+" computes c = init + a·b for one row and two to four panels of b, which lie next bytes",
			"apart; the last of them has so many columns. init moves on by a step of so many bytes from panel to panel.")
		panels := c.Load(c.Param("panels"), c.GP64())
		for n := 4; n > 2; n-- {
			c.CMPQ(panels, operand.Imm(uint64(n)))
			c.JEQ(operand.LabelRef(label("panels", n, 2)))
		}
		for n := 2; n <= 4; n++ {
			gemvPanels(c, size, n)
		}
	}
}

func gemvPanels(c *build.Context, size, n int) {
	at := func(what string) string { return label(what, n, 2) }
	c.Label(at("panels"))
	t := tiler{Context: c, size: size, wide: true, bytes: 64}
	// The masks of the last panel.
	last, bits := c.Load(c.Param("last"), c.GP64()), c.GP64()
	c.MOVQ(operand.I64(-1), bits)
	c.BZHIQ(last, bits, bits)
	for range 2 {
		k := c.K()
		c.KMOVD(bits.As32(), k)
		t.mask = append(t.mask, k)
		c.SHRQ(operand.Imm(uint64(t.bytes/size)), bits)
	}
	move := c.VMOVUPS_Z
	store := func(v, k, m operand.Op) { c.VMOVUPS(v, k, m) }
	if size == 8 {
		move, store = c.VMOVUPD_Z, func(v, k, m operand.Op) { c.VMOVUPD(v, k, m) }
	}
	init, step := c.Load(c.Param("init"), c.GP64()), c.Load(c.Param("step"), c.GP64())
	var sum [][]reg.VecVirtual
	for p := range n {
		sum = append(sum, []reg.VecVirtual{c.ZMM(), c.ZMM()})
		for v := range 2 {
			from := operand.Mem{Base: init, Disp: 64 * v}
			if p < n-1 {
				c.VMOVUPS(from, sum[p][v])
			} else {
				move(from, t.mask[v], sum[p][v])
			}
		}
		c.ADDQ(step, init)
	}
	a, b := c.Load(c.Param("a"), c.GP64()), c.Load(c.Param("b"), c.GP64())
	next, k, third := c.Load(c.Param("next"), c.GP64()), c.Load(c.Param("k"), c.GP64()), c.GP64()
	c.LEAQ(operand.Mem{Base: next, Index: next, Scale: 2}, third)
	c.Label(at("loop"))
	x := c.ZMM()
	broadcast(c, size, operand.Mem{Base: a}, x)
	for p := range n {
		row := []operand.Mem{{Base: b}, {Base: b, Index: next, Scale: 1}, {Base: b, Index: next, Scale: 2}, {Base: b, Index: third, Scale: 1}}[p]
		for v := range 2 {
			if size == 4 {
				c.VFMADD231PS(row.Offset(64*v), x, sum[p][v])
			} else {
				c.VFMADD231PD(row.Offset(64*v), x, sum[p][v])
			}
		}
	}
	c.ADDQ(operand.Imm(uint64(size)), a)
	c.SUBQ(operand.I8(-128), b)
	c.DECQ(k)
	c.JNZ(operand.LabelRef(at("loop")))
	to := c.Load(c.Param("c"), c.GP64())
	for p := range n {
		for v := range 2 {
			m := operand.Mem{Base: to, Disp: 128*p + 64*v}
			if p < n-1 {
				c.VMOVUPS(sum[p][v], m)
			} else {
				store(sum[p][v], t.mask[v], m)
			}
		}
	}
	c.VZEROUPPER()
	c.RET()
}
