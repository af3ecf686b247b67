package sampler

import (
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/sde"
)

// DefaultPoints is the number of points of the grid used when Settings give
// none. With the final denoise it is also the number of evaluations of a
// predictor that needs one a step.
const DefaultPoints = 40

// The grid constructors do not judge their arguments: Sample and Continue
// check the grid they are given.

// DefaultGrid returns Karras(p, 10, 0.01, 7, n): in coordinates where the
// data's variance is 1, noise levels outside this range are wasted steps. A law
// whose mean is not 0, as that of one class of a conditional model, still shows
// at the first: there Settings.Prior with its mean and variances is the start
// that fits.
func DefaultGrid(p sde.SDE, n int) []float64 { return Karras(p, 10, 0.01, 7, n) }

// Uniform returns n equally spaced times from one time down to another.
func Uniform(from, to float64, n int) []float64 {
	return spaced(n, from, to, func(w float64) float64 { return from + w*(to-from) })
}

// LogSNR returns n times from one time down to another that are equally spaced
// in λ = log(α/σ).
func LogSNR(p sde.SDE, from, to float64, n int) []float64 {
	a, b := sde.LogSNR(p, from), sde.LogSNR(p, to)
	return spaced(n, from, to, func(w float64) float64 { return sde.TimeAt(p, a+w*(b-a)) })
}

// Quadratic returns n times from one time down to another that are equally
// spaced in √t: the quadratic choice of DDIM (Song, Meng & Ermon 2021).
func Quadratic(from, to float64, n int) []float64 {
	a, b := math.Sqrt(from), math.Sqrt(to)
	return spaced(n, from, to, func(w float64) float64 { return (a + w*(b-a)) * (a + w*(b-a)) })
}

// spaced returns at(i/(n−1)) for i = 0 … n−1 with the ends set exactly. For
// n < 1 the result is empty but not nil, which would stand for the default.
func spaced(n int, from, to float64, at func(w float64) float64) []float64 {
	grid := make([]float64, max(n, 0))
	for i := range grid {
		switch i {
		case 0:
			grid[i] = from
		case n - 1:
			grid[i] = to
		default:
			grid[i] = at(float64(i) / float64(n-1))
		}
	}
	return grid
}

func checkGrid(p sde.SDE, grid []float64) error {
	if len(grid) < 2 {
		return fmt.Errorf("sampler: Settings.Grid has %d points, expected 2 or more: %w", len(grid), ErrRange)
	}
	start, end := p.Span()
	for i, t := range grid {
		last := i == len(grid)-1
		switch {
		case math.IsNaN(t) || math.IsInf(t, 0):
			return fmt.Errorf("sampler: Settings.Grid[%d] = %g, expected a finite time: %w", i, t, ErrRange)
		case i > 0 && t >= grid[i-1]:
			return fmt.Errorf("sampler: Settings.Grid[%d] = %g, expected less than Grid[%d] = %g: %w", i, t, i-1, grid[i-1], ErrRange)
		case t > end || !last && t < start:
			return fmt.Errorf("sampler: Settings.Grid[%d] = %g, expected a time in the span [%g, %g]: %w", i, t, start, end, ErrRange)
		case last && t < 0:
			return fmt.Errorf("sampler: Settings.Grid[%d] = %g, expected 0 or more: %w", i, t, ErrRange)
		}
	}
	return nil
}
