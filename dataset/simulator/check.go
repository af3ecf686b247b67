package simulator

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// sizes panics when the lengths of x and theta are not those of the task.
func sizes(t Task, x, theta []float64) {
	if d, k := t.Dim(), t.Prior().Dim(); len(x) != d || len(theta) != k {
		panic(fmt.Sprintf("simulator: %s: x has length %d and theta %d, want %d and %d", t.Name(), len(x), len(theta), d, k))
	}
}

// finite returns an error when a number is not finite.
func finite(t Task, what string, v []float64) error {
	for i, e := range v {
		if math.IsNaN(e) || math.IsInf(e, 0) {
			return fmt.Errorf("%s: %s[%d]: is %v, want finite: %w", t.Name(), what, i, e, ErrNonFinite)
		}
	}
	return nil
}

// observation checks the arguments of Reference.
func observation(t Task, dst *mat.Dense, x []float64) error {
	if _, c := dst.Dims(); c != t.Prior().Dim() || len(x) != t.Dim() {
		panic(fmt.Sprintf("simulator: %s: Reference: dst has %d columns and x length %d, want %d and %d",
			t.Name(), c, len(x), t.Prior().Dim(), t.Dim()))
	}
	if err := finite(t, "x", x); err != nil {
		return fmt.Errorf("simulator: Reference: %w", err)
	}
	return nil
}
