package sampler

import (
	"context"
	"fmt"
	"math"
	"reflect"
)

// unset reports whether v is nil or a nil pointer.
func unset(v any) bool {
	if v == nil {
		return true
	}
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Pointer && r.IsNil()
}

// needContext returns an error when there is no context.
func needContext(ctx context.Context) error {
	if unset(ctx) {
		return fmt.Errorf("sampler: ctx: is nil, want a context such as context.Background(): %w", ErrUnset)
	}
	return nil
}

// validate asks a predictor or corrector about its fields, if it can be asked.
func validate(name string, method any) error {
	v, ok := method.(interface{ Validate() error })
	if !ok {
		return nil
	}
	if err := v.Validate(); err != nil {
		return fmt.Errorf("%s%w", name, err)
	}
	return nil
}

// nonNegative refuses what is not a finite number ≥ 0.
func nonNegative[T int | float64](method, field string, v T) error {
	if !(v >= 0) || math.IsInf(float64(v), 1) {
		return fmt.Errorf("%s.%s: is %v, want a finite number ≥ 0: %w", method, field, v, ErrRange)
	}
	return nil
}

// within refuses what does not lie between two bounds, or on one.
func within[T int | float64 | Form](method, field string, v, low, high T) error {
	if !(v >= low && v <= high) {
		return fmt.Errorf("%s.%s: is %v, want %v to %v: %w", method, field, v, low, high, ErrRange)
	}
	return nil
}
