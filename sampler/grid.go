package sampler

import (
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/sde"
)

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
