package dataset

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// CheckFinite returns an error when x cannot be used as data: ErrShape when it
// has no rows or no columns, ErrNonFinite with the row and column of its first
// NaN or infinity.
func CheckFinite(x mat.Matrix) error {
	r, c := x.Dims()
	if r == 0 || c == 0 {
		return fmt.Errorf("dataset: data are %d×%d, want at least one row and one column: %w", r, c, ErrShape)
	}
	if i, j, bad := nonFinite(x); bad {
		return fmt.Errorf("dataset: row %d, column %d is %v: %w", i, j, x.At(i, j), ErrNonFinite)
	}
	return nil
}

// FromRows copies rows of numbers into a matrix. It returns ErrShape when there
// are none or when one differs in length from the first, and the errors of
// CheckFinite.
func FromRows(rows [][]float64) (*mat.Dense, error) {
	if len(rows) == 0 || len(rows[0]) == 0 {
		return nil, fmt.Errorf("dataset: data are empty, want at least one row and one column: %w", ErrShape)
	}
	d := len(rows[0])
	for i, row := range rows {
		if len(row) != d {
			return nil, fmt.Errorf("dataset: row %d has %d numbers, want %d: %w", i, len(row), d, ErrShape)
		}
	}
	x := mat.NewDense(len(rows), d, nil)
	for i, row := range rows {
		x.SetRow(i, row)
	}
	if err := CheckFinite(x); err != nil {
		return nil, err
	}
	return x, nil
}

// nonFinite returns the position of the first NaN or infinity of x.
func nonFinite(x mat.Matrix) (row, col int, found bool) {
	r, c := x.Dims()
	for i := range r {
		for j := range c {
			if v := x.At(i, j); math.IsNaN(v) || math.IsInf(v, 0) {
				return i, j, true
			}
		}
	}
	return 0, 0, false
}
