package main

import "math"

// An exponential is 2ⁿ eʳ with n the integer nearest to x log₂e.

var (
	// eʳ = 1 + r + r² q(r) for |r| ≤ ½ ln 2, to 0.2·2⁻²⁴.
	expSingle = fit(func(r float64) float64 { return expRest(r, 2) }, -math.Ln2/2, math.Ln2/2, 4)
	// To 0.004·2⁻²⁴, for where 1 is taken away.
	expm1Single = fit(func(r float64) float64 { return expRest(r, 2) }, -math.Ln2/2, math.Ln2/2, 5)
	// To 2⁻³⁶, for float64 that is rounded to float32.
	expDouble = fit(func(r float64) float64 { return expRest(r, 2) }, -math.Ln2/2, math.Ln2/2, 6)
)

// exponent is the integer n of an exponential as a number, and in the low bits
// of another, plus a shift.
type exponent struct{ number, bits vec }

// parts returns u and n with e^(±x) = (1+u) 2ⁿ, ½√2 ≤ 1+u ≤ √2. x must be of
// modest size; it is not changed.
func (v vector) parts(x vec, negative bool, shift float64) (u vec, n exponent) {
	sign := 1.0
	if negative {
		sign = -1
	}
	// round added to and taken from a number of modest size rounds it to an
	// integer, and leaves the integer in the low bits of the sum.
	round := v.number(0x1.8p23 + shift)
	c, hi := expSingle, float64(float32(math.Ln2))
	if v.double {
		round = v.number(0x1.8p52 + shift)
		c, hi = expDouble, math.Ln2
	}
	n.bits = v.set(sign * math.Log2E)
	n.bits = v.horner(n.bits, x, round)
	n.number = v.sub(n.bits, round)
	// r keeps the sign of x.
	r := v.copy(x)
	if !negative {
		v.deduct(r, n.number, v.number(hi))
	} else {
		v.accumulate(r, n.number, v.number(hi))
	}
	if !v.double {
		lo := math.Ln2 - hi
		if !negative {
			v.deduct(r, n.number, v.number(lo))
		} else {
			v.accumulate(r, n.number, v.number(lo))
		}
	}
	square := v.mul(r, r)
	u = v.polynomial(r, square, signed(c, sign))
	if negative {
		u = v.multiplyDeduct(u, square, r)
	} else {
		u = v.horner(u, square, r)
	}
	return u, n
}

// signed returns the coefficients of p(±x).
func signed(c []float64, sign float64) []float64 {
	s, out := 1.0, make([]float64, len(c))
	for i := range c {
		out[i] = s * c[i]
		s *= sign
	}
	return out
}

// exp returns e^(±x) 2^shift where that is a normal number.
func (v vector) exp(x vec, negative bool, shift float64) vec {
	bias := 127.0
	if v.double {
		bias = 1023
	}
	// What the shift to the left leaves of the bits is the number 2^(n+shift).
	u, n := v.parts(x, negative, shift+bias)
	s := v.shiftLeft(n.bits, v.fraction())
	u = v.horner(u, s, s)
	return u
}

// Exponentials below half of the least number are zero and above the greatest
// infinite.
const expLow, expHigh = -104, 89

func unaryExp(v vector, x, _ vec) vec {
	x = v.max(expLow, v.min(expHigh, x))
	u, n := v.parts(x, false, 0)
	p := v.add(u, v.number(1))
	if v.wide {
		return v.to(v.VSCALEFPS, n.number, p)
	}
	// In two steps, as 2ⁿ need not be a normal number; only the second rounds.
	i := v.to(v.VCVTPS2DQ, n.number)
	half := v.reg()
	v.VPSRAD(one8, i, half)
	rest := v.subInt(i, half)
	p = v.addInt(p, v.shiftLeft(half, 23))
	return v.mul(p, v.addInt(v.shiftLeft(rest, 23), v.number(1)))
}

func unaryTanh(v vector, x, _ vec) vec {
	// tanh |x| = −m/(2+m), m = e^(−2|x|) − 1. Beyond 10 it rounds to 1.
	a := v.min(10, v.abs(x))
	m, d := v.expm1(a, -2)
	return v.withSign(v.div(m, d), x)
}

// expm1 returns e^(cx) − 1 and e^(cx) + 1, |cx| ≤ 80, where c is 1, −2 or the
// like.
func (v vector) expm1(x vec, c float64) (minus, plus vec) {
	round := v.number(0x1.8p23 + 127)
	bits := v.set(c * math.Log2E)
	bits = v.horner(bits, x, round)
	n := v.sub(bits, round)
	r := v.copy(x)
	ln2 := math.Ln2 / c
	hi := float64(float32(ln2))
	v.deduct(r, n, v.number(hi))
	v.deduct(r, n, v.number(ln2-hi))
	// e^(cr) − 1 = cr + r² q(r)
	coefficients := make([]float64, len(expm1Single))
	for i, q := range expm1Single {
		coefficients[i] = q * math.Pow(c, float64(i+2))
	}
	square := v.mul(r, r)
	q := v.polynomial(r, square, coefficients)
	linear := r
	if c != 1 {
		linear = v.mul(r, v.number(c))
	}
	q = v.horner(q, square, linear)
	s := v.shiftLeft(bits, 23)
	minus, plus = v.sub(s, v.number(1)), v.add(s, v.number(1))
	v.accumulate(minus, s, q)
	v.accumulate(plus, s, q)
	return minus, plus
}
