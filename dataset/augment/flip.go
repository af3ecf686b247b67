package augment

import (
	"fmt"
	"math/rand/v2"
)

// Flip mirrors every second row, left and right exchanged. The parameter is 1 for a row
// that it has mirrored, else 0.
type Flip struct {
	Vertical bool // along the first axis of two: top and bottom exchanged
}

// Check implements Op.
func (f Flip) Check(g Grid) (Grid, int, error) {
	if f.Vertical && len(g.Size) != 2 {
		return g, 0, fmt.Errorf("Flip: Vertical: is set for %d axis, want two: %w", len(g.Size), ErrShape)
	}
	return g, 1, nil
}

// Draw implements Op.
func (f Flip) Draw(a []float64, _ Grid, rng *rand.Rand) { a[0] = float64(rng.IntN(2)) }

// Apply implements Op.
func (f Flip) Apply(dst, x, a []float64, g Grid, _ *rand.Rand) {
	if a[0] == 0 {
		copy(dst, x)
		return
	}
	h, w, channels := g.plane()
	for y := range h {
		for p := range w {
			from := y*w + w - 1 - p
			if f.Vertical {
				from = (h-1-y)*w + p
			}
			copy(dst[(y*w+p)*channels:][:channels], x[from*channels:])
		}
	}
}
