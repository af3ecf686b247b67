package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// softmaxLow is that of package kernel.
const softmaxLow = -44

// softmax emits the kernels of softmax and its derivative for float32.
func softmax(sets []vector) {
	for _, v := range sets {
		softmaxRows(v)
		softmaxSlopes(v)
	}
}

// softmaxRows takes a row sixteen numbers at a time, three times: for the largest, the
// exponentials and the quotients.
func softmaxRows(v vector) {
	name := "softmax" + v.suffix()
	v.begin(name, "func(dst, x *byte, r, n int)", name+" computes the softmax of r > 0 rows of n > 0 elements.")
	s := v.pointers("dst", "x")
	dst, x := s[0].base.(reg.GPVirtual), s[1].base.(reg.GPVirtual)
	r, n := v.Load(v.Param("r"), v.GP64()), v.Load(v.Param("n"), v.GP64())
	v = v.holding(func(v vector) { v.exp(v.reg(), false, 0) })
	w := sixteens{v, n}

	v.Label("row")
	sums := w.each("largest", math.Inf(-1), func(l loop, most vec) {
		y := l.load(stream{base: x})
		if l.part {
			y = l.choose(l.existing(), y, v.source(math.Inf(-1)))
		}
		v.VMAXPS(y, most, most)
	})
	most := v.broadcastLow(v.halves(v.VMAXPS, sums))
	sums = w.each("exp", 0, func(l loop, sum vec) {
		y := l.sub(l.load(stream{base: x}), most)
		e := l.exp(l.max(softmaxLow, y), false, 0)
		e = l.keep(l.compare(notLess, y, v.source(softmaxLow)), e)
		if l.part {
			e = l.keep(l.existing(), e)
		}
		l.store(e, stream{base: dst})
		v.VADDPS(e, sum, sum)
	})
	sum := v.broadcastLow(v.halves(v.VADDPS, sums))
	over := v.div(v.source(1), sum)
	w.each("scale", 0, func(l loop, _ vec) {
		l.store(l.mul(l.load(stream{base: dst}), over), stream{base: dst})
	})
	for _, p := range []reg.GPVirtual{dst, x} {
		v.LEAQ(operand.Mem{Base: p, Index: n, Scale: 4}, p)
	}
	v.DECQ(r)
	v.JNZ(operand.LabelRef("row"))
	v.end()
}

// softmaxSlopes takes a row twice: for the sum, and for what it is taken from.
func softmaxSlopes(v vector) {
	name := "softmaxSlope" + v.suffix()
	v.begin(name, "func(dst, v, y *byte, r, n int)", name+" computes y(v−Σvy) of r > 0 rows of n > 0 elements.")
	s := v.pointers("dst", "v", "y")
	r, n := v.Load(v.Param("r"), v.GP64()), v.Load(v.Param("n"), v.GP64())
	w := sixteens{v, n}
	v.Label("row")
	sums := w.each("sum", 0, func(l loop, sum vec) {
		v.VADDPS(l.mul(l.load(s[1]), l.load(s[2])), sum, sum)
	})
	sum := v.broadcastLow(v.halves(v.VADDPS, sums))
	w.each("slope", 0, func(l loop, _ vec) {
		l.store(l.mul(l.sub(l.load(s[1]), sum), l.load(s[2])), s[0])
	})
	for _, p := range s {
		v.LEAQ(operand.Mem{Base: p.base, Index: n, Scale: 4}, p.base)
	}
	v.DECQ(r)
	v.JNZ(operand.LabelRef("row"))
	v.end()
}

// sixteens is the walk of rows of n float32, sixteen at a time in one or two vectors.
type sixteens struct {
	vector
	n reg.Register
}

// each emits body for each vector of sixteen, with an accumulator of its own that
// begins with copies of a number, and returns the accumulators.
func (w sixteens) each(name string, initial float64, body func(l loop, acc vec)) []vec {
	l := w.walk()
	l.vector = w.vector
	acc := make([]vec, 16/w.lanes())
	for i := range acc {
		acc[i] = w.set(initial)
	}
	left := w.GP64()
	w.MOVQ(w.n, left)
	w.XORQ(l.index, l.index)
	step := func(masked bool) {
		for i := range acc {
			if masked {
				l = l.only(left)
				w.SUBQ(operand.Imm(uint64(w.lanes())), left)
			}
			body(l, acc[i])
			l.advance()
		}
	}
	w.SUBQ(operand.Imm(16), left)
	w.JLT(operand.LabelRef(name + "Rest"))
	w.Label(name)
	step(false)
	w.SUBQ(operand.Imm(16), left)
	w.JGE(operand.LabelRef(name))
	w.Label(name + "Rest")
	w.ADDQ(operand.Imm(16), left)
	w.JZ(operand.LabelRef(name + "Done"))
	step(true)
	w.Label(name + "Done")
	return acc
}

// halves joins sixteen numbers: the first eight with the last eight, the first four
// of these with the last four, and so on.
func (v vector) halves(join instruction, of []vec) reg.VecVirtual {
	if v.neon {
		return v.halvesNEON(join, of)
	}
	eight := v.YMM()
	if v.wide {
		v.VEXTRACTF64X4(one8, of[0], eight)
		join(eight, of[0].AsY(), eight)
	} else {
		join(of[1], of[0], eight)
	}
	four, rest := v.XMM(), v.XMM()
	v.VEXTRACTF128(one8, eight, four)
	join(four, eight.AsX(), four)
	v.VPERMILPS(operand.U8(0x0e), four, rest)
	join(rest, four, four)
	v.VPERMILPS(one8, four, rest)
	join(rest, four, four)
	return four
}

// halvesNEON spoils what it joins.
func (v vector) halvesNEON(join instruction, of []vec) reg.VecVirtual {
	join(of[2], of[0], of[0])
	join(of[3], of[1], of[1])
	four, rest := of[0], v.reg()
	join(of[1], four, four)
	v.Instruction(neonInstruction("dup.2d", rest, four, operand.U8(1)))
	join(rest, four, four)
	v.Instruction(neonInstruction("dup.4s", rest, four, operand.U8(1)))
	join(rest, four, four)
	return four
}

func (v vector) broadcastLow(x reg.VecVirtual) vec {
	if v.neon {
		d := v.reg()
		v.neonOp("dup", d, x, operand.U8(0))
		return d
	}
	return v.to(v.VBROADCASTSS, x)
}
