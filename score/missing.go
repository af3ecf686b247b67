package score

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// A model with Config.ColumnLevels takes a NaN in a row for a value that is missing.

// withMissing returns the data as the model reads them.
func (m *Model) withMissing(data Data) Data {
	switch r := data.(type) {
	case rows:
		r.missing = m.levels
		return r
	case inOrder:
		r.missing = m.levels
		return r
	}
	return data
}

// checkCells returns an error for the first cell of x, whose first row has the index row,
// that the model cannot be trained on.
func (m *Model) checkCells(x *mat.Dense, row int) error {
	for i := range x.RawMatrix().Rows {
		if err := checkCells(x.RawRowView(i), row+i, m.levels); err != nil {
			return err
		}
	}
	return nil
}

// checkCells is the method of this name for one row.
func checkCells(row []float64, i int, missing bool) error {
	if missing {
		if j := indexInf(row); j >= 0 {
			return fmt.Errorf("row %d, column %d: is %v, want a finite number, or NaN where it is missing: %w", i, j, row[j], ErrNonFinite)
		}
		return nil
	}
	switch j := indexNonFinite(row); {
	case j < 0:
		return nil
	case math.IsNaN(row[j]):
		return fmt.Errorf("row %d, column %d: is %v, want a finite number; a value may be missing for a model with Config.ColumnLevels: %w", i, j, row[j], ErrNonFinite)
	default:
		return fmt.Errorf("row %d, column %d: is %v, want a finite number: %w", i, j, row[j], ErrNonFinite)
	}
}

// indexInf returns the index of the first infinite number of v, −1 when there is
// none.
func indexInf(v []float64) int {
	for i, x := range v {
		if math.IsInf(x, 0) {
			return i
		}
	}
	return -1
}

// anyNaN reports whether v has a NaN.
func anyNaN(v []float64) bool {
	for _, x := range v {
		if math.IsNaN(x) {
			return true
		}
	}
	return false
}

// present returns the numbers of v that are not NaN, in v.
func present(v []float64) []float64 {
	n := 0
	for _, x := range v {
		if !math.IsNaN(x) {
			v[n] = x
			n++
		}
	}
	return v[:n]
}
