package sde

import "math"

// SubVP is the process whose variance stays below that of VP,
//
//	dx = −½β(t) x dt + √(β(t)(1 − e^{−2B})) dw,   β(t) = β₀ + t(β₁ − β₀),
//
// whose kernel, with B(t) = ∫₀ᵗβ = β₀t + ½t²(β₁ − β₀), is
//
//	α(t) = e^{−B/2},   σ(t) = 1 − e^{−B},   so that α² + σ = 1.
//
// Song et al. 2021.
type SubVP struct {
	BetaMin float64 // β₀, the rate at t = 0; zero means 0.1
	BetaMax float64 // β₁, the rate at t = 1; zero means 20
}

// vp is the process with the same β, hence the same α and the square root of
// σ.
func (p SubVP) vp() VP { return VP(p) }

// Kernel returns α = e^{−B/2} and σ = 1 − e^{−B}, without cancellation at
// small t and down to σ = 0 at t = 0.
func (p SubVP) Kernel(t float64) (alpha, sigma float64) {
	b := p.vp().integral(t)
	return math.Exp(-0.5 * b), -math.Expm1(-b)
}

// Rates returns f = −½β and g² = β(1 − e^{−2B}).
func (p SubVP) Rates(t float64) (f, g2 float64) {
	f, beta := p.vp().Rates(t)
	return f, beta * -math.Expm1(-2*p.vp().integral(t))
}

// Span returns [1e-5, 1].
func (p SubVP) Span() (start, end float64) { return p.vp().Span() }

// TimeAt returns the time at which log(α/σ) is logSNR, also beyond the span.
// With e^{−λ} = σ/α = 2 sinh(B/2) it is where B = 2 asinh(½e^{−λ}), which is −2λ
// long before the exponential overflows.
func (p SubVP) TimeAt(logSNR float64) float64 {
	if logSNR < -700 {
		return p.vp().timeOf(-2 * logSNR)
	}
	return p.vp().timeOf(2 * math.Asinh(0.5*math.Exp(-logSNR)))
}

// Validate returns an error wrapping ErrRange unless 0 < β₀ < β₁ < ∞ and
// the kernel at both ends of the span is as sde.Validate wants it.
func (p SubVP) Validate() error {
	b0, b1 := p.vp().betas()
	return increasing(p, "SubVP.BetaMin", b0, "SubVP.BetaMax", b1)
}
