package sde

import "reflect"

// As finds a capability of a score or of a process: the first value of type T
// among v itself, what its Capabilities returns, and what it wraps.
//
//	d, ok := sde.As[sde.Divergencer](p.Score)
//
// A wrapper that only watches lets what is inside be found by a method
//
//	Unwrap() Scorer   or   Unwrap() SDE,
//
// with which it promises to give the same numbers. It is passed by where the
// capability is used: a counter of evaluations sees those of Score, but those of
// Divergence, and those of the scores that Select returns for rows with conditions
// of their own, only when it has these methods itself. A value whose capabilities
// depend on what it is made of returns them as Capabilities() []any. Whoever
// asks can do without, or returns an error that names what is missing.
func As[T any](v any) (T, bool) {
	for v != nil {
		if t, ok := v.(T); ok {
			return t, true
		}
		if c, ok := v.(interface{ Capabilities() []any }); ok {
			for _, v := range c.Capabilities() {
				if t, ok := v.(T); ok {
					return t, true
				}
			}
		}
		switch w := v.(type) {
		case interface{ Unwrap() Scorer }:
			v = w.Unwrap()
		case interface{ Unwrap() SDE }:
			v = w.Unwrap()
		default:
			v = nil
		}
	}
	var none T
	return none, false
}

// missing reports whether an interface holds nothing, or a pointer to nothing.
func missing(v any) bool {
	if v == nil {
		return true
	}
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Pointer && r.IsNil()
}
