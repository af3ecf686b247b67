package kernel

import (
	"math"
	"math/bits"
)

const (
	// π/2 as a part whose product with a 20-bit integer is exact and the rest.
	quarterHi = 0x1.921fb54400000p+0
	quarterLo = 0x1.0b4611a626331p-34
	// π/2 rounded and what the rounding left out.
	quarter     = 0x1.921fb54442d18p+0
	quarterRest = 0x1.1a62633145c07p-54
)

// turns holds the binary digits of 2/π behind 64 zeros.
var turns = [21]uint64{
	0,
	0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561,
	0xb7246e3a424dd2e0, 0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484,
	0xe99c7026b45f7e41, 0x3991d639835339f4, 0x9c845f8bbdf9283b, 0x1ff897ffde05980f,
	0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d, 0x7527bac7ebe5f17b,
	0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab, 0xf0cfbc209af4361d,
}

// quadrant writes x as qπ/2 + r + l with |r| ≤ π/4 and l the rounding error
// of r. q counts modulo 4.
func quadrant(x float64) (q uint64, r, l float64) {
	a := math.Abs(x)
	if a < 0.78 {
		return 0, x, 0
	}
	if a < 0x1p20 {
		n := float64(x*(2/math.Pi)) + round
		q = math.Float64bits(n)
		n -= round
		t := x - float64(n*quarterHi)
		w := float64(n * quarterLo)
		r = t - w
		if math.Abs(r) > 0x1p-10 {
			return q & 3, r, (t - r) - w
		}
	}
	if !(a <= math.MaxFloat64) {
		return 0, math.NaN(), 0
	}
	q, r, l = farQuadrant(a)
	if x < 0 {
		return -q & 3, -r, -l
	}
	return q, r, l
}

// farQuadrant is quadrant for any x ≥ ½ (Payne & Hanek 1983): of the product
// of x with 2/π only the digits are formed that matter modulo 4.
func farQuadrant(x float64) (q uint64, r, l float64) {
	b := math.Float64bits(x)
	m := b&(1<<52-1) | 1<<52
	// x = m 2ᵉ. The digits of 2/π taken begin with the one that 2ᵉ makes worth 2.
	e := int(b>>52) - 1075
	from := uint(e - 2 + 64)
	i, s := from/64, from%64
	w0 := turns[i]<<s | turns[i+1]>>(64-s)
	w1 := turns[i+1]<<s | turns[i+2]>>(64-s)
	w2 := turns[i+2]<<s | turns[i+3]>>(64-s)
	carry, _ := bits.Mul64(m, w2)
	hi, lo := bits.Mul64(m, w1)
	lo, c := bits.Add64(lo, carry, 0)
	hi += m*w0 + c
	// hi:lo is x·2/π modulo 4 with 126 digits after the point.
	q = hi >> 62
	hi = hi<<2 | lo>>62
	lo <<= 2
	negative := hi>>63 == 1
	if negative {
		q++
		lo, c = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(0, hi, c)
	}
	z := uint(bits.LeadingZeros64(hi))
	hi = hi<<z | lo>>(64-z)
	scale := power2(-64 - int(z))
	top := float64(hi>>11<<11) * scale
	rest := float64(hi&(1<<11-1)) * scale
	r = top * quarter
	l = math.FMA(top, quarter, -r) + (float64(top*quarterRest) + float64(rest*quarter))
	if negative {
		r, l = -r, -l
	}
	return q & 3, r, l
}

// sinPart returns sin(r+l), |r| ≤ π/4, by a Taylor polynomial whose remainder
// is below 2⁻⁶² r.
func sinPart(r, l float64) float64 {
	z := float64(r * r)
	s := -1.0/1307674368000 + float64(z*(1.0/355687428096000))
	s = 1.0/6227020800 + float64(z*s)
	s = -1.0/39916800 + float64(z*s)
	s = 1.0/362880 + float64(z*s)
	s = -1.0/5040 + float64(z*s)
	s = 1.0/120 + float64(z*s)
	s = -1.0/6 + float64(z*s)
	return r + (float64(float64(r*z)*s) + float64(l*(1-float64(0.5*z))))
}

// cosPart returns cos(r+l), |r| ≤ π/4, likewise.
func cosPart(r, l float64) float64 {
	z := float64(r * r)
	c := -1.0/87178291200 + float64(z*(1.0/20922789888000))
	c = 1.0/479001600 + float64(z*c)
	c = -1.0/3628800 + float64(z*c)
	c = 1.0/40320 + float64(z*c)
	c = -1.0/720 + float64(z*c)
	c = 1.0/24 + float64(z*c)
	h := float64(0.5 * z)
	w := 1 - h
	return w + (((1 - w) - h) + (float64(float64(z*z)*c) - float64(r*l)))
}

// sin returns the sine of x.
func sin(x float64) float64 {
	if x == 0 {
		return x
	}
	q, r, l := quadrant(x)
	return quadrantSin(q, r, l)
}

// cos returns the cosine of x.
func cos(x float64) float64 {
	q, r, l := quadrant(x)
	return quadrantSin(q+1, r, l)
}

func quadrantSin(q uint64, r, l float64) float64 {
	var y float64
	if q&1 == 0 {
		y = sinPart(r, l)
	} else {
		y = cosPart(r, l)
	}
	if q&2 != 0 {
		return -y
	}
	return y
}
