package augment

import (
	"fmt"
	"math/rand/v2"
	"sync"

	"gonum.org/v1/gonum/mat"
)

// Source is a source of training rows, a score.Data: what score.RowsOf returns, say.
type Source interface {
	Batch(x, cond *mat.Dense, step, row int, rng *rand.Rand) error
	Dims() (d, cond int)
}

// Data serves the rows of a Source, changed anew whenever one is drawn. The parameters of
// the ops are the first columns of the condition, in the order of the ops, before those of
// the source. It is a score.Data. score.Fit does not see whether the rows behind it are
// few: Settings.Validation.Data from Plain, Steps and Regularize are the caller's. Where Steps
// are left out it makes as many as for rows without end, see score.Recommend.
type Data struct {
	source Source
	chain  *chain
	own    int // conditions of the source
	plain  bool
	rooms  sync.Pool // of *room
}

// room is what a batch needs.
type room struct {
	x, cond *mat.Dense
	a, row  []float64
}

// New returns the rows of a source, which lie on a grid, changed by the ops one after the
// other. It returns ErrShape when the rows have another length than the grid has numbers or
// an op is for another grid, and ErrRange for a setting of an op outside its domain, naming
// the op by its number from 0.
func New(source Source, g Grid, ops ...Op) (*Data, error) {
	c, err := newChain(g, ops)
	if err != nil {
		return nil, fmt.Errorf("augment: New: %w", err)
	}
	d, err := c.data(source, false)
	if err != nil {
		return nil, fmt.Errorf("augment: New: %w", err)
	}
	return d, nil
}

func (c *chain) data(source Source, plain bool) (*Data, error) {
	d, own := source.Dims()
	if d != c.in() {
		return nil, fmt.Errorf("source: has rows of %d columns, want %d, the numbers of the grid: %w", d, c.in(), ErrShape)
	}
	return &Data{source: source, chain: c, own: own, plain: plain}, nil
}

// Plain returns the rows of another source with the same conditions, all parameters 0: those
// that are held out, for score.Validation. Jitter and Leaky, which have none, go on. It
// returns ErrShape when the source has other columns.
func (d *Data) Plain(source Source) (*Data, error) {
	p, err := d.chain.data(source, true)
	if err != nil {
		return nil, fmt.Errorf("augment: Plain: %w", err)
	}
	if p.own != d.own {
		return nil, fmt.Errorf("augment: Plain: source: has %d columns of conditions, want %d: %w", p.own, d.own, ErrShape)
	}
	return p, nil
}

// Dims returns the number of columns of a row after the ops, and of its condition.
func (d *Data) Dims() (columns, cond int) { return d.chain.out(), d.chain.parameters + d.own }

// Parameters returns the number of condition columns that are parameters of ops: the
// first of score.Conditions.Columns.
func (d *Data) Parameters() int { return d.chain.parameters }

// Clean returns the conditions under which a model's samples are those of rows that no op
// has changed: the parameters, all 0, and after them cond, a row for each sample. For a
// source without conditions cond is nil, and what Clean returns is one row, which serves
// any number of samples. It panics when cond has other columns than the conditions of the
// source.
func (d *Data) Clean(cond *mat.Dense) *mat.Dense {
	n, k := 1, 0
	if cond != nil {
		n, k = cond.Dims()
	}
	if k != d.own || n == 0 {
		panic(fmt.Sprintf("augment: Clean: cond is %d×%d, want at least one row and %d columns", n, k, d.own))
	}
	p := d.chain.parameters
	if p+k == 0 {
		panic("augment: Clean: there are neither parameters nor conditions: the model has none")
	}
	all := mat.NewDense(n, p+k, nil)
	for i := range n {
		if k > 0 {
			copy(all.RawRowView(i)[p:], cond.RawRowView(i))
		}
	}
	return all
}

// Batch implements score.Data. It returns ErrShape for a batch of other columns than Dims,
// and what the source returns.
func (d *Data) Batch(x, cond *mat.Dense, step, row int, rng *rand.Rand) error {
	n, columns := x.Dims()
	k := 0
	if cond != nil {
		k = cond.RawMatrix().Cols
	}
	if e, c := d.Dims(); columns != e || k != c {
		return fmt.Errorf("augment: Batch: has %d columns and %d of conditions, want %d and %d: %w", columns, k, e, c, ErrShape)
	}
	r := d.room(n)
	defer d.rooms.Put(r)
	if err := d.source.Batch(r.x, r.cond, step, row, rng); err != nil {
		return err
	}
	p := d.chain.parameters
	for i := range n {
		if !d.plain {
			d.chain.draw(r.a, rng)
		}
		d.chain.apply(x.RawRowView(i), r.x.RawRowView(i), r.a, r.row, rng)
		if p > 0 {
			copy(cond.RawRowView(i), r.a)
		}
		if d.own > 0 {
			copy(cond.RawRowView(i)[p:], r.cond.RawRowView(i))
		}
	}
	return nil
}

// room returns room for n rows.
func (d *Data) room(n int) *room {
	if r, _ := d.rooms.Get().(*room); r != nil && r.x.RawMatrix().Rows == n {
		return r
	}
	r := &room{x: mat.NewDense(n, d.chain.in(), nil), a: make([]float64, d.chain.parameters), row: make([]float64, 2*d.chain.widest)}
	if d.own > 0 {
		r.cond = mat.NewDense(n, d.own, nil)
	}
	return r
}
