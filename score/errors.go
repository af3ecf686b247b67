package score

import (
	"errors"
	"fmt"
	"math"
	"reflect"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// Errors that this package wraps.
var (
	ErrRange     = errors.New("value out of range")
	ErrShape     = errors.New("wrong shape")
	ErrNonFinite = errors.New("not finite")
	ErrMismatch  = errors.New("model and file differ")
	ErrDead      = errors.New("the network has learned nothing")
	ErrOpaque    = errors.New("a value has no description")
)

// validVariance checks a variance of which zero means 1.
func validVariance(field string, v float64) error { return positiveOrZero(field, v, "1") }

// positiveOrZero checks a positive number of which zero means a default.
func positiveOrZero(field string, v float64, zero string) error {
	if v < 0 || !finite(v) {
		return fmt.Errorf("%s: is %v, want a positive number, or 0 for %s: %w", field, v, zero, ErrRange)
	}
	return nil
}

// isNil reports whether v is nil or a nil pointer, function, map or slice.
func isNil(v any) bool {
	if v == nil {
		return true
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Slice, reflect.Chan:
		return r.IsNil()
	}
	return false
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// indexNonFinite returns the index of the first number of v that is NaN or
// infinite, −1 when there is none.
func indexNonFinite[T ad.Float](v []T) int {
	for i, x := range v {
		if !finite(float64(x)) {
			return i
		}
	}
	return -1
}

// firstNonFinite returns the first entry of x that is NaN or infinite.
func firstNonFinite(x *mat.Dense) (i, j int, bad bool) {
	for i := range x.RawMatrix().Rows {
		if j := indexNonFinite(x.RawRowView(i)); j >= 0 {
			return i, j, true
		}
	}
	return 0, 0, false
}
