package score

import (
	"fmt"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"
)

// Pairs serves the rows of x with the conditions in the same rows of cond, drawn
// with replacement, for a model with Config.Cond. Neither matrix is copied.
// Errors are those of Rows; that for another number of rows wraps ErrShape.
func Pairs(x, cond *mat.Dense) (Data, error) {
	for _, m := range []*mat.Dense{x, cond} {
		if _, err := Rows(m); err != nil {
			return nil, fmt.Errorf("score: Pairs: %w", err)
		}
	}
	if n, k := x.RawMatrix().Rows, cond.RawMatrix().Rows; n != k {
		return nil, fmt.Errorf("score: Pairs: %w: %d rows with %d conditions", ErrShape, n, k)
	}
	return pairs{x, cond}, nil
}

type pairs struct{ x, cond *mat.Dense }

func (p pairs) Batch(x, cond *mat.Dense, _, _ int, rng *rand.Rand) error {
	n, d := p.x.Dims()
	_, k := p.cond.Dims()
	if x.RawMatrix().Cols != d || cond == nil || cond.RawMatrix().Cols != k {
		return fmt.Errorf("score: Pairs: %w: want a batch of %d columns with conditions of %d", ErrShape, d, k)
	}
	for i := range x.RawMatrix().Rows {
		j := rng.IntN(n)
		copy(x.RawRowView(i), p.x.RawRowView(j))
		copy(cond.RawRowView(i), p.cond.RawRowView(j))
	}
	return nil
}

func (p pairs) Dims() (d, cond int) { return p.x.RawMatrix().Cols, p.cond.RawMatrix().Cols }

// DrawPairs is Draws for rows with conditions: the generator draws the d columns
// of a row and after them the cond columns of its condition.
func DrawPairs(d, cond int, open func(src rand.Source) distmv.Rander) Data {
	return &drawPairs{Draws(d+cond, open), d, cond, nil}
}

type drawPairs struct {
	joint   Data
	d, cond int
	both    *mat.Dense // the joint rows of the last batch
}

func (p *drawPairs) Batch(x, cond *mat.Dense, step, row int, rng *rand.Rand) error {
	n, d := x.Dims()
	if d != p.d || cond == nil || cond.RawMatrix().Cols != p.cond {
		return fmt.Errorf("score: DrawPairs: %w: want a batch of %d columns with conditions of %d", ErrShape, p.d, p.cond)
	}
	if p.both == nil || p.both.RawMatrix().Rows != n {
		p.both = mat.NewDense(n, p.d+p.cond, nil)
	}
	if err := p.joint.Batch(p.both, nil, step, row, rng); err != nil {
		return err
	}
	for i := range n {
		both := p.both.RawRowView(i)
		copy(x.RawRowView(i), both[:p.d])
		copy(cond.RawRowView(i), both[p.d:])
	}
	return nil
}

func (p *drawPairs) Dims() (d, cond int) { return p.d, p.cond }
