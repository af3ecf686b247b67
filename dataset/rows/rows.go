package rows

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Set is a finite set of rows, each with a condition of zero or more numbers.
type Set interface {
	// Len returns the number of rows.
	Len() int
	// Dims returns the number of columns of a row and of its condition.
	Dims() (d, cond int)
	// Row writes row i of 0, …, Len()−1 into x and its condition into cond, the
	// same at every call.
	Row(i int, x, cond []float64) error
}

// Of returns the rows of x without conditions. The matrix is not copied. It panics when
// x is empty.
func Of(x *mat.Dense) Set {
	if x == nil || x.IsEmpty() {
		panic("rows: Of: x is empty, want at least one row and column")
	}
	return matrix{x}
}

type matrix struct{ x *mat.Dense }

func (m matrix) Len() int { return m.x.RawMatrix().Rows }

func (m matrix) Dims() (d, cond int) { return m.x.RawMatrix().Cols, 0 }

func (m matrix) Row(i int, x, _ []float64) error {
	if err := check(i, m.Len()); err != nil {
		return err
	}
	copy(x, m.x.RawRowView(i))
	return nil
}

// check returns an error for a row that there is not.
func check(i, n int) error {
	if i < 0 || i >= n {
		return fmt.Errorf("rows: Row: %d, want one of 0, …, %d: %w", i, n-1, ErrRange)
	}
	return nil
}

// With returns the rows of a set with those of another as conditions, after their own:
// labels, say. It returns ErrShape when cond has another number of rows than the set, or
// conditions of its own.
func With(set, cond Set) (Set, error) {
	if set.Len() != cond.Len() {
		return nil, fmt.Errorf("rows: With: cond: has %d rows, want %d, as many as the set: %w", cond.Len(), set.Len(), ErrShape)
	}
	columns, own := cond.Dims()
	if own != 0 {
		return nil, fmt.Errorf("rows: With: cond: has %d columns of conditions, want none: %w", own, ErrShape)
	}
	return with{set, cond, columns}, nil
}

type with struct {
	Set
	cond    Set
	columns int // of cond
}

func (w with) Dims() (d, cond int) {
	d, cond = w.Set.Dims()
	return d, cond + w.columns
}

func (w with) Row(i int, x, cond []float64) error {
	own := len(cond) - w.columns
	if err := w.Set.Row(i, x, cond[:own]); err != nil {
		return err
	}
	if err := w.cond.Row(i, cond[own:], nil); err != nil {
		return fmt.Errorf("condition: %w", err)
	}
	return nil
}

// Join returns the rows of several sets one after the other. It returns ErrShape for sets
// of other columns than the first, and when there is none.
func Join(sets ...Set) (Set, error) {
	if len(sets) == 0 {
		return nil, fmt.Errorf("rows: Join: no sets, want at least one: %w", ErrShape)
	}
	d, c := sets[0].Dims()
	n := 0
	for i, s := range sets {
		if e, k := s.Dims(); e != d || k != c {
			return nil, fmt.Errorf("rows: Join: set %d: has %d columns and %d of conditions, want %d and %d as the first: %w", i, e, k, d, c, ErrShape)
		}
		if s.Len() > math.MaxInt-n {
			return nil, fmt.Errorf("rows: Join: set %d: the rows are more than an int counts: %w", i, ErrShape)
		}
		n += s.Len()
	}
	return join{sets, n}, nil
}

type join struct {
	sets []Set
	n    int
}

func (j join) Len() int { return j.n }

func (j join) Dims() (d, cond int) { return j.sets[0].Dims() }

func (j join) Row(i int, x, cond []float64) error {
	if err := check(i, j.n); err != nil {
		return err
	}
	for k, s := range j.sets {
		if i < s.Len() {
			if err := s.Row(i, x, cond); err != nil {
				return fmt.Errorf("set %d: %w", k, err)
			}
			return nil
		}
		i -= s.Len()
	}
	return nil
}
