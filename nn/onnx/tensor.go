package onnx

import (
	encode "encoding/binary"
	"fmt"
	"math"
	"slices"
)

// numbers returns what a tensor of float32 holds.
func (t *tensor) numbers() (v []float32, dims []int, err error) {
	switch {
	case len(t.others) > 0:
		return nil, nil, fmt.Errorf("%s: %w", t.others[0], ErrUnsupported)
	case t.dtype != typeFloat:
		return nil, nil, fmt.Errorf("elements of type %d, want float32 (%d): %w", t.dtype, typeFloat, ErrUnsupported)
	case len(t.raw)%4 != 0 || len(t.raw) > 0 && len(t.floats) > 0:
		return nil, nil, fmt.Errorf("%d bytes and %d numbers: %w", len(t.raw), len(t.floats), ErrCorrupt)
	}
	v = t.floats
	if len(t.raw) > 0 {
		v = make([]float32, len(t.raw)/4)
		for i := range v {
			v[i] = math.Float32frombits(encode.LittleEndian.Uint32(t.raw[4*i:]))
		}
	}
	n := int64(1)
	for _, d := range t.dims {
		if d < 0 || d > math.MaxInt32 || d > 0 && n > math.MaxInt32/d {
			return nil, nil, fmt.Errorf("shape %v: %w", t.dims, ErrLimit)
		}
		n *= d
		dims = append(dims, int(d))
	}
	if n != int64(len(v)) {
		return nil, nil, fmt.Errorf("%d numbers of shape %v: %w", len(v), t.dims, ErrCorrupt)
	}
	if i := slices.IndexFunc(v, func(x float32) bool { return x-x != 0 }); i >= 0 {
		return nil, nil, fmt.Errorf("number %d is %v: %w", i, v[i], ErrNonFinite)
	}
	return v, dims, nil
}
