package onnx

import "errors"

// Errors that this package wraps. Errors of readers, writers and the file system are
// wrapped as they are.
var (
	ErrUnsupported = errors.New("onnx: unsupported")
	ErrCorrupt     = errors.New("onnx: damaged or malformed file")
	ErrLimit       = errors.New("onnx: limit exceeded")
	ErrShape       = errors.New("onnx: shape does not fit")
	ErrName        = errors.New("onnx: bad name")
	ErrNonFinite   = errors.New("onnx: not finite")
)
