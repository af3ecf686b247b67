package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
)

// normals emits Box and Muller's transform for package noise. Its arithmetic,
// and so every bit, is that of math.Log and math.Sincos for amd64: each product
// and each sum is rounded.
func normals(sets []vector) {
	for _, v := range sets {
		v.double = true
		name := "boxMuller" + v.suffix()
		v.begin(name, "func(z0, z1 []float64, a, b []uint64)",
			name+" fills z0 and z1 with the pairs of normals that belong to pairs of words. Their number is a multiple of 8 and not 0.")
		z0, z1, a, b := v.doubles("z0"), v.doubles("z1"), v.doubles("a"), v.doubles("b")
		n := v.Load(v.Param("z0").Len(), v.GP64())
		v = v.holding(func(v vector) { v.pair(v.reg(), v.reg()) })
		l := v.walk()
		if v.neon {
			l.SHLQ(operand.U8(3), n)
		}
		l.XORQ(l.index, l.index)
		l.Label("next")
		x, y := l.pair(l.load(a), l.load(b))
		l.store(x, z0)
		l.store(y, z1)
		l.advance()
		l.CMPQ(l.index, n)
		l.JLT(operand.LabelRef("next"))
		l.end()
	}
}

// doubles loads the base of a parameter of 64-bit numbers.
func (v vector) doubles(name string) stream {
	return stream{v.Load(v.Param(name).Base(), v.GP64()), true}
}

// pair returns √(−2 ln u) times the cosine and sine of 2πw, where 1 − u and w
// are the upper 53 bits of the words a and b.
func (v vector) pair(a, b vec) (z0, z1 vec) {
	r := v.sqrt(v.mul(v.logarithm(v.sub(v.source(1), v.unit(a))), v.number(-2)))
	sin, cos := v.sincos(v.mul(v.unit(b), v.number(2*math.Pi)))
	return v.mul(r, cos), v.mul(r, sin)
}

// unit returns the upper 53 bits of a word as a number of [0, 1).
func (v vector) unit(w vec) vec {
	// The exponents of 2⁵² and 2⁸⁴ make numbers of integers of 32 bits.
	const low, high = 0x1p52, 0x1p84
	lo := v.or(v.and(v.shiftRight(w, 11), v.constant(math.MaxUint32)), v.number(low))
	hi := v.or(v.shiftRight(w, 43), v.number(high))
	return v.mul(v.add(v.sub(hi, v.number(high+low)), lo), v.number(0x1p-53))
}

func (v vector) shiftRight(x vec, n uint8) vec { return v.to(v.VPSRLQ, operand.U8(n), x) }

// logarithm returns ln x of normal numbers: x = 2ᵏ(1+f), ½√2 ≤ 1+f < √2, and
// ln(1+f) = f − f²/2 + s (f²/2 + R(s²)) with s = f/(2+f).
func (v vector) logarithm(x vec) vec {
	const (
		ln2Hi = 6.93147180369123816490e-01
		ln2Lo = 1.90821492927058770002e-10
	)
	m := v.or(v.and(x, v.constant(1<<52-1)), v.number(0.5))
	k := v.sub(v.or(v.shiftRight(x, 52), v.number(0x1p52)), v.number(0x1p52+1022))
	small := v.keep(v.compare(lessEqual, m, v.source(math.Sqrt2/2)), v.source(1))
	k = v.sub(k, small)
	f := v.sub(v.mul(m, v.add(small, v.number(1))), v.number(1))
	s := v.div(f, v.add(f, v.number(2)))
	s2 := v.mul(s, s)
	s4 := v.mul(s2, s2)
	odd := v.mul(v.rounded(s4, 1.479819860511658591e-01, 1.818357216161805012e-01, 2.857142874366239149e-01, 6.666666666666735130e-01), s2)
	even := v.mul(v.rounded(s4, 1.531383769920937332e-01, 2.222219843214978396e-01, 3.999999999940941908e-01), s4)
	half := v.mul(v.mul(f, v.number(0.5)), f)
	t := v.add(v.mul(v.add(v.add(odd, even), half), s), v.mul(k, v.number(ln2Lo)))
	return v.sub(v.mul(k, v.number(ln2Hi)), v.sub(v.sub(half, t), f))
}

// rounded returns Horner's sum c₀xⁿ + c₁xⁿ⁻¹ + … with all its roundings.
func (v vector) rounded(x vec, c ...float64) vec {
	p := v.set(c[0])
	for _, next := range c[1:] {
		p = v.add(v.mul(p, x), v.number(next))
	}
	return p
}

// sincos returns the sine and the cosine of 0 ≤ x ≤ 2π.
func (v vector) sincos(x vec) (sin, cos vec) {
	// π/4 in three parts.
	parts := [3]float64{7.85398125648498535156e-1, 3.77489470793079817668e-8, 2.69515142907905952645e-15}
	y := v.truncate(v.mul(x, v.number(4/math.Pi)))
	// The octant, in the low bits; the odd ones belong to the next even one.
	octant := v.add(y, v.number(0x1p52))
	one := v.and(v.shiftLeft(octant, 63), v.signBit())
	y = v.add(y, v.chooseBySign(one, v.source(1), v.zero()))
	octant = v.add(y, v.number(0x1p52))
	z := x
	for _, part := range parts {
		z = v.sub(z, v.mul(y, v.number(part)))
	}
	zz := v.mul(z, z)
	c := v.mul(v.mul(zz, zz), v.rounded(zz, -1.13585365213876817300e-11, 2.08757008419747316778e-9, -2.75573141792967388112e-7,
		2.48015872888517045348e-5, -1.38888888888730564116e-3, 4.16666666666665929218e-2))
	c = v.add(v.sub(v.source(1), v.mul(zz, v.number(0.5))), c)
	s := v.mul(v.mul(z, zz), v.rounded(zz, 1.58962301576546568060e-10, -2.50507477628578072866e-8, 2.75573136213857245213e-6,
		-1.98412698295895385996e-4, 8.33333333332211858878e-3, -1.66666666666666307295e-1))
	s = v.add(z, s)
	// Quadrants 1 and 3 exchange the two, 2 and 3 have negative sines, 1 and 2
	// negative cosines.
	half := v.shiftLeft(octant, 61)
	quarter := v.shiftLeft(octant, 62)
	sin = v.chooseBySign(quarter, c, s)
	cos = v.chooseBySign(quarter, s, c)
	sin = v.xor(sin, v.and(half, v.signBit()))
	cos = v.xor(cos, v.and(v.xor(half, quarter), v.signBit()))
	return sin, cos
}

// truncate rounds towards zero.
func (v vector) truncate(x vec) vec {
	const towardsZero = operand.U8(3)
	d := v.reg()
	if v.wide {
		v.VRNDSCALEPD(towardsZero, x, d)
	} else {
		v.VROUNDPD(towardsZero, x, d)
	}
	return d
}
