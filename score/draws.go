package score

import (
	"fmt"
	"math/rand/v2"
	"reflect"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"
)

// Draws serves fresh draws of a generator of d columns, never the same row twice,
// such as
//
//	score.Draws(2, dataset.NewMoons)
//
// open is called once, with the source that the generator has to use and may read
// from in Rand only. It is the natural choice for simulators and toy
// distributions. Runs that go on at the same time need a Data each. Fit returns
// an error wrapping ErrRange for d < 1, a nil open and one that returns nil, and
// ErrShape when the generator has another Dim.
func Draws[D distmv.Rander](d int, open func(src rand.Source) D) *Drawn {
	g := &Drawn{dim: d, source: &switched{}}
	switch {
	case d < 1:
		g.err = fmt.Errorf("score: Draws: d: is %d, want at least 1: %w", d, ErrRange)
	case open == nil:
		g.err = fmt.Errorf("score: Draws: open: is nil, want a function: %w", ErrRange)
	default:
		g.rander = open(g.source)
		sized, ok := g.rander.(interface{ Dim() int })
		switch {
		case isNil(g.rander):
			g.err = fmt.Errorf("score: Draws: open: returns a nil %v, want a generator: %w", reflect.TypeFor[D](), ErrRange)
		case ok && sized.Dim() != d:
			g.err = fmt.Errorf("score: Draws: d: is %d, want %d, the columns of a %v: %w", d, sized.Dim(), reflect.TypeFor[D](), ErrShape)
		}
	}
	return g
}

// Drawn is the Data of Draws.
type Drawn struct {
	dim, cond int
	source    *switched
	rander    distmv.Rander
	row       []float64 // a row and its condition
	err       error
}

// switched is a source that reads from whichever generator is current.
type switched struct{ current *rand.Rand }

func (s *switched) Uint64() uint64 { return s.current.Uint64() }

// WithConditions returns the Data whose conditions are the last k columns of the
// draws, and whose rows are what stands before. It takes the place of the Data
// that it comes from. Fit returns an error wrapping ErrRange when no column is
// left for the rows.
func (g *Drawn) WithConditions(k int) *Drawn {
	c := *g
	if c.cond, c.row = k, nil; c.err == nil && (k < 0 || k >= c.dim) {
		c.err = fmt.Errorf("score: Draws: WithConditions: k: is %d, want 0, …, %d, which leaves a column for the rows: %w", k, c.dim-1, ErrRange)
	}
	return &c
}

// Validate returns what is wrong with the arguments of Draws; Fit asks for it
// before the first step.
func (g *Drawn) Validate() error { return g.err }

// Dims implements Data.
func (g *Drawn) Dims() (d, cond int) { return g.dim - g.cond, g.cond }

// Batch implements Data.
func (g *Drawn) Batch(x, cond *mat.Dense, _, _ int, rng *rand.Rand) error {
	if g.err != nil {
		return g.err
	}
	if err := fits("Draws", x, cond, g.dim-g.cond, g.cond); err != nil {
		return err
	}
	g.source.current = rng
	g.row = resize(g.row, g.dim)
	for i := range x.RawMatrix().Rows {
		blank(g.row)
		got := g.rander.Rand(g.row)
		if len(got) != g.dim {
			return fmt.Errorf("score: Draws: Rand of %T: returns %d numbers, want the %d of a row: %w", g.rander, len(got), g.dim, ErrShape)
		}
		n := copy(x.RawRowView(i), got)
		if cond != nil {
			copy(cond.RawRowView(i), got[n:])
		}
	}
	return nil
}
