package score

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"
)

// Data is a source of training rows. Batch fills x with rows, and cond with
// their conditions when there are any; what it writes may depend on step, row
// and the numbers that rng yields only, so that a run can be repeated and
// resumed. step is −1 when Fit measures shift and scale, −2 for the rows of
// its diagnostics, −3 for held-out rows. A source that has no more rows returns
// an error, such as io.EOF; a row that it leaves out is found to be NaN. Calls
// come one after the other, from the goroutine of Fit or one of its workers: the
// rows of a step are asked for during the step before, so that a run that ends
// early may have asked for those of one step too many.
type Data interface {
	Batch(x, cond *mat.Dense, step, row int, rng *rand.Rand) error
	// Dims returns the number of columns of x and of cond.
	Dims() (d, cond int)
}

// blank makes x such that rows which a Data leaves out cannot pass for data.
func blank(x *mat.Dense) {
	for i := range x.RawMatrix().Rows {
		row := x.RawRowView(i)
		for j := range row {
			row[j] = math.NaN()
		}
	}
}

// Rows serves the rows of a matrix, drawn with replacement: a batch may be larger
// than the matrix. Of 20 up to 99,999 rows Fit holds some out (see Validation),
// and below 20,000 its defaults are others (see Settings). The matrix is not
// copied. Rows returns an error wrapping ErrShape for an empty matrix, and one
// wrapping ErrNonFinite that names row and column for a NaN or an infinity.
func Rows(x *mat.Dense) (Data, error) {
	if x == nil || x.IsEmpty() {
		return nil, fmt.Errorf("score: Rows: %w: the matrix is empty", ErrShape)
	}
	if i, j, bad := firstNonFinite(x); bad {
		return nil, fmt.Errorf("score: Rows: %w: row %d, column %d is %v", ErrNonFinite, i, j, x.At(i, j))
	}
	return rows{x: x}, nil
}

type rows struct {
	x     *mat.Dense
	index []int // of the rows that are served; nil for all
}

func (r rows) len() int {
	if r.index != nil {
		return len(r.index)
	}
	return r.x.RawMatrix().Rows
}

func (r rows) row(i int) []float64 {
	if r.index != nil {
		i = r.index[i]
	}
	return r.x.RawRowView(i)
}

func (r rows) Batch(x, _ *mat.Dense, _, _ int, rng *rand.Rand) error {
	n, d := r.len(), r.x.RawMatrix().Cols
	if _, c := x.Dims(); c != d {
		return fmt.Errorf("score: Rows: %w: batch of %d columns, want %d", ErrShape, c, d)
	}
	for i := range x.RawMatrix().Rows {
		copy(x.RawRowView(i), r.row(rng.IntN(n)))
	}
	return nil
}

func (r rows) Dims() (d, cond int) {
	_, d = r.x.Dims()
	return d, 0
}

// Draws serves fresh draws of a generator, never the same row twice. open is
// called once, with the source that the generator has to use and may read from
// in Rand only; d is the number of columns. It is the natural choice for
// simulators and toy distributions. Runs that go on at the same time need a
// Data each.
func Draws(d int, open func(src rand.Source) distmv.Rander) Data {
	s := &switched{}
	return &draws{dim: d, source: s, rander: open(s)}
}

type draws struct {
	dim    int
	source *switched
	rander distmv.Rander
}

// switched is a source that reads from whichever generator is current.
type switched struct{ current *rand.Rand }

func (s *switched) Uint64() uint64 { return s.current.Uint64() }

func (d *draws) Batch(x, _ *mat.Dense, _, _ int, rng *rand.Rand) error {
	if _, c := x.Dims(); c != d.dim {
		return fmt.Errorf("score: Draws: %w: batch of %d columns, want %d", ErrShape, c, d.dim)
	}
	d.source.current = rng
	for i := range x.RawMatrix().Rows {
		row := x.RawRowView(i)
		if got := d.rander.Rand(row); len(got) != d.dim {
			return fmt.Errorf("score: Draws: %w: a draw of %d numbers, want %d", ErrShape, len(got), d.dim)
		} else if &got[0] != &row[0] {
			copy(row, got)
		}
	}
	return nil
}

func (d *draws) Dims() (dim, cond int) { return d.dim, 0 }
