package score

import (
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde/noise"
)

// distinct serves rows none of which it gives twice in a batch, in random order.
type distinct struct {
	rows
	x, cond *mat.Dense  // where the rows of a step go
	moved   map[int]int // what stands at a place of the shuffled set when it is not its own row
}

// newDistinct returns what fills the first n of the clean rows of a batch.
func newDistinct(r rows, n int, clean, cond *mat.Dense) *distinct {
	d := &distinct{rows: r, x: clean.Slice(0, n, 0, clean.RawMatrix().Cols).(*mat.Dense), moved: make(map[int]int, 2*n)}
	if cond != nil {
		d.cond = cond.Slice(0, n, 0, cond.RawMatrix().Cols).(*mat.Dense)
	}
	return d
}

// Batch implements Data: the first n rows of a shuffle (Fisher and Yates 1938), of
// which no more is kept than has moved.
func (d *distinct) Batch(x, cond *mat.Dense, _, _ int, rng *rand.Rand) error {
	clear(d.moved)
	at := func(i int) int {
		if k, ok := d.moved[i]; ok {
			return k
		}
		return i
	}
	var c []float64
	for i := range x.RawMatrix().Rows {
		j := i + rng.IntN(d.len()-i)
		k := at(j)
		d.moved[j] = at(i)
		if cond != nil {
			c = cond.RawRowView(i)
		}
		if err := d.read(k, x.RawRowView(i), c); err != nil {
			return err
		}
	}
	return nil
}

// distinctRows is cleanRows without a row twice, as far as there are as many.
func (b *batcher) distinctRows(step int) error {
	if err := b.pairsOf(b.distinct, b.distinct.x, b.distinct.cond, step, 0, noise.Data); err != nil {
		return err
	}
	n := b.distinct.x.RawMatrix().Rows
	for i := n; i < b.own; i++ {
		b.clean.SetRow(i, b.clean.RawRowView(i%n))
		if b.cond != nil {
			b.cond.SetRow(i, b.cond.RawRowView(i%n))
		}
	}
	return nil
}
