package sde

import (
	"fmt"
	"math"
)

// Linear is the process on straight lines between data and noise,
//
//	α(t) = 1 − t,   σ(t) = σ_min + (1 − σ_min)t,
//
// which rectified flow and optimal-transport flow matching train on, σ_min
// being 0 in the former and small in the latter. (Their time runs the other
// way, from noise at 0 to data at 1.) Its velocity α̇D + σ̇ε has no singularity
// at either end. Liu et al. 2023; Lipman et al. 2023.
type Linear struct {
	SigmaMin float64 // σ_min, the level at t = 0, 0 ≤ σ_min < 1
}

// Kernel returns α = 1 − t and σ = σ_min + (1 − σ_min)t.
func (p Linear) Kernel(t float64) (alpha, sigma float64) {
	return 1 - t, p.SigmaMin + (1-p.SigmaMin)*t
}

// Rates returns f = −1/(1 − t) and g² = 2σ/(1 − t).
func (p Linear) Rates(t float64) (f, g2 float64) {
	alpha, sigma := p.Kernel(t)
	return -1 / alpha, 2 * sigma / alpha
}

// Span returns [1e-3, 0.999]: the rates grow beyond all bounds as t goes to 1,
// where nothing is left of the data.
func (p Linear) Span() (start, end float64) { return 1e-3, 0.999 }

// TimeAt returns the time at which log(α/σ) is logSNR, also beyond the span;
// it is negative for levels below σ_min. The two forms are the same ratio,
// each with the exponential that cannot overflow.
func (p Linear) TimeAt(logSNR float64) float64 {
	if logSNR > 0 {
		ratio := math.Exp(-logSNR)
		return (ratio - p.SigmaMin) / (ratio + 1 - p.SigmaMin)
	}
	ratio := math.Exp(logSNR)
	return (1 - ratio*p.SigmaMin) / (1 + ratio*(1-p.SigmaMin))
}

// Validate returns an error wrapping ErrRange unless 0 ≤ σ_min < 1.
func (p Linear) Validate() error {
	if !(p.SigmaMin >= 0 && p.SigmaMin < 1) {
		return fmt.Errorf("sde: Linear.SigmaMin: is %v, want 0 <= SigmaMin < 1: %w", p.SigmaMin, ErrRange)
	}
	return nil
}
