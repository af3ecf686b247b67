package sde

import "math"

// VP is the variance-preserving process with a linear noise rate,
//
//	dx = −½β(t) x dt + √β(t) dw,   β(t) = β₀ + t(β₁ − β₀),
//
// whose kernel, with B(t) = ∫₀ᵗβ = β₀t + ½t²(β₁ − β₀), is
//
//	α(t) = e^{−B/2},   σ²(t) = 1 − e^{−B},   so that α² + σ² = 1.
//
// Ho et al. 2020 in discrete time; Song et al. 2021.
type VP struct {
	BetaMin float64 // β₀, the rate at t = 0; zero means 0.1
	BetaMax float64 // β₁, the rate at t = 1; zero means 20
}

func (p VP) betas() (b0, b1 float64) {
	return orDefault(p.BetaMin, 0.1), orDefault(p.BetaMax, 20)
}

// integral returns B(t) = ∫₀ᵗβ.
func (p VP) integral(t float64) float64 {
	b0, b1 := p.betas()
	return t * (b0 + 0.5*t*(b1-b0))
}

// timeOf returns the positive root of B(t) = b.
func (p VP) timeOf(b float64) float64 {
	if math.IsInf(b, 1) {
		return b
	}
	b0, b1 := p.betas()
	return 2 * b / (b0 + math.Sqrt(b0*b0+2*(b1-b0)*b))
}

// Kernel returns α = e^{−B/2} and σ = √(1 − e^{−B}), without cancellation at
// small t and down to σ = 0 at t = 0.
func (p VP) Kernel(t float64) (alpha, sigma float64) {
	b := p.integral(t)
	return math.Exp(-0.5 * b), math.Sqrt(-math.Expm1(-b))
}

// Rates returns f = −½β and g² = β.
func (p VP) Rates(t float64) (f, g2 float64) {
	b0, b1 := p.betas()
	beta := b0 + t*(b1-b0)
	return -0.5 * beta, beta
}

// Span returns [1e-5, 1].
func (p VP) Span() (start, end float64) { return 1e-5, 1 }

// TimeAt returns the time at which log(α/σ) is logSNR: B = log(1 + e^{−2λ})
// and the positive root of B(t) = B, also beyond the span.
func (p VP) TimeAt(logSNR float64) float64 {
	y := -2 * logSNR
	return p.timeOf(math.Max(y, 0) + math.Log1p(math.Exp(-math.Abs(y))))
}

// Validate returns an error wrapping ErrRange unless 0 < β₀ < β₁ < ∞ and
// the kernel at both ends of the span is as sde.Validate wants it.
func (p VP) Validate() error {
	b0, b1 := p.betas()
	return increasing(p, "VP.BetaMin", b0, "VP.BetaMax", b1)
}
