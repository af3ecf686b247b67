package augment

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Edge says what is beyond the ends of an axis.
type Edge uint8

// Beyond the ends there is a value, the last position repeated, or the other end.
const (
	Constant Edge = iota
	Repeat
	Circular
)

// Shift moves rows along each axis by a whole number of positions, the parameters
// a = (a₁, a₂), down and to the right: uniform on −Most, …, Most, and
//
//	y_p = x_{p−a}.
type Shift struct {
	Most  []int // for each axis
	Edge  Edge
	Value float64 // beyond the ends for Constant: black, say
}

// Check implements Op.
func (s Shift) Check(g Grid) (Grid, int, error) {
	if len(s.Most) != len(g.Size) {
		return g, 0, fmt.Errorf("Shift: Most: is %v, want a number for each of %d axes: %w", s.Most, len(g.Size), ErrShape)
	}
	for i, n := range s.Most {
		if n < 0 || n >= g.Size[i] {
			return g, 0, fmt.Errorf("Shift: Most[%d]: is %d, want one of 0, …, %d, less than the axis: %w", i, n, g.Size[i]-1, ErrRange)
		}
	}
	if s.Edge > Circular {
		return g, 0, fmt.Errorf("Shift: Edge: is %d, want Constant, Repeat or Circular: %w", s.Edge, ErrRange)
	}
	if math.IsNaN(s.Value-s.Value) || s.Value != 0 && s.Edge != Constant {
		return g, 0, fmt.Errorf("Shift: Value: is %v, want a finite number, and 0 for Repeat and Circular: %w", s.Value, ErrRange)
	}
	return g, len(s.Most), nil
}

// Draw implements Op.
func (s Shift) Draw(a []float64, _ Grid, rng *rand.Rand) {
	for i, n := range s.Most {
		a[i] = float64(rng.IntN(2*n+1) - n)
	}
}

// Apply implements Op.
func (s Shift) Apply(dst, x, a []float64, g Grid, _ *rand.Rand) {
	h, w, channels := g.plane()
	down, right := 0, int(a[len(a)-1])
	if len(a) == 2 {
		down = int(a[0])
	}
	for y := range h {
		from := s.place(y-down, h)
		for p := range w {
			to := dst[(y*w+p)*channels:][:channels]
			if at := s.place(p-right, w); from >= 0 && at >= 0 {
				copy(to, x[(from*w+at)*channels:])
				continue
			}
			for c := range to {
				to[c] = s.Value
			}
		}
	}
}

// place returns the position of 0, …, n−1 that stands at i, −1 for none.
func (s Shift) place(i, n int) int {
	switch {
	case s.Edge == Circular:
		return (i%n + n) % n
	case s.Edge == Repeat:
		return min(max(i, 0), n-1)
	case i < 0 || i >= n:
		return -1
	}
	return i
}
