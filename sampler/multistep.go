package sampler

import "github.com/gradlogp/gradlogp/sde"

// A linear multistep method keeps the values q_i of a quantity at the times of
// its last steps and integrates the polynomial through them,
//
//	x_u = a x_t + c Σ_i w_i q_i,   w_i = ∫₀¹ ℓ_i(θ) dm(θ),
//
// θ being how far a coordinate has come on the step, and ℓ_i the polynomial of
// least degree that is 1 at q_i's place and 0 at the others'. Methods differ in
// the quantity, the coordinate, and the measure m, which is given by its moments.

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

// nodes returns where the values first, first+1, … of the history, at most order
// of them, lie on a step from the time of the first to u, and the length of that
// step in the coordinate.
func (s *Step) nodes(first, order int, u float64, coordinate func(t float64) float64) (r nodes, h float64) {
	_, t, _ := s.History(first)
	from := coordinate(t)
	h = coordinate(u) - from
	for i := range order {
		if _, t, ok := s.History(first + i); ok {
			r.add((coordinate(t) - from) / h)
		}
	}
	return r, h
}

// integrate sets Mean to a X + c Σ w_i q_i with the newest values of the history.
func (s *Step) integrate(a, c float64, r *nodes, m moments) {
	s.Combine(s.Mean, a, s.X, 0, s.X)
	w := r.weights(m)
	for i := range r.n {
		q, _, _ := s.History(i)
		s.Combine(s.Mean, 1, s.Mean, c*w[i], q)
	}
}

// noiseless reports whether U is σ = 0. There a multistep method takes the step
// of DDIM, which ends at the denoised state.
func (s *Step) noiseless() bool {
	_, sigma := s.Kernel(s.U)
	return sigma == 0
}

// longStep is the length in λ = log(α/σ) beyond which the denoiser is not
// extrapolated. It was chosen on mixtures with exact scores: at .65 there are some
// on which order 3 errs more than DDIM, and at .5 steps on which it is better by
// far lose their order.
const longStep = 0.6

// orderAt returns the order of a step from t to u, which is least, at most, where
// that is long: there the denoiser is no polynomial, and extrapolated to the end it
// may be worse than at the start. As the steps become short all have the order.
func (s *Step) orderAt(t, u float64, order, least int, full bool) int {
	if full || sde.LogSNR(s, u)-sde.LogSNR(s, t) <= longStep {
		return order
	}
	return min(order, least)
}
