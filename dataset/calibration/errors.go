package calibration

import "errors"

// Errors returned by this package, wrapped with the argument and its value.
var (
	// ErrRange reports a setting outside its domain.
	ErrRange = errors.New("out of range")
	// ErrNonFinite reports a NaN or an infinity where a number is needed.
	ErrNonFinite = errors.New("not finite")
)
