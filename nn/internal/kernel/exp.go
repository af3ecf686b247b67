package kernel

import "math"

const (
	// round added to and taken from a number of modest size rounds it to an
	// integer, and leaves that integer in the low bits of the sum.
	round = 0x1.8p52
	// step is ln 2/64, as a part whose product with a 17-bit integer is exact
	// and the rest.
	stepHi = 0x1.62e42fef80000p-7
	stepLo = 0x1.1cf79abc9e3b4p-42
)

// expReduce writes x, |x| < 800, as k ln 2/64 + r and returns k and eʳ − 1,
// by a Taylor polynomial whose remainder is below 2⁻⁵⁴ for |r| ≤ ln 2/128.
func expReduce(x float64) (k int, p float64) {
	n := float64(x*(64/math.Ln2)) + round
	k = int(int32(math.Float64bits(n)))
	n -= round
	r := x - float64(n*stepHi) - float64(n*stepLo)
	p = 1.0/24 + float64(r*(1.0/120))
	p = 1.0/6 + float64(r*p)
	p = 1.0/2 + float64(r*p)
	return k, r + float64(float64(r*r)*p)
}

// exp returns eˣ.
func exp(x float64) float64 {
	if !(-746 < x && x < 710) {
		switch {
		case x > 0:
			return math.Inf(1)
		case x < 0:
			return 0
		}
		return x
	}
	k, p := expReduce(x)
	t := &powers[k&63]
	y := t[0] + (t[1] + float64(t[0]*p))
	k >>= 6
	if -1022 < k && k < 1023 {
		return math.Float64frombits(math.Float64bits(y) + uint64(k)<<52)
	}
	half := k >> 1
	return float64(y*power2(half)) * power2(k-half)
}

// expm1 returns eˣ − 1 without cancellation.
func expm1(x float64) float64 {
	switch {
	case x == 0:
		return x
	case x < -40:
		return -1
	case !(x < 40):
		return exp(x)
	}
	k, p := expReduce(x)
	t := &powers[k&63]
	s := power2(k >> 6)
	return (float64(s*t[0]) - 1) + float64(s*(t[1]+float64(t[0]*p)))
}

// power2 returns 2ᵏ for −1022 ≤ k ≤ 1023.
func power2(k int) float64 { return math.Float64frombits(uint64(k+1023) << 52) }

// gauss returns exp(−cx²) for c = ½ or 1. The rounding error of x², large
// beside 1 where x is large, is put back.
func gauss(x, c float64) float64 {
	h := float64(x * x)
	l := math.FMA(x, x, -h)
	e := exp(-c * h)
	return e - float64(e*float64(c*l))
}

// tanh returns the hyperbolic tangent of x.
func tanh(x float64) float64 {
	a := math.Abs(x)
	if a > 20 {
		return math.Copysign(1, x)
	}
	m := expm1(-2 * a)
	return math.Copysign(m/(2+m), x)
}

// logistic returns S(x) = 1/(1+e⁻ˣ) and, for |x| ≤ far, 1 − S(x) = S(−x), both
// accurate where they are small. It has no case for the sign of x, which a
// processor can't foresee.
func logistic(x float64) (s, c float64) {
	e := exp(-x)
	s = 1 / (1 + e)
	return s, float64(e * s)
}
