package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/operand"
)

// gaussianLimit is that of package kernel.
const gaussianLimit = 64

// power2 are the coefficients of 2ᶠ for |f| ≤ ½, to 2⁻²³; package kernel has the same.
var power2 = fit(math.Exp2, -0.5, 0.5, 5)

// gaussian emits sums of rows under Gaussian weights. No step is fused, so that the
// bits are those of the portable path.
func gaussian(sets []vector) {
	for _, v := range sets {
		for d := 1; d <= 3; d++ {
			gaussianOf(v, d)
		}
		gaussianOfAny(v)
	}
}

const gaussianBlock = 64 // bytes of a column of a block

// gaussianOf keeps the sums of d columns in registers.
func gaussianOf(v vector, d int) {
	name := fmt.Sprint("gaussian", d, v.suffix())
	v.begin(name, "func(sums, refs, at *byte, blocks int)", fmt.Sprintf("%s adds the weighted rows of blocks > 0 blocks of %d columns to sums.", name, d))
	s := v.pointers("sums", "refs", "at")
	sums, refs, at := s[0].base, s[1].base, s[2].base
	blocks := v.Load(v.Param("blocks"), v.GP64())
	if v.wide {
		v = v.holding(func(v vector) { v.weight(v.reg()) })
	}
	// AVX2 has too few registers to keep the numbers there.
	number := func(i int) vec { return v.spread(operand.Mem{Base: at, Disp: 4 * i}) }
	if v.wide || v.neon {
		numbers := make([]vec, 2*d+1)
		for i := range numbers {
			numbers[i] = number(i)
		}
		number = func(i int) vec { return numbers[i] }
	}
	parts := gaussianBlock / v.bytes()
	acc := make([]vec, parts*(d+1))
	for i := range acc {
		acc[i] = v.copy(operand.Mem{Base: sums, Disp: i * v.bytes()})
	}
	v.Label("block")
	for h := range parts {
		row := func(k int) operand.Mem {
			return operand.Mem{Base: refs, Disp: (k*parts + h) * v.bytes()}
		}
		sum := v.squared(row(0), number(0), number(d))
		for k := 1; k < d; k++ {
			v.VADDPS(v.squared(row(k), number(k), number(d+k)), sum, sum)
		}
		w := v.weight(v.sub(number(2*d), sum))
		for k := range d {
			v.VADDPS(v.mul(w, row(k)), acc[k*parts+h], acc[k*parts+h])
		}
		v.VADDPS(w, acc[d*parts+h], acc[d*parts+h])
	}
	v.ADDQ(operand.Imm(uint64(d*gaussianBlock)), refs)
	v.DECQ(blocks)
	v.JNZ(operand.LabelRef("block"))
	for i := range acc {
		v.VMOVUPS(acc[i], operand.Mem{Base: sums, Disp: i * v.bytes()})
	}
	v.end()
}

// gaussianOfAny goes through the columns of a block twice: for the weights, and for the
// sums, which are in memory.
func gaussianOfAny(v vector) {
	name := "gaussianN" + v.suffix()
	v.begin(name, "func(sums, refs, at *byte, d, blocks int)", name+" adds the weighted rows of blocks > 0 blocks of d > 0 columns to sums.")
	s := v.pointers("sums", "refs", "at")
	sums, refs, at := s[0].base, s[1].base, s[2].base
	d, blocks := v.Load(v.Param("d"), v.GP64()), v.Load(v.Param("blocks"), v.GP64())
	v = v.holding(func(v vector) { v.weight(v.reg()) })
	shift := v.spread(operand.Mem{Base: at, Index: d, Scale: 8})
	centres := v.GP64()
	v.LEAQ(operand.Mem{Base: at, Index: d, Scale: 4}, centres)
	parts := gaussianBlock / v.bytes()

	v.Label("block")
	sum := make([]vec, parts)
	for h := range sum {
		sum[h] = v.zero()
	}
	k, row, to := v.GP64(), v.GP64(), v.GP64()
	v.XORQ(k, k)
	v.MOVQ(refs, row)
	v.Label("distance")
	scale := v.spread(operand.Mem{Base: at, Index: k, Scale: 4})
	centre := v.spread(operand.Mem{Base: centres, Index: k, Scale: 4})
	for h := range sum {
		v.VADDPS(v.squared(operand.Mem{Base: row, Disp: h * v.bytes()}, scale, centre), sum[h], sum[h])
	}
	v.ADDQ(operand.Imm(gaussianBlock), row)
	v.INCQ(k)
	v.CMPQ(k, d)
	v.JLT(operand.LabelRef("distance"))
	w := make([]vec, parts)
	for h := range w {
		w[h] = v.weight(v.sub(shift, sum[h]))
	}
	v.MOVQ(sums, to)
	add := func(h int, x vec) {
		m := operand.Mem{Base: to, Disp: h * v.bytes()}
		v.VMOVUPS(v.add(x, m), m)
	}
	v.Label("column")
	for h := range w {
		add(h, v.mul(w[h], operand.Mem{Base: refs, Disp: h * v.bytes()}))
	}
	v.ADDQ(operand.Imm(gaussianBlock), refs)
	v.ADDQ(operand.Imm(gaussianBlock), to)
	v.CMPQ(refs, row)
	v.JNE(operand.LabelRef("column"))
	for h := range w {
		add(h, w[h])
	}
	v.DECQ(blocks)
	v.JNZ(operand.LabelRef("block"))
	v.end()
}

// squared returns (row·scale − centre)².
func (v vector) squared(row operand.Mem, scale, centre operand.Op) vec {
	t := v.sub(v.mul(scale, row), centre)
	return v.mul(t, t)
}

// weight returns 2ᵉ, 0 below −gaussianLimit and where e is not a number, and its value
// at gaussianLimit above that.
func (v vector) weight(e vec) vec {
	kept := v.compare(greaterOrEqual, e, v.source(-gaussianLimit))
	e = v.max(-gaussianLimit, v.min(gaussianLimit, e))
	round := v.number(0x1.8p23 + 127)
	bits := v.add(e, round)
	f := v.sub(e, v.sub(bits, round))
	p := v.set(power2[len(power2)-1])
	for i := len(power2) - 2; i >= 0; i-- {
		p = v.add(v.mul(p, f), v.number(power2[i]))
	}
	return v.keep(kept, v.mul(p, v.shiftLeft(bits, v.fraction())))
}
