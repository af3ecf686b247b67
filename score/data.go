package score

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde/noise"
)

// Data is a source of training rows. Batch fills x with rows, and cond with
// their conditions when there are any (it is nil otherwise); what it writes may
// depend on step, row and the numbers that rng yields only, so that a run can be
// repeated and resumed. step is −1 when Fit measures shift and scale, −2 for the
// rows of its diagnostics, −3 for held-out rows. A source that has no more rows
// returns an error, such as io.EOF; a row that it leaves out is found to be NaN. To a
// model with Config.ColumnLevels a NaN is a missing value.
// Calls come one after the other, from the goroutine of Fit or one of its workers:
// the rows of a step are asked for during the step before, so that a run that
// ends early may have asked for those of one step too many.
//
// Rows and RowsOf serve a finite set of rows, of which Fit knows that a long run
// could learn them by heart; Draws serves rows without end. Of any other Data Fit
// takes the second for granted, and warns when rows repeat within the call at step −1: a
// source that serves the same rows at every step, say by a generator of its own that
// starts anew, is not noticed.
type Data interface {
	Batch(x, cond *mat.Dense, step, row int, rng *rand.Rand) error
	// Dims returns the number of columns of x and of cond.
	Dims() (d, cond int)
}

// RowSet is a finite set of rows of one's own, say those of a file.
type RowSet interface {
	// Len returns the number of rows.
	Len() int
	// Dims returns the number of columns of a row and of its condition.
	Dims() (d, cond int)
	// Row writes row i of 0, …, Len()−1 into x and its condition into cond, the
	// same at every call.
	Row(i int, x, cond []float64) error
}

// Rows serves the rows of x, with the conditions in the same rows of cond for a
// model with Config.Cond and nil for one without, as RowsOf does. The matrices
// are not copied. An empty matrix and another number of conditions than rows give
// an error wrapping ErrShape, a NaN or an infinity one wrapping ErrNonFinite that
// names row and column. For rows with missing values see Incomplete.
func Rows(x, cond *mat.Dense) (Data, error) {
	if x == nil || x.IsEmpty() {
		return nil, fmt.Errorf("score: Rows: x: is empty, want at least one row and column: %w", ErrShape)
	}
	if i, j, bad := firstNonFinite(x); bad {
		return nil, fmt.Errorf("score: Rows: x: row %d, column %d: is %v, want a finite number; for missing values see Incomplete: %w", i, j, x.At(i, j), ErrNonFinite)
	}
	return rowsOf("Rows", x, cond)
}

// Incomplete is Rows for a model with Config.ColumnLevels: a NaN in x is a value that is
// missing. Fit refuses it for other models.
func Incomplete(x, cond *mat.Dense) (Data, error) {
	if x == nil || x.IsEmpty() {
		return nil, fmt.Errorf("score: Incomplete: x: is empty, want at least one row and column: %w", ErrShape)
	}
	for i := range x.RawMatrix().Rows {
		if j := indexInf(x.RawRowView(i)); j >= 0 {
			return nil, fmt.Errorf("score: Incomplete: x: row %d, column %d: is %v, want a finite number, or NaN where it is missing: %w", i, j, x.At(i, j), ErrNonFinite)
		}
	}
	return rowsOf("Incomplete", x, cond)
}

// rowsOf serves the rows of x, which has been checked.
func rowsOf(verb string, x, cond *mat.Dense) (Data, error) {
	if cond == nil {
		return rows{set: matrix{x: x}}, nil
	}
	if n, k := x.RawMatrix().Rows, cond.RawMatrix().Rows; n != k {
		return nil, fmt.Errorf("score: %s: cond: has %d rows, want %d, as many as x: %w", verb, k, n, ErrShape)
	}
	if i, j, bad := firstNonFinite(cond); bad {
		return nil, fmt.Errorf("score: %s: cond: row %d, column %d: is %v, want a finite number: %w", verb, i, j, cond.At(i, j), ErrNonFinite)
	}
	return rows{set: matrix{x, cond}}, nil
}

// RowsOf serves the rows of a set, drawn with replacement: a batch may be larger
// than the set. Of 20 up to 99,999 rows Fit holds some out (see Validation), and
// below 20,000 its defaults are others (see Settings). A nil or empty set gives
// an error wrapping ErrShape; a row with a NaN or an infinity ends the run with
// one wrapping ErrNonFinite that names row and column. To a model with
// Config.ColumnLevels a NaN in x is a missing value.
//
// For a model with labels Fit reads all rows once before the first step, to check
// that the labels exist and that every class has rows.
func RowsOf(set RowSet) (Data, error) {
	if isNil(set) {
		return nil, fmt.Errorf("score: RowsOf: set: is nil, want a RowSet: %w", ErrShape)
	}
	if d, cond := set.Dims(); set.Len() < 1 || d < 1 || cond < 0 {
		return nil, fmt.Errorf("score: RowsOf: set: has %d rows of %d columns and %d of conditions, want at least one row and column: %w", set.Len(), d, cond, ErrShape)
	}
	return rows{set: set}, nil
}

// matrix is the RowSet of a matrix, with one of conditions or nil.
type matrix struct{ x, cond *mat.Dense }

func (m matrix) Len() int { return m.x.RawMatrix().Rows }

func (m matrix) Dims() (d, cond int) {
	if m.cond != nil {
		cond = m.cond.RawMatrix().Cols
	}
	return m.x.RawMatrix().Cols, cond
}

func (m matrix) Row(i int, x, cond []float64) error {
	copy(x, m.x.RawRowView(i))
	if m.cond != nil {
		copy(cond, m.cond.RawRowView(i))
	}
	return nil
}

// rows is the Data of a RowSet.
type rows struct {
	set   RowSet
	index []int // of the rows that are served; nil for all
	// missing says that a NaN is a missing value.
	missing bool
}

func (r rows) len() int {
	if r.index != nil {
		return len(r.index)
	}
	return r.set.Len()
}

// place returns the index in the set of row i of those that are served.
func (r rows) place(i int) int {
	if r.index != nil {
		return r.index[i]
	}
	return i
}

// read is Row of the set for row i of those that are served.
func (r rows) read(i int, x, cond []float64) error {
	i = r.place(i)
	blank(x)
	blank(cond)
	if err := r.set.Row(i, x, cond); err != nil {
		return fmt.Errorf("row %d: %w", i, err)
	}
	if err := checkCells(x, i, r.missing); err != nil {
		return err
	}
	if j := indexNonFinite(cond); j >= 0 {
		return fmt.Errorf("row %d, condition column %d: is %v, want a finite number: %w", i, j, cond[j], ErrNonFinite)
	}
	return nil
}

func (r rows) Dims() (d, cond int) { return r.set.Dims() }

func (r rows) Batch(x, cond *mat.Dense, _, _ int, rng *rand.Rand) error {
	return r.fill(x, cond, 0, rng)
}

// fill writes rows that rng chooses, or, when it is nil, those from the first.
func (r rows) fill(x, cond *mat.Dense, first int, rng *rand.Rand) error {
	d, cols := r.Dims()
	if err := fits("Rows", x, cond, d, cols); err != nil {
		return err
	}
	n := r.len()
	var c []float64
	for i := range x.RawMatrix().Rows {
		k := (first + i) % n
		if rng != nil {
			k = rng.IntN(n)
		}
		if cond != nil {
			c = cond.RawRowView(i)
		}
		if err := r.read(k, x.RawRowView(i), c); err != nil {
			return err
		}
	}
	return nil
}

// split returns two disjoint random parts of the rows, the second of n rows.
func (r rows) split(n int, seed uint64) (train rows, held inOrder) {
	index := noise.Rand(seed, noise.Draw{Purpose: noise.Data, Step: heldOutStep}).Perm(r.len())
	for i, k := range index {
		index[i] = r.place(k)
	}
	return rows{r.set, index[n:], r.missing}, inOrder{rows{r.set, index[:n], r.missing}}
}

// inOrder serves rows one after the other, again and again.
type inOrder struct{ rows }

func (r inOrder) Batch(x, cond *mat.Dense, _, row int, _ *rand.Rand) error {
	return r.fill(x, cond, row, nil)
}

// fits returns an error for a batch of other columns than d and k of conditions.
func fits(verb string, x, cond *mat.Dense, d, k int) error {
	c := 0
	if cond != nil {
		c = cond.RawMatrix().Cols
	}
	if got := x.RawMatrix().Cols; got != d || c != k {
		return fmt.Errorf("score: %s: batch: has %d columns and %d of conditions, want %d and %d: %w", verb, got, c, d, k, ErrShape)
	}
	return nil
}

// blank makes numbers such that those which a source leaves out cannot pass for
// data.
func blank(row []float64) {
	for j := range row {
		row[j] = math.NaN()
	}
}

// blankRows is blank for all rows of x.
func blankRows(x *mat.Dense) {
	for i := range x.RawMatrix().Rows {
		blank(x.RawRowView(i))
	}
}
