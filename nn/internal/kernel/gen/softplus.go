package main

import "math"

// ln(1+e) = e + e² q(e) for 0 ≤ e ≤ 1, to 2⁻³⁰.
var log1pFit = fit(func(e float64) float64 { return (math.Log1p(e) - e) / (e * e) }, 0, 1, 10)

// unarySoftplus is computed in float64.
func unarySoftplus(v vector, x, _ vec) vec {
	// ln(1+eˣ) = max(x, 0) + ln(1+e), e = e^−|x|
	e := v.exp(v.min(sigmoidFar, v.abs(x)), true, 0)
	square := v.mul(e, e)
	y := v.polynomial(e, square, log1pFit)
	y = v.horner(y, square, e)
	return v.add(y, v.relu(x))
}
