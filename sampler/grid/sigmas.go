package grid

import (
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/sde"
)

// The grids of this file are given as noise-to-signal ratios ς = σ/α, in which
// they are the same for every process. Ratios that the process does not reach
// within its span are replaced by those at the ends of the span.

// Karras returns n times at which ς falls from sigmaMax to sigmaMin as
//
//	ς_i = (ς_max^{1/ρ} + i/(n−1) (ς_min^{1/ρ} − ς_max^{1/ρ}))^ρ
//
// (Karras et al. 2022, usually with ρ = 7). Levels beyond the span are those of its
// ends.
func Karras(p sde.SDE, sigmaMax, sigmaMin, rho float64, n int) []float64 {
	return falling(p, sigmaMax, sigmaMin, n, func(w, high, low float64) float64 {
		a, b := math.Pow(high, 1/rho), math.Pow(low, 1/rho)
		return rho * math.Log(a+w*(b-a))
	})
}

// Exponential returns n times at which ς falls from sigmaMax to sigmaMin in
// equal ratios: equal steps of log(α/σ).
func Exponential(p sde.SDE, sigmaMax, sigmaMin float64, n int) []float64 {
	return Polyexponential(p, sigmaMax, sigmaMin, 1, n)
}

// Polyexponential returns n times at which ς falls from sigmaMax to sigmaMin as
//
//	log ς_i = log ς_min + (1 − i/(n−1))^ρ (log ς_max − log ς_min),
//
// the grid of k-diffusion: Exponential for ρ = 1, and for larger ρ with more of
// its points at small ς.
func Polyexponential(p sde.SDE, sigmaMax, sigmaMin, rho float64, n int) []float64 {
	return falling(p, sigmaMax, sigmaMin, n, func(w, high, low float64) float64 {
		a, b := math.Log(high), math.Log(low)
		return b + math.Pow(1-w, rho)*(a-b)
	})
}

// falling returns n times at which log ς is at(i/(n−1), ς_max, ς_min), after
// the two have been cut to the span.
func falling(p sde.SDE, sigmaMax, sigmaMin float64, n int, at func(w, high, low float64) float64) []float64 {
	from, high := cut(p, sigmaMax)
	to, low := cut(p, sigmaMin)
	return spaced(n, from, to, func(w float64) float64 { return sde.TimeAt(p, -at(w, high, low)) })
}

// cut returns the time at which ς is sigma, and sigma; those of the nearer end of
// the span where it is beyond.
func cut(p sde.SDE, sigma float64) (time, level float64) {
	time, ok := sde.TimeInSpan(p, -math.Log(sigma))
	if !ok {
		sigma = ratio(p, time)
	}
	return time, sigma
}

// FromSigmas returns the times at which ς has the given values. They fall, and the
// last may be 0, which is time 0; the others lie within what the process
// reaches in its span. An error wraps sde.ErrRange and names the value.
//
// A process such as VE, whose noise at time 0 is not 0, has no time for a last 0.
// The grid then ends at the start of the span, once, from where the final denoise
// of a run leads to ς = 0.
//
// The noise levels of another process or program can be used with any process
// in this way. k-diffusion's "VP" schedule, for example, is the levels of
// sde.VP{} at the times UniformTime(1, 1e-3, n).
func FromSigmas(p sde.SDE, sigmas []float64) ([]float64, error) {
	if err := sde.Validate(p); err != nil {
		return nil, fmt.Errorf("grid: FromSigmas: %w", err)
	}
	times := make([]float64, 0, len(sigmas))
	for i, r := range sigmas {
		if i > 0 && !(r < sigmas[i-1]) {
			return nil, fmt.Errorf("grid: FromSigmas: sigmas[%d]: is %g, want less than sigmas[%d] = %g: %w", i, r, i-1, sigmas[i-1], sde.ErrRange)
		}
		if r == 0 && i == len(sigmas)-1 {
			return append(times, noiseless(p, times)...), nil
		}
		t, ok := sde.TimeInSpan(p, -math.Log(r))
		if !ok {
			start, end := p.Span()
			return nil, fmt.Errorf("grid: FromSigmas: sigmas[%d]: is %g, want σ/α of a time in the span, from %g to %g: %w", i, r, ratio(p, start), ratio(p, end), sde.ErrRange)
		}
		times = append(times, t)
	}
	return times, nil
}

// noiseless returns what ends a grid at ς = 0.
func noiseless(p sde.SDE, times []float64) []float64 {
	if _, sigma := p.Kernel(0); sigma == 0 {
		return []float64{0}
	}
	start, _ := p.Span()
	if n := len(times); n > 0 && times[n-1] == start {
		return nil
	}
	return []float64{start}
}

// Sigmas returns ς = σ/α at the times of a grid: the inverse of FromSigmas.
func Sigmas(p sde.SDE, times []float64) []float64 {
	sigmas := make([]float64, len(times))
	for i, t := range times {
		sigmas[i] = ratio(p, t)
	}
	return sigmas
}

func ratio(p sde.SDE, t float64) float64 {
	alpha, sigma := p.Kernel(t)
	return sigma / alpha
}
