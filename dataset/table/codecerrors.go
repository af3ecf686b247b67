package table

import "errors"

// Errors of a Codec, wrapped with the place and the value.
var (
	// ErrNonFinite reports an infinite cell, or a coded one that is not a number.
	ErrNonFinite = errors.New("not finite")
	// ErrRule reports a rule that rows break, or that cannot be kept.
	ErrRule = errors.New("rule broken")
	// ErrCorrupt reports a codec's text that no codec wrote.
	ErrCorrupt = errors.New("corrupt codec")
	// ErrVersion reports a codec's text of a later version.
	ErrVersion = errors.New("unknown version")
)
