package export

import (
	"errors"

	"github.com/gradlogp/gradlogp/sde"
)

// Errors that this package wraps.
var (
	// ErrUnsupported marks what has no form as a graph.
	ErrUnsupported = errors.New("export: unsupported")
	// ErrRange marks a setting with an impossible value. It is package sde's.
	ErrRange = sde.ErrRange
)
