package score

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/sde"
)

// Errors that this package wraps.
var (
	ErrRange           = sde.ErrRange
	ErrShape           = errors.New("wrong shape")
	ErrNonFinite       = errors.New("not finite")
	ErrMismatch        = errors.New("model and file differ")
	ErrCollapsed       = errors.New("the run has collapsed")
	ErrNotSerializable = errors.New("not serialisable")
)

// validVariance checks a variance of which zero means 1.
func validVariance(field string, v float64) error { return positiveOrZero(field, v, "1") }

// positiveOrZero checks a positive number of which zero means a default. What is far
// from 1 in model coordinates, where data have unit variance, is a mistake, and leaves
// float32 nothing to compute with.
func positiveOrZero(field string, v float64, zero string) error {
	return within(field, v, 1e-12, 1e12, zero)
}

// within checks a number on [least, most] of which zero means a default.
func within(field string, v, least, most float64, zero string) error {
	if v != 0 && !(v >= least && v <= most) {
		return fmt.Errorf("%s: is %v, want a positive number on [%g, %g], or 0 for %s: %w", field, v, least, most, zero, ErrRange)
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

// What errors show of texts that come from files, which may be long and hold
// anything, has a bound and no control characters.

// quoted returns the beginning of a text in quotation marks.
func quoted(s string) string {
	const most = 80
	if len(s) > most {
		return strconv.Quote(s[:most]) + "…"
	}
	return strconv.Quote(s)
}

// contrast returns what two texts have around their first difference.
func contrast(a, b string) (x, y string) {
	const before, most = 60, 160
	from := 0
	for from < len(a) && from < len(b) && a[from] == b[from] {
		from++
	}
	if from -= before; from < 0 || len(a) <= most && len(b) <= most {
		from = 0
	}
	return cut(a, from, most), cut(b, from, most)
}

// cut returns at most so many bytes of a text, with an ellipsis where more is.
func cut(s string, from, most int) string {
	part := s[from:min(from+most, len(s))]
	if from > 0 {
		part = "…" + part
	}
	if from+most < len(s) {
		part += "…"
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, part)
}

// also is an error of another package that is one of this one, too, without saying
// so twice.
type also struct {
	error
	kind error
}

func (e also) Unwrap() []error { return []error{e.error, e.kind} }
