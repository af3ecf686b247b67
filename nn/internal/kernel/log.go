package kernel

import "math"

const (
	// ln 2 as a part whose product with an 11-bit integer is exact and the rest.
	ln2Hi = 0x1.62e42fefa2000p-1
	ln2Lo = 0x1.9ef35793c7673p-41
)

// log returns the natural logarithm of x = 2ᵏm, √½ ≤ m < √2, from
//
//	ln m = 2 artanh s = 2s (1 + s²/3 + s⁴/5 + …),   s = (m−1)/(m+1).
func log(x float64) float64 {
	scaled := 0
	switch {
	case x < 0:
		return math.NaN()
	case x == 0:
		return math.Inf(-1)
	case !(x <= math.MaxFloat64):
		return x
	case x < 0x1p-1022:
		x *= 0x1p54
		scaled = 54
	}
	bits := math.Float64bits(x)
	k := int(int64(bits-math.Float64bits(1/math.Sqrt2)) >> 52)
	f := math.Float64frombits(bits-uint64(k)<<52) - 1
	s := f / (2 + f)
	z := float64(s * s)
	r := 2.0/17 + float64(z*(2.0/19))
	r = 2.0/15 + float64(z*r)
	r = 2.0/13 + float64(z*r)
	r = 2.0/11 + float64(z*r)
	r = 2.0/9 + float64(z*r)
	r = 2.0/7 + float64(z*r)
	r = 2.0/5 + float64(z*r)
	r = 2.0/3 + float64(z*r)
	// 2s + s z r = f − (h − s(h + z r)) with h = f²/2, whose first term is exact.
	h := float64(0.5 * float64(f*f))
	n := float64(k - scaled)
	tail := float64(s*(h+float64(z*r))) + float64(n*ln2Lo)
	return float64(n*ln2Hi) - ((h - tail) - f)
}

// softplus returns ln(1+eˣ).
func softplus(x float64) float64 {
	e := exp(-math.Abs(x))
	u := 1 + e
	return max(x, 0) + (log(u) + (e-(u-1))/u)
}
