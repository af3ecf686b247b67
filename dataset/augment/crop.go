package augment

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// Crop takes a part of a size of its own. The parameters say how far it is from the middle,
// in positions along each axis, uniform on all that there are. The middle of what does not
// divide is the one nearer to the beginning.
type Crop struct {
	Size []int // lengths of the axes of the part
}

// Check implements Op.
func (c Crop) Check(g Grid) (Grid, int, error) {
	if len(c.Size) != len(g.Size) {
		return g, 0, fmt.Errorf("Crop: Size: is %v, want a length for each of %d axes: %w", c.Size, len(g.Size), ErrShape)
	}
	for i, n := range c.Size {
		if n < 1 || n > g.Size[i] {
			return g, 0, fmt.Errorf("Crop: Size[%d]: is %d, want one of 1, …, %d, the axis: %w", i, n, g.Size[i], ErrRange)
		}
	}
	g.Size = slices.Clone(c.Size)
	return g, len(c.Size), nil
}

// Draw implements Op.
func (c Crop) Draw(a []float64, g Grid, rng *rand.Rand) {
	for i, n := range c.Size {
		left := g.Size[i] - n
		a[i] = float64(rng.IntN(left+1) - left/2)
	}
}

// Apply implements Op.
func (c Crop) Apply(dst, x, a []float64, g Grid, _ *rand.Rand) {
	h, w, channels := g.plane()
	toH, toW, _ := Grid{Size: c.Size}.plane()
	top, left := (h-toH)/2, (w-toW)/2+int(a[len(a)-1])
	if len(a) == 2 {
		top += int(a[0])
	}
	n := toW * channels
	for y := range toH {
		copy(dst[y*n:(y+1)*n], x[((top+y)*w+left)*channels:])
	}
}
