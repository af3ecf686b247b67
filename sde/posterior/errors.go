package posterior

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// Errors that this package wraps, with the argument and its value.
var (
	// ErrRange reports an impossible setting, or an observation that no method takes.
	ErrRange = sde.ErrRange
	// ErrShape reports an observation of other dimensions than its operator or the run.
	ErrShape = errors.New("wrong shape")
	// ErrNonFinite reports a NaN or an infinity in an observation.
	ErrNonFinite = errors.New("not finite")
)

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// want panics unless a matrix has this shape: shapes are for the programmer to keep.
func want(verb, name string, m *mat.Dense, rows, cols int) {
	if r, c := m.Dims(); r != rows || c != cols {
		panic(fmt.Sprintf("posterior: dimension mismatch: %s: %s is %d×%d, want %d×%d", verb, name, r, c, rows, cols))
	}
}

// checkFinite returns an error that names the first NaN or infinity of a matrix.
func checkFinite(name string, m *mat.Dense) error {
	n, _ := m.Dims()
	for i := range n {
		for j, v := range m.RawRowView(i) {
			if !finite(v) {
				return fmt.Errorf("%s: row %d, column %d: is %v, want a finite number: %w", name, i, j, v, ErrNonFinite)
			}
		}
	}
	return nil
}
