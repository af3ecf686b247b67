package score

import (
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde/noise"
)

// distinct serves rows none of which it gives twice in a batch, in random order.
type distinct struct {
	rows
	x, cond *mat.Dense // where the rows of a step go
	order   []int32    // of the rows of the set, as they stand outside Batch
	moved   []int32    // what each row of a batch has changed its place with
}

// mostDistinct is the number of rows up to which their order is kept; of more, hardly
// any comes twice.
const mostDistinct = 1 << 24

// newDistinct returns what fills the first n of the clean rows of a batch.
func newDistinct(r rows, n int, clean, cond *mat.Dense) *distinct {
	d := &distinct{rows: r, x: clean.Slice(0, n, 0, clean.RawMatrix().Cols).(*mat.Dense), order: make([]int32, r.len()), moved: make([]int32, n)}
	if cond != nil {
		d.cond = cond.Slice(0, n, 0, cond.RawMatrix().Cols).(*mat.Dense)
	}
	for i := range d.order {
		d.order[i] = int32(i)
	}
	return d
}

// Batch implements Data: the first rows of a shuffle (Fisher and Yates 1938), which is
// taken back afterwards.
func (d *distinct) Batch(x, cond *mat.Dense, _, _ int, rng *rand.Rand) error {
	for i := range d.moved {
		j := i + rng.IntN(len(d.order)-i)
		d.moved[i] = int32(j)
		d.order[i], d.order[j] = d.order[j], d.order[i]
	}
	err := d.first(x, cond)
	for i := len(d.moved) - 1; i >= 0; i-- {
		j := d.moved[i]
		d.order[i], d.order[j] = d.order[j], d.order[i]
	}
	return err
}

// first reads the rows that are first in order.
func (d *distinct) first(x, cond *mat.Dense) error {
	var c []float64
	for i := range d.moved {
		if cond != nil {
			c = cond.RawRowView(i)
		}
		if err := d.read(int(d.order[i]), x.RawRowView(i), c); err != nil {
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
