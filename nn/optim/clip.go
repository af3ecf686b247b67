package optim

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
		panic("optim: ClipNorm: limit is not positive")
	}
	if norm > limit && !math.IsInf(norm, 1) {
		return limit / norm
	}
	return 1
}

// ClipPNorm is ClipNorm with the norm (Σ|g_i|ᵖ)^{1/p}, p ≥ 1, the largest
// magnitude for p = +Inf. It panics when p is less than 1 or limit is not
// positive.
func ClipPNorm[T ad.Float](grad []T, p, limit float64) (norm float64) {
	switch {
	case !(p >= 1):
		panic("optim: ClipPNorm: p is less than 1")
	case p == 2:
		return ClipNorm(grad, limit)
	}
	largest := largestMagnitude(grad)
	norm = largest
	if largest > 0 && !math.IsInf(largest, 1) && !math.IsInf(p, 1) {
		sum := 0.0
		for _, g := range grad { // relative to the largest, nothing overflows
			sum += math.Pow(math.Abs(float64(g))/largest, p)
		}
		norm = largest * math.Pow(sum, 1/p)
	}
	if factor := clipFactor(norm, limit); factor < 1 {
		kernel.Scale(grad, grad, T(factor))
	}
	return norm
}

// ClipValue brings every element of grad into [−limit, limit], and returns the
// largest magnitude there was. Other than ClipNorm it changes the gradient's
// direction. A gradient with an element that is not finite is left alone, as by
// ClipNorm. ClipValue panics when limit is not positive.
func ClipValue[T ad.Float](grad []T, limit float64) (largest float64) {
	if !(limit > 0) {
		panic("optim: ClipValue: limit is not positive")
	}
	largest = largestMagnitude(grad)
	if !(largest > limit) || math.IsInf(largest, 1) {
		return largest
	}
	for i, g := range grad {
		grad[i] = min(max(g, T(-limit)), T(limit))
	}
	return largest
}

// largestMagnitude returns the largest |g_i|, NaN when there is a NaN.
func largestMagnitude[T ad.Float](grad []T) float64 {
	var most T
	for _, g := range grad {
		most = max(most, g, -g)
	}
	return float64(most)
}
