package sde

import (
	"fmt"
	"math"
)

// Schedule is the process with a user's own α and σ,
//
//	f = α̇/α,   g² = 2σ(σ̇ − fσ).
//
// Each function returns its value and its derivative at time t. The
// signal-to-noise ratio α/σ has to decrease, which is what makes g² positive.
// How accurate the process is at small times is up to the functions: where σ
// comes from α, as √(1 − α²), it should be computed without the cancellation
// in 1 − α² (see math.Expm1).
//
// Package sdetest checks such a process; Validate looks at it only here and
// there.
type Schedule struct {
	Alpha, Sigma func(t float64) (value, derivative float64)
	Start, End   float64 // the span, 0 ≤ Start < End
}

// Kernel returns the values of the two functions.
func (p Schedule) Kernel(t float64) (alpha, sigma float64) {
	alpha, _ = p.Alpha(t)
	sigma, _ = p.Sigma(t)
	return alpha, sigma
}

// Rates returns f = α̇/α and g² = 2σ(σ̇ − fσ).
func (p Schedule) Rates(t float64) (f, g2 float64) {
	alpha, dAlpha := p.Alpha(t)
	sigma, dSigma := p.Sigma(t)
	f = dAlpha / alpha
	return f, 2 * sigma * (dSigma - f*sigma)
}

// Span returns the times that the user gave.
func (p Schedule) Span() (start, end float64) { return p.Start, p.End }

// Validate returns an error wrapping ErrRange unless both functions are set
// and, at 65 equally spaced times of the span, α and σ are positive and
// finite, f is finite, and g² is finite and not negative.
func (p Schedule) Validate() error {
	if p.Alpha == nil || p.Sigma == nil {
		return fmt.Errorf("sde: a function of Schedule is nil, want Alpha and Sigma: %w", ErrRange)
	}
	if !(p.Start >= 0 && p.Start < p.End && p.End <= math.MaxFloat64) {
		return fmt.Errorf("sde: Schedule.Start = %v, Schedule.End = %v, want 0 <= Start < End < Inf: %w", p.Start, p.End, ErrRange)
	}
	name := fmt.Sprintf("Schedule.Start = %v, Schedule.End = %v", p.Start, p.End)
	const n = 64
	for i := range n + 1 {
		t := p.Start + (p.End-p.Start)*float64(i)/n
		alpha, sigma := p.Kernel(t)
		if !positive(alpha) || !positive(sigma) {
			return fmt.Errorf("sde: %s: α = %v, σ = %v at t = %v, want both positive and finite: %w", name, alpha, sigma, t, ErrRange)
		}
		if f, g2 := p.Rates(t); !(math.Abs(f) <= math.MaxFloat64 && g2 >= 0 && g2 <= math.MaxFloat64) {
			return fmt.Errorf("sde: %s: f = %v, g² = %v at t = %v, want both finite and g² >= 0, α/σ decreasing: %w", name, f, g2, t, ErrRange)
		}
	}
	return ends(p, name)
}
