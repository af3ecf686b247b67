package nn

import (
	"math"

	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// ClipNorm scales grad down to the Euclidean norm limit when it is longer
// (Pascanu et al. 2013), and returns the norm it had. The squares are summed in
// float64, in stretches of 8,192 elements whose sums are added in order. A
// gradient whose norm is not
// finite is left alone: there is no step to be made with it, and the caller
// learns it from the result. An infinite limit measures without clipping.
// ClipNorm panics when limit is not positive.
func ClipNorm[T ad.Float](grad []T, limit float64) (norm float64) {
	square := 0.0
	for i := range parts(grad) {
		square += kernel.SumSquares(part(grad, i))
	}
	norm = math.Sqrt(square)
	if factor := clipFactor(norm, limit); factor < 1 {
		kernel.Scale(grad, grad, T(factor))
	}
	return norm
}

// clipFactor returns what a gradient is to be multiplied by.
func clipFactor(norm, limit float64) float64 {
	if !(limit > 0) {
		panic("nn: ClipNorm: limit is not positive")
	}
	if norm > limit && !math.IsInf(norm, 1) {
		return limit / norm
	}
	return 1
}
