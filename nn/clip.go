package nn

import (
	"math"

	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// ClipNorm scales grad down to the Euclidean norm limit when it is longer
// (Pascanu et al. 2013), and returns the norm it had. The norm is summed in
// float64 from the first element to the last. A gradient whose norm is not
// finite is left alone: there is no step to be made with it, and the caller
// learns it from the result. An infinite limit measures without clipping.
// ClipNorm panics when limit is not positive.
func ClipNorm[T ad.Float](grad []T, limit float64) (norm float64) {
	if !(limit > 0) {
		panic("nn: ClipNorm: limit is not positive")
	}
	norm = math.Sqrt(kernel.SumSquares(grad))
	if norm > limit && !math.IsInf(norm, 1) {
		kernel.Scale(grad, grad, T(limit/norm))
	}
	return norm
}
