package export

import "errors"

// Errors that this package wraps.
var (
	ErrUnsupported = errors.New("export: unsupported")
	ErrRange       = errors.New("export: out of range")
)
