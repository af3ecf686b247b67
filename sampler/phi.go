package sampler

import "math"

// phi returns the function of exponential integrators
//
//	φ_k(z) = ∫₀¹ e^{(1−θ)z} θ^{k−1}/(k−1)! dθ = Σ_j z^j/(j+k)!,   k ≥ 1.
//
// The recursion φ_{k+1} = (φ_k − 1/k!)/z divides a rounding error by z each
// time, so that near 0 the series takes its place.
func phi(k int, z float64) float64 {
	factorial := 1.0
	if math.Abs(z) > 1 {
		p := math.Expm1(z) / z
		for j := 1; j < k; j++ {
			factorial *= float64(j)
			p = (p - 1/factorial) / z
		}
		return p
	}
	for j := 2; j <= k; j++ {
		factorial *= float64(j)
	}
	term := 1 / factorial
	sum := term
	for j := k + 1; math.Abs(term) > 0x1p-56*sum; j++ {
		term *= z / float64(j)
		sum += term
	}
	return sum
}
