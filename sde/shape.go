package sde

import (
	"fmt"

	"gonum.org/v1/gonum/mat"
)

// mismatch panics about an argument of a verb: shapes are for the programmer to
// keep, and the text says which argument does not and what both are.
func mismatch(verb, argument, is, want string) {
	panic(fmt.Sprintf("sde: dimension mismatch: %s: %s %s, want %s", verb, argument, is, want))
}

// alike panics unless a matrix has the shape of another, and returns that.
func alike(verb, name string, m *mat.Dense, model string, of *mat.Dense) (rows, cols int) {
	rows, cols = of.Dims()
	if r, c := m.Dims(); r != rows || c != cols {
		mismatch(verb, name, fmt.Sprintf("is %d×%d", r, c), fmt.Sprintf("%d×%d, the shape of %s", rows, cols, model))
	}
	return rows, cols
}

// aLength panics unless a vector has an entry for each row of x.
func aLength(verb, name string, n, rows int) {
	if n != rows {
		mismatch(verb, name, fmt.Sprintf("has length %d", n), fmt.Sprintf("%d, one entry a row of x", rows))
	}
}

// someTimes panics unless there is one time or one for each row of x.
func someTimes(verb string, t []float64, rows int) {
	if len(t) != 1 && len(t) != rows {
		mismatch(verb, "t", fmt.Sprintf("has length %d", len(t)), fmt.Sprintf("1 or %d, one time or one a row of x", rows))
	}
}
