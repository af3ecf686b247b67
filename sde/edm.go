package sde

import "math"

// EDM is the process whose time is its noise level,
//
//	dx = √(2t) dw,   α(t) = 1,   σ(t) = t.
//
// Karras et al. 2022.
type EDM struct {
	SigmaMin float64 // start of the span; zero means 0.002
	SigmaMax float64 // end of the span; zero means 80
}

// Kernel returns α = 1 and σ = t.
func (p EDM) Kernel(t float64) (alpha, sigma float64) { return 1, t }

// Rates returns f = 0 and g² = 2t.
func (p EDM) Rates(t float64) (f, g2 float64) { return 0, 2 * t }

// Span returns [σ_min, σ_max].
func (p EDM) Span() (start, end float64) {
	return orDefault(p.SigmaMin, 0.002), orDefault(p.SigmaMax, 80)
}

// TimeAt returns e^{−logSNR}, also beyond the span.
func (p EDM) TimeAt(logSNR float64) float64 { return math.Exp(-logSNR) }

// Validate returns an error wrapping ErrRange unless 0 < σ_min < σ_max < ∞
// and the kernel at both ends of the span is as sde.Validate wants it.
func (p EDM) Validate() error {
	lo, hi := p.Span()
	return increasing(p, "EDM.SigmaMin", lo, "EDM.SigmaMax", hi)
}
