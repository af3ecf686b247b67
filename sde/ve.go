package sde

import "math"

// VE is the variance-exploding process with a geometric noise level,
//
//	dx = g(t) dw,   g² = 2σ² ln(σ_max/σ_min),
//
// with α = 1 and σ(t) = σ_min(σ_max/σ_min)^t, the continuous form of the
// levels of Song & Ermon 2019; Song et al. 2021. By that convention the
// kernel's deviation at t = 0 is σ_min and not 0: data that is taken to live
// at t = 0 already carries noise σ_min.
type VE struct {
	SigmaMin float64 // σ_min, the level at t = 0; zero means 0.01
	SigmaMax float64 // σ_max, the level at t = 1; zero means 50
}

func (p VE) sigmas() (lo, hi float64) {
	return orDefault(p.SigmaMin, 0.01), orDefault(p.SigmaMax, 50)
}

// Kernel returns α = 1 and σ = σ_min(σ_max/σ_min)^t.
func (p VE) Kernel(t float64) (alpha, sigma float64) {
	lo, hi := p.sigmas()
	return 1, lo * math.Pow(hi/lo, t)
}

// Rates returns f = 0 and g² = 2σ² ln(σ_max/σ_min).
func (p VE) Rates(t float64) (f, g2 float64) {
	lo, hi := p.sigmas()
	_, sigma := p.Kernel(t)
	return 0, 2 * sigma * sigma * math.Log(hi/lo)
}

// Span returns [1e-5, 1].
func (p VE) Span() (start, end float64) { return 1e-5, 1 }

// TimeAt returns the time at which log(1/σ) is logSNR, also beyond the span;
// it is negative for levels below σ_min.
func (p VE) TimeAt(logSNR float64) float64 {
	lo, hi := p.sigmas()
	return (-logSNR - math.Log(lo)) / math.Log(hi/lo)
}

// Validate returns an error wrapping ErrRange unless 0 < σ_min < σ_max < ∞
// and the kernel at both ends of the span is as sde.Validate wants it.
func (p VE) Validate() error {
	lo, hi := p.sigmas()
	return increasing(p, "VE.SigmaMin", lo, "VE.SigmaMax", hi)
}
