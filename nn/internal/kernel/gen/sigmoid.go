package main

import "math"

// 1+e⁻ˣ is computed as 2^sigmoidShift (1+e⁻ˣ), which keeps it and its inverse
// in range for x > −sigmoidFar, below which the functions have underflown.
// Above sigmoidNear the exponential no longer counts.
const (
	sigmoidShift = -34
	sigmoidFar   = 110
	sigmoidNear  = 64
)

// logistic returns d = 2^sigmoidShift (1+e⁻ˣ) and the two terms, the second of
// them 2ⁿ, that were added to get it.
func (v vector) logistic(x vec) (d, rest, power vec) {
	rest, n := v.parts(x, true, 127+sigmoidShift)
	power = v.shiftLeft(n.bits, 23)
	rest = v.horner(rest, power, v.number(math.Ldexp(1, sigmoidShift)))
	return v.add(rest, power), rest, power
}

func unarySigmoid(v vector, x, _ vec) vec {
	d, _, _ := v.logistic(v.max(-sigmoidFar, v.min(sigmoidNear, x)))
	return v.div(v.source(math.Ldexp(1, sigmoidShift)), d)
}

// With a = −|x|, SiLU is max(x, 0) + a S(a), and its derivative D(a) for
// negative x and 1 − D(a) for others, D(a) = S(a) + a S(a) (1−S(a)). S(a) ≤ ½,
// so that nothing cancels.
func (v vector) siluArgument(x vec) vec {
	return v.max(-sigmoidFar, v.or(x, v.signBit()))
}

func unarySiLU(v vector, x, _ vec) vec {
	a := v.siluArgument(x)
	d, _, _ := v.logistic(a)
	t := v.div(a, d)
	t = v.horner(t, v.source(math.Ldexp(1, sigmoidShift)), v.relu(x))
	return t
}

func unarySiLU1(v vector, x, _ vec) vec {
	scale := v.source(math.Ldexp(1, sigmoidShift))
	a := v.siluArgument(x)
	d, rest, power := v.logistic(a)
	s := v.div(v.source(1), d)
	t := v.mul(a, s) // a S(a), divided by 2^sigmoidShift like the slope
	left := a        // what the rounding of t left out, over S(a)
	v.deduct(left, t, d)
	// D(a) = S + t (1−S). The rounding of d changes it by about S + t times
	// its share of d, that of t by the share left of S.
	lost := v.copy(left)
	v.deduct(lost, v.sub(rest, v.sub(d, power)), v.add(s, t))
	lost = v.horner(lost, s, s)
	slope := v.copy(v.number(1))
	v.deduct(slope, s, scale)
	slope = v.horner(slope, t, lost)
	positive := v.set(1)
	v.deduct(positive, slope, scale)
	return v.chooseBySign(x, v.mul(slope, scale), positive)
}

func unarySiLU2(v vector, x, _ vec) vec {
	// S (1−S) (2 + x(1−2S)) is even, and for negative x nothing cancels.
	a := v.siluArgument(x)
	e := v.exp(a, false, 0)
	c := v.div(v.source(1), v.add(e, v.number(1)))
	s := v.mul(e, c)
	u := v.sub(c, s)
	u = v.horner(u, a, v.number(2))
	return v.mul(v.mul(s, c), u)
}
