package calibration

import (
	"math"
	"slices"
)

// affine returns the map that shifts and scales numbers to median 0 and the spread of
// a standard normal between the quartiles; where these are equal, to standard
// deviation 1 round the median. Equal numbers become zeros, and of what is far from
// them no difference overflows.
func affine(v []float64) func(x float64) float64 {
	var most float64
	for _, x := range v {
		most = max(most, math.Abs(x))
	}
	_, exponent := math.Frexp(most)
	sorted := make([]float64, len(v))
	for i, x := range v {
		sorted[i] = math.Ldexp(x, -exponent-1) // so that differences do not overflow
	}
	slices.Sort(sorted)
	n := len(v)
	const normal = 1.3489795003921634 // between the quartiles of a standard normal
	median, spread := sorted[n/2], (sorted[n-1-n/4]-sorted[n/4])/normal
	if spread == 0 {
		var square float64
		for _, x := range sorted {
			square += (x - median) * (x - median)
		}
		spread = math.Sqrt(square / float64(n))
	}
	if spread == 0 {
		spread = 1
	}
	return func(x float64) float64 { return (math.Ldexp(x, -exponent-1) - median) / spread }
}
