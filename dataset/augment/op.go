package augment

import (
	"cmp"
	"fmt"
	"math/rand/v2"
)

// Grid says where the numbers of a row are: on one axis, of a signal, or two, of an image
// line by line, and at each position the channels side by side. It is the order of
// nn.Conv, images.Format and signal.Windows.
type Grid struct {
	Size     []int // lengths of the axes
	Channels int   // 0 is 1
}

// mostColumns bounds a row, so that products of lengths do not overflow.
const mostColumns = 1 << 28

// columns returns the length of a row, 0 for no grid.
func (g Grid) columns() int {
	n := cmp.Or(g.Channels, 1)
	if n < 1 || n > mostColumns || len(g.Size) < 1 || len(g.Size) > 2 {
		return 0
	}
	for _, k := range g.Size {
		if k < 1 || k > mostColumns/n {
			return 0
		}
		n *= k
	}
	return n
}

// plane returns the grid as one of two axes.
func (g Grid) plane() (h, w, channels int) {
	channels = cmp.Or(g.Channels, 1)
	if len(g.Size) == 1 {
		return 1, g.Size[0], channels
	}
	return g.Size[0], g.Size[1], channels
}

// Op is a family of maps T_a of rows with a distribution of the parameters a. T₀ leaves
// a row as it is.
type Op interface {
	// Check returns the grid of T_a x for x on a grid, and the number of parameters, or
	// an error when there is no such map.
	Check(g Grid) (out Grid, parameters int, err error)
	// Draw draws the parameters for a row on the grid.
	Draw(a []float64, g Grid, rng *rand.Rand)
	// Apply writes T_a x into dst, which does not overlap x. rng is for noise.
	Apply(dst, x, a []float64, g Grid, rng *rand.Rand)
}

var (
	_ Op = Shift{}
	_ Op = Flip{}
	_ Op = Crop{}
	_ Op = Noise{}
	_ Op = Gain{}
	_ Op = Jitter{}
	_ Op = Sometimes{}
	_ Op = Leaky{}
)

// chain is ops one after the other.
type chain struct {
	ops        []Op
	grids      []Grid // before each op, and after the last
	counts     []int  // of parameters
	parameters int    // in all
	widest     int    // columns between ops
}

func newChain(g Grid, ops []Op) (*chain, error) {
	if g.columns() == 0 {
		return nil, fmt.Errorf("Grid: is %v with %d channels, want one or two axes of positive lengths and at least one channel, up to 2²⁸ numbers, or Channels 0 for 1: %w", g.Size, g.Channels, ErrRange)
	}
	c := &chain{ops: ops, grids: []Grid{g}}
	for i, op := range ops {
		if op == nil {
			return nil, fmt.Errorf("op %d: is nil, want an Op such as Shift: %w", i, ErrRange)
		}
		out, n, err := op.Check(g)
		if err != nil {
			return nil, fmt.Errorf("op %d: %w", i, err)
		}
		g = out
		c.grids, c.counts, c.parameters = append(c.grids, g), append(c.counts, n), c.parameters+n
		c.widest = max(c.widest, g.columns())
	}
	return c, nil
}

// in and out return the columns before and after all ops.
func (c *chain) in() int  { return c.grids[0].columns() }
func (c *chain) out() int { return c.grids[len(c.ops)].columns() }

// draw draws the parameters of all ops, one after the other.
func (c *chain) draw(a []float64, rng *rand.Rand) {
	for i, op := range c.ops {
		op.Draw(a[:c.counts[i]:c.counts[i]], c.grids[i], rng)
		a = a[c.counts[i]:]
	}
}

// apply applies the ops. It takes 2·widest numbers of room.
func (c *chain) apply(dst, x, a, room []float64, rng *rand.Rand) {
	if len(c.ops) == 0 {
		copy(dst, x)
		return
	}
	for i, op := range c.ops {
		to := dst
		if i < len(c.ops)-1 {
			to = room[i%2*c.widest:][:c.grids[i+1].columns()]
		}
		op.Apply(to, x, a[:c.counts[i]:c.counts[i]], c.grids[i], rng)
		x, a = to, a[c.counts[i]:]
	}
}
