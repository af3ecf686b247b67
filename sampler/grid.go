package sampler

import (
	"fmt"
	"math"
	"slices"

	"github.com/gradlogp/gradlogp/sde"
)

// onSpan returns the grid with the times that mean an end of the span, see
// sde.InSpan, set to it, or an error that names a time at which a run cannot be.
func onSpan(p sde.SDE, grid []float64) ([]float64, error) {
	if len(grid) < 2 {
		return nil, fmt.Errorf("sampler: Settings.Grid: has %d points, want 2 or more: %w", len(grid), ErrRange)
	}
	grid = slices.Clone(grid)
	for i, t := range grid {
		at, ok := sde.InSpan(p, t)
		grid[i] = at
		below := i == len(grid)-1 && at < grid[0]
		switch {
		case math.IsNaN(t) || math.IsInf(t, 0):
			return nil, fmt.Errorf("sampler: Settings.Grid[%d]: is %g, want a finite time: %w", i, t, ErrRange)
		case i > 0 && at >= grid[i-1]:
			return nil, fmt.Errorf("sampler: Settings.Grid[%d]: is %g, want less than Grid[%d] = %g: %w", i, t, i-1, grid[i-1], ErrRange)
		case !ok && !below:
			start, end := p.Span()
			return nil, fmt.Errorf("sampler: Settings.Grid[%d]: is %g, want a time in the span [%g, %g]: %w", i, t, start, end, ErrRange)
		case t < 0 && !ok:
			return nil, fmt.Errorf("sampler: Settings.Grid[%d]: is %g, want 0 or more: %w", i, t, ErrRange)
		}
	}
	return grid, nil
}
