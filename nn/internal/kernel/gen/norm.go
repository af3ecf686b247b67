package main

import (
	"github.com/mmcloughlin/avo/operand"
)

// norm emits the kernels of the root mean square norm and its derivative for float32.
func norm(sets []vector) {
	for _, v := range sets {
		rowDots(v)
		normSlopes(v)
	}
}

func rowDots(v vector) {
	name := "rowDots" + v.suffix()
	v.begin(name, "func(dst, a, b *byte, r, n int)", name+" computes Σab of r > 0 rows of n > 0 elements.")
	dst := v.Load(v.Param("dst"), v.GP64())
	s := v.pointers("a", "b")
	r, n := v.Load(v.Param("r"), v.GP64()), v.Load(v.Param("n"), v.GP64())
	w := sixteens{v, n}
	v.Label("row")
	sums := w.each("sum", 0, func(l loop, sum vec) {
		v.VADDPS(l.mul(l.load(s[0]), l.load(s[1])), sum, sum)
	})
	v.VMOVSS(v.halves(v.VADDPS, sums), operand.Mem{Base: dst})
	v.ADDQ(operand.Imm(4), dst)
	for _, p := range s {
		v.LEAQ(operand.Mem{Base: p.base, Index: n, Scale: 4}, p.base)
	}
	v.DECQ(r)
	v.JNZ(operand.LabelRef("row"))
	v.end()
}

// normSlopes takes a row twice: for the mean, and for what it is taken from.
func normSlopes(v vector) {
	name := "normSlope" + v.suffix()
	v.begin(name, "func(dst, v, y, s *byte, r, n int, over float32)", name+" computes (v−y·over·Σvy)s of r > 0 rows of n > 0 elements.")
	p := v.pointers("dst", "v", "y")
	factor := v.Load(v.Param("s"), v.GP64())
	r, n := v.Load(v.Param("r"), v.GP64()), v.Load(v.Param("n"), v.GP64())
	over := v.broadcast(v.Param("over"))
	w := sixteens{v, n}
	v.Label("row")
	sums := w.each("sum", 0, func(l loop, sum vec) {
		v.VADDPS(l.mul(l.load(p[1]), l.load(p[2])), sum, sum)
	})
	mean := v.mul(v.broadcastLow(v.halves(v.VADDPS, sums)), over)
	s := v.spread(operand.Mem{Base: factor})
	w.each("slope", 0, func(l loop, _ vec) {
		l.store(l.mul(l.sub(l.load(p[1]), l.mul(l.load(p[2]), mean)), s), p[0])
	})
	v.ADDQ(operand.Imm(4), factor)
	for _, p := range p {
		v.LEAQ(operand.Mem{Base: p.base, Index: n, Scale: 4}, p.base)
	}
	v.DECQ(r)
	v.JNZ(operand.LabelRef("row"))
	v.end()
}
