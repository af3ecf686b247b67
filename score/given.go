package score

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// Conditional is the score s(y, t | c) of a model under conditions c, one for
// all rows or one a row. It is safe for concurrent use, except beside Fit and
// Load of the model.
type Conditional struct {
	m    *Model
	cond []float64 // encoded
}

var (
	_ sde.Divergencer = (*Conditional)(nil)
	_ sde.Tangents    = (*Conditional)(nil)
	_ sde.Framed      = (*Conditional)(nil)
	_ sde.Selector    = (*Conditional)(nil)
)

// Given returns the score of the model under the conditions cond: one row for
// all rows that are asked for, or a row for each, row i of cond being for row i
// of a sampling run. It panics when cond has other columns than Config.Cond says
// and for what CheckGiven finds. The model's own Score is the unconditional one,
// which needs Settings.DropCond in training. For both together see sde.Guide.
func (m *Model) Given(cond *mat.Dense) *Conditional {
	n, k := cond.Dims()
	if m.cond == nil || k != m.cond.count() || n == 0 {
		panic(badShape)
	}
	if err := m.CheckGiven(cond); err != nil {
		panic(err.Error())
	}
	return &Conditional{m: m, cond: m.cond.encoded(cond)}
}

// CheckGiven returns an error for conditions that come from outside: one
// wrapping ErrShape when there are none or their columns are not those of
// Config.Cond, ErrNonFinite for a NaN or an infinity, and ErrRange for a label
// that does not exist, naming row and column.
func (m *Model) CheckGiven(cond *mat.Dense) error {
	n, k := cond.Dims()
	if n == 0 || k != m.conditionColumns() {
		return fmt.Errorf("score: Given: %w: conditions of %d rows and %d columns, the model takes %d columns", ErrShape, n, k, m.conditionColumns())
	}
	if err := m.cond.check(cond); err != nil {
		return fmt.Errorf("score: Given: %w", err)
	}
	return nil
}

func (c *Conditional) row(i int) []float64 {
	w := c.m.cond.width
	return c.cond[i*w : (i+1)*w]
}

// Select returns the score under the conditions of the rows with these indices.
func (c *Conditional) Select(rows []int) sde.Scorer {
	if c.common() {
		return c
	}
	s := &Conditional{m: c.m, cond: make([]float64, 0, len(rows)*c.m.cond.width)}
	for _, i := range rows {
		s.cond = append(s.cond, c.row(i)...)
	}
	return s
}

// common reports whether there is one condition for all rows.
func (c *Conditional) common() bool { return len(c.cond) == c.m.cond.width }

// Frame returns the model's shift and scale.
func (c *Conditional) Frame() (shift, scale []float64) { return c.m.Frame() }

// Score writes the scores of the rows of x at the times t, one or one a row,
// into dst. It panics when the shapes do not match.
func (c *Conditional) Score(dst, x *mat.Dense, t []float64) { c.m.scoreGiven(dst, x, t, c.check(x)) }

// Divergence writes the scores into dst and ∇·s of each row into div.
func (c *Conditional) Divergence(dst *mat.Dense, div []float64, x *mat.Dense, t []float64) {
	c.m.divergenceGiven(dst, div, x, t, c.check(x))
}

// JVP writes the scores into dst and the derivatives (∂s/∂x)v into jv.
func (c *Conditional) JVP(dst, jv, x, v *mat.Dense, t []float64) {
	c.m.jvpGiven(dst, jv, x, v, t, c.check(x))
}

// Energy writes the energies of the rows of x into dst, see Model.Energy.
func (c *Conditional) Energy(dst []float64, x *mat.Dense, t []float64) {
	c.m.energyGiven(dst, x, t, c.check(x))
}

// UnitRoundoff returns the relative rounding error of the model's arithmetic.
func (c *Conditional) UnitRoundoff() float64 {
	if c.m.double {
		return 0x1p-53
	}
	return 0x1p-24
}

// Kink returns the time below which the model's score is frozen.
func (c *Conditional) Kink() float64 { return c.m.Kink() }

// check returns the conditions, which have to be one or as many as the rows.
func (c *Conditional) check(x *mat.Dense) []float64 {
	if n, _ := x.Dims(); !c.common() && len(c.cond) != n*c.m.cond.width {
		panic(badShape)
	}
	return c.cond
}
