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

// maxNodes bounds the quantities that a multistep method combines.
const maxNodes = 4

// nodes are where a multistep method knows a quantity, counted from the start
// of the step in units of its length.
type nodes struct {
	at [maxNodes]float64
	n  int
}

func (r *nodes) add(at float64) {
	r.at[r.n] = at
	r.n++
}

// moments are the integrals of θ^k over a step, against what a method integrates.
type moments [maxNodes]float64

// weights returns what integrates the polynomial through the nodes: with the
// basis polynomials ℓ_i(θ) = Σ_k c_ik θ^k, the sums Σ_k c_ik m_k.
func (r *nodes) weights(m moments) (w [maxNodes]float64) {
	for i := range r.n {
		c := [maxNodes]float64{1}
		for j := range r.n {
			if j == i {
				continue
			}
			gap := r.at[i] - r.at[j]
			for k := r.n - 1; k > 0; k-- {
				c[k] = (c[k-1] - r.at[j]*c[k]) / gap
			}
			c[0] *= -r.at[j] / gap
		}
		for k := range r.n {
			w[i] += c[k] * m[k]
		}
	}
	return w
}

// exponential returns the moments ∫₀¹ e^{(1−θ)z} θ^k dθ = k! φ_{k+1}(z).
func exponential(z float64) (m moments) {
	factorial := 1.0
	for k := range m {
		m[k] = factorial * phi(k+1, z)
		factorial *= float64(k + 1)
	}
	return m
}

// plain returns the moments ∫₀¹ θ^k dθ.
func plain() (m moments) {
	for k := range m {
		m[k] = 1 / float64(k+1)
	}
	return m
}
