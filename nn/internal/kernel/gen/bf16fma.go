package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// bf16fma emits the products of bf16 for AVX-512 without tiles and without pairs.
func bf16fma(sets []vector) {
	c := sets[0].Context
	fused(c, "multiplyHalves", "multiplyTiles", false)
	fused(c, "multiplyHalfPairs", "multiplyPairs", true)
}

// fused emits products in steps that are fused multiply-adds, in a mode of the processor
// that takes subnormal numbers as zeros and makes none: pair by pair or with the even and
// the odd terms of a block apart.
func fused(c *build.Context, name, as string, paired bool) {
	const rows, flush = 4, 0x9fc0 // flush to zero, denormals are zeros, all exceptions masked
	c.Function(name)
	c.Attributes(noSplit)
	c.Pragma("noescape")
	c.SignatureExpr("func(c *byte, cr int, init *byte, ir int, a *byte, ar int, b *byte, depth, groups, width int)")
	c.Doc(name+" computes c = init + a·b as "+as+" does, with its bits, for one panel and so many",
		"groups of four rows.")
	mode := c.AllocLocal(8)
	now := c.GP32()
	c.STMXCSR(mode)
	c.MOVL(operand.U32(flush), now)
	c.MOVL(now, mode.Offset(4))
	c.LDMXCSR(mode.Offset(4))
	c.CMPQ(slot(c, "width"), operand.Imm(1))
	c.JEQ(operand.LabelRef(label("group", rows, 1)))
	for width := 2; width >= 1; width-- {
		at := func(what string) string { return label(what, rows, width) }
		vectors := func() (v [rows][]reg.VecVirtual) {
			for i := range v {
				for range width {
					v[i] = append(v[i], c.ZMM())
				}
			}
			return v
		}
		// walk calls f with each row of a matrix.
		walk := func(matrix, distance string, f func(i int, row operand.Mem)) {
			p, d := c.Load(c.Param(matrix), c.GP64()), c.Load(c.Param(distance), c.GP64())
			for i := range rows {
				f(i, operand.Mem{Base: p})
				c.ADDQ(d, p)
			}
			c.MOVQ(p, slot(c, matrix))
		}
		c.Label(at("group"))
		sum := vectors()
		walk("init", "ir", func(i int, row operand.Mem) {
			for j, s := range sum[i] {
				c.VMOVUPS(row.Offset(64*j), s)
			}
		})
		a, ar, b := c.Load(c.Param("a"), c.GP64()), c.Load(c.Param("ar"), c.GP64()), c.Load(c.Param("b"), c.GP64())
		third, depth, pairs := c.GP64(), c.Load(c.Param("depth"), c.GP64()), c.GP64()
		c.LEAQ(operand.Mem{Base: ar, Index: ar, Scale: 2}, third)
		c.Label(at("block"))
		even, odd := sum, sum
		if !paired {
			even, odd = vectors(), vectors()
			for i := range rows {
				for j := range width {
					c.VPXORD(even[i][j], even[i][j], even[i][j])
					c.VPXORD(odd[i][j], odd[i][j], odd[i][j])
				}
			}
		}
		c.MOVQ(operand.U32(16), pairs)
		c.Label(at("pair"))
		var low, high []reg.VecVirtual
		for j := range width {
			l, h := c.ZMM(), c.ZMM()
			c.VMOVDQU32(operand.Mem{Base: b, Disp: tileBytes * j}, h)
			split(c, h, l)
			low, high = append(low, l), append(high, h)
		}
		for i := range rows {
			l, h := c.ZMM(), c.ZMM()
			c.VPBROADCASTD([]operand.Mem{{Base: a}, {Base: a, Index: ar, Scale: 1}, {Base: a, Index: ar, Scale: 2}, {Base: a, Index: third, Scale: 1}}[i], h)
			split(c, h, l)
			for j := range width {
				c.VFMADD231PS(high[j], h, odd[i][j])
				c.VFMADD231PS(low[j], l, even[i][j])
			}
		}
		c.ADDQ(operand.Imm(4), a)
		c.ADDQ(operand.Imm(64), b)
		c.DECQ(pairs)
		c.JNZ(operand.LabelRef(at("pair")))
		c.ADDQ(operand.U32(blockBytes-tileBytes), b)
		if !paired {
			for i := range rows {
				for j := range width {
					c.VADDPS(odd[i][j], even[i][j], even[i][j])
					c.VADDPS(even[i][j], sum[i][j], sum[i][j])
				}
			}
		}
		c.DECQ(depth)
		c.JNZ(operand.LabelRef(at("block")))
		walk("c", "cr", func(i int, row operand.Mem) {
			for j, s := range sum[i] {
				c.VMOVUPS(s, row.Offset(64*j))
			}
		})
		c.SHLQ(operand.Imm(2), ar)
		c.ADDQ(ar, slot(c, "a"))
		c.DECQ(slot(c, "groups"))
		c.JNZ(operand.LabelRef(at("group")))
		if width == 2 {
			c.JMP(operand.LabelRef("end"))
		}
	}
	c.Label("end")
	c.LDMXCSR(mode)
	c.VZEROUPPER()
	c.RET()
}

// split makes float32s of pairs of bfloat16: low of the lower halves, and of the upper ones
// in place.
func split(c *build.Context, pairs, low reg.VecVirtual) {
	c.VPSLLD(operand.Imm(16), pairs, low)
	c.VPSRLD(operand.Imm(16), pairs, pairs)
	c.VPSLLD(operand.Imm(16), pairs, pairs)
}
