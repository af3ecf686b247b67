package nn

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
)

// ErrRange is wrapped by errors about hyper-parameters outside their range.
var ErrRange = errors.New("out of range")

// Validator is implemented by values whose hyper-parameters can be wrong.
type Validator interface {
	// Validate returns an error that names each bad field, its value and what
	// was expected, and wraps ErrRange.
	Validate() error
}

// Validate returns v.Validate() when v is a Validator, otherwise nil. A nil pointer
// in v is an error that wraps ErrRange.
func Validate(v any) error {
	if v != nil && isNil(v) {
		return fmt.Errorf("nn: a nil %T: %w", v, ErrRange)
	}
	if v, ok := v.(Validator); ok {
		return v.Validate()
	}
	return nil
}

// isNil reports whether there is nothing in v, or a nil pointer or function.
func isNil(v any) bool {
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Func:
		return r.IsNil()
	}
	return false
}

// rangeError returns the error for a field unless ok.
func rangeError(ok bool, field string, value any, want string) error {
	if ok {
		return nil
	}
	return fmt.Errorf("nn: %s: is %v, want %s: %w", field, value, want, ErrRange)
}

// mostColumns is how wide a layer may be: what is wider comes from a mistake, and is
// refused before it asks for memory.
const mostColumns = 1 << 24

// widthError is the check of a number of columns.
func widthError(field string, n int) error {
	return rangeError(n > 0 && n <= mostColumns, field, n, "a positive number up to 2²⁴")
}

// The sizes of numbers that float32 computes with: least is the smallest of those it
// holds with all their digits, and products of a few factors up to most are finite.
const (
	least = 0x1p-126
	most  = 1e6
)

// finiteError is the check of a factor in a network.
func finiteError(field string, v float64) error {
	return rangeError(math.Abs(v) <= most, field, v, "a finite number of magnitude up to 10⁶")
}

// partError validates what a module is made of, nil being an error, optionalError
// what may be nil.
func partError(field string, part any) error {
	if part == nil {
		return rangeError(false, field, part, "a Module")
	}
	return optionalError(field, part)
}

func optionalError(field string, part any) error {
	if err := Validate(part); err != nil {
		return &inside{field, err}
	}
	return nil
}

// inside is an error of a part.
type inside struct {
	field string
	err   error
}

func (e *inside) Error() string {
	return "nn: " + e.field + ": " + strings.TrimPrefix(e.err.Error(), "nn: ")
}

func (e *inside) Unwrap() error { return e.err }
