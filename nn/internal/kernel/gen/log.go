package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
)

// ln(1+f) = f − f²/2 + f³ p(f) for √½ ≤ 1+f ≤ √2.
var logFit = fit(func(f float64) float64 {
	return (math.Log1p(f) - f + f*f/2) / (f * f * f)
}, math.Sqrt2/2-1, math.Sqrt2-1, 7)

func unaryLog(v vector, x, _ vec) vec {
	// Numbers below the normal ones are scaled up.
	tiny := v.compare(less, x, v.number(0x1p-126))
	scaled := v.choose(tiny, v.mul(x, v.number(0x1p23)), x)
	// x = 2ᵏ(1+f)
	k := v.to(v.VPSRAD, operand.U8(23), v.subInt(scaled, v.number(math.Sqrt2/2)))
	f := v.sub(v.subInt(scaled, v.shiftLeft(k, 23)), v.number(1))
	exponent := v.sub(v.to(v.VCVTDQ2PS, k), v.keep(tiny, v.source(23)))

	hi := float64(float32(math.Ln2))
	square := v.mul(f, f)
	y := v.mul(v.polynomial(f, square, logFit), v.mul(square, f))
	v.accumulate(y, exponent, v.number(math.Ln2-hi))
	v.deduct(y, square, v.number(0.5))
	y = v.add(y, f)
	v.accumulate(y, exponent, v.number(hi))

	infinity := v.number(math.Inf(1))
	y = v.choose(v.compare(greaterOrEqual, x, infinity), x, y)
	y = v.choose(v.compare(equal, x, v.zero()), v.source(math.Inf(-1)), y)
	return v.choose(v.compare(notGreaterEqual, x, v.zero()), v.source(math.NaN()), y)
}
