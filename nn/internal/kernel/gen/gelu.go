package main

import "math"

// These functions are computed in float64, where a few units of 2⁻²⁸ that their
// polynomials leave out don't show in float32, nor do numbers below the normal
// ones need care.

// tailFit is p in exp(a²/2) erfc(a/√2) = t p(t), t = 1/(1 + a tailSlope),
// 0 ≤ a ≤ tailFar, in the manner of Hastings 1955.
const (
	tailSlope = 0.3
	tailFar   = 15
)

var tailFit = fit(func(t float64) float64 {
	a := (1/t - 1) / tailSlope
	return math.Exp(a*a/2) * math.Erfc(a/math.Sqrt2) / t
}, 1/(1+tailSlope*tailFar), 1, 9)

// normal returns exp(−a²/2) and exp(a²/2) erfc(a/√2) for 0 ≤ a ≤ tailFar.
func (v vector) normal(a vec) (e, tail vec) {
	d := v.set(tailSlope)
	d = v.horner(d, a, v.number(1))
	t := v.div(v.source(1), d)
	tail = v.mul(v.polynomial(t, v.mul(t, t), tailFit), t)
	return v.exp(v.mul(v.mul(a, a), v.number(0.5)), true, 0), tail
}

// erf x = x p(x²) for |x| ≤ erfNear.
const erfNear = 0.75

var erfFit = fit(func(z float64) float64 { return math.Erf(math.Sqrt(z)) / math.Sqrt(z) }, 0, erfNear*erfNear, 6)

func unaryErf(v vector, x, _ vec) vec {
	a := v.abs(x)
	e, tail := v.normal(v.mul(v.min(6, a), v.number(math.Sqrt2)))
	far := v.set(1)
	v.deduct(far, e, tail)
	z := v.mul(x, x)
	near := v.mul(v.polynomial(z, v.mul(z, z), erfFit), a)
	return v.withSign(v.choose(v.compare(less, a, v.number(erfNear)), near, far), x)
}

func unaryGELU(v vector, x, _ vec) vec {
	// max(x, 0) − aΦ(−a), a = |x|
	a := v.min(tailFar, v.abs(x))
	e, tail := v.normal(a)
	y := v.relu(x)
	v.deduct(y, v.mul(v.mul(a, v.number(0.5)), tail), e)
	return y
}

func unaryGELU1(v vector, x, _ vec) vec {
	// D(−a) = Φ(−a) − aφ(a) for negative x and 1 − D(−a) for others.
	a := v.min(tailFar, v.abs(x))
	e, tail := v.normal(a)
	d := v.mul(tail, v.number(0.5))
	v.deduct(d, a, v.number(1/math.Sqrt(2*math.Pi)))
	d = v.mul(d, e)
	return v.chooseBySign(x, d, v.sub(v.source(1), d))
}

func unaryGELU2(v vector, x, _ vec) vec {
	// φ (2−x²)
	a := v.min(tailFar, v.abs(x))
	z := v.mul(a, a)
	e := v.exp(v.mul(z, v.number(0.5)), true, 0)
	return v.mul(v.mul(v.sub(v.source(2), z), v.number(1/math.Sqrt(2*math.Pi))), e)
}

// The approximation of GELU is x S(w), w = 2√(2/π) (x + 0.044715x³). It has
// underflown below −gateFar.
const (
	gate1   = 2 * math.Sqrt2 / math.SqrtPi
	gate3   = gate1 * 0.044715
	gateFar = 12
)

// gate returns a = −|x|, a², S(w(a)) and 1 − S(w(a)).
func (v vector) gate(x vec) (a, square, s, c vec) {
	a = v.max(-gateFar, v.or(x, v.signBit()))
	square = v.mul(a, a)
	w := v.set(gate3)
	w = v.horner(w, square, v.number(gate1))
	e := v.exp(v.mul(w, a), false, 0)
	c = v.div(v.source(1), v.add(e, v.number(1)))
	return a, square, v.mul(e, c), c
}

func unaryGELUTanh(v vector, x, _ vec) vec {
	// max(x, 0) + a S(w(a))
	a, _, s, _ := v.gate(x)
	s = v.horner(s, a, v.relu(x))
	return s
}

// slope returns w'(a).
func (v vector) slope(square vec) vec {
	d := v.set(3 * gate3)
	d = v.horner(d, square, v.number(gate1))
	return d
}

func unaryGELUTanh1(v vector, x, _ vec) vec {
	// D(a) = S + a S (1−S) w' for negative x and 1 − D(a) for others.
	a, square, s, c := v.gate(x)
	c = v.mul(c, v.slope(square))
	c = v.horner(c, a, v.number(1))
	d := v.mul(c, s)
	return v.chooseBySign(x, d, v.sub(v.source(1), d))
}

func unaryGELUTanh2(v vector, x, _ vec) vec {
	// S (1−S) (2w' + x((1−2S)w'² + w'')), which is even.
	a, square, s, c := v.gate(x)
	d := v.slope(square)
	u := v.mul(v.mul(d, d), v.sub(c, s))
	v.accumulate(u, a, v.source(6*gate3))
	u = v.mul(u, a)
	v.accumulate(u, d, v.number(2))
	return v.mul(v.mul(s, c), u)
}
