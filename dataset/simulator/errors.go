package simulator

import "errors"

// Errors of this package wrap one of these.
var (
	// ErrRange is returned for parameters or data that a task cannot have.
	ErrRange = errors.New("out of range")
	// ErrNonFinite is returned for a NaN or an infinity among parameters or data.
	ErrNonFinite = errors.New("not finite")
	// ErrLimit is returned when a solver needs too many steps, or when draws of a
	// posterior are not reached within a bounded number of moves.
	ErrLimit = errors.New("limit exceeded")
)
