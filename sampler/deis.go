package sampler

import (
	"cmp"
	"math"
)

var _ Predictor = DEIS{}

// DEIS is the linear multistep method for the probability flow in one
// of the forms in which the flow is an integral,
//
//	x_u/N_u = x_t/N_t + ∫ q dw,                                                          (23)
//
// with q replaced by the polynomial through its last Order values. The integrals
// are taken exactly, so that the only error is the polynomial's:
//
//	Form          N          q                w             polynomial in
//	EpsilonForm     α          ε̂                σ/α = e^−λ    λ = log(α/σ)
//	X0Form      σ          D                α/σ = e^λ     λ
//	VelocityForm  α + σ      ε̂ − D            σ/(α + σ)     w
//	AngleForm     √(α²+σ²)   (αε̂ − σD)/N      atan(σ/α)     λ
//
// EpsilonForm and X0Form are exponential integrators: the one is DEIS (Zhang &
// Chen 2023), the other of order 3 is DPMpp3M. LMS is EpsilonForm with a polynomial
// in w; AngleForm has the v-prediction of VP processes. Order 1 is DDIM, but in
// AngleForm. The first steps, for want of values, have lower orders, and a step
// to σ_u = 0 is DDIM's. One evaluation a step.
type DEIS struct {
	// Order is from 1 to 4; 0 means 3.
	Order int
	// Form is what the polynomial stands for; the zero value is
	// EpsilonForm, which needs the fewest evaluations.
	Form Form
	// FullOrder is that of DPMpp3M. Forms other than X0Form stay good over
	// long steps, and have there the orders up to 3 anyway.
	FullOrder bool
}

// Validate returns an error wrapping ErrRange that names an impossible field.
func (p DEIS) Validate() error {
	return cmp.Or(within("DEIS", "Order", p.Order, 0, 4), within("DEIS", "Form", p.Form, EpsilonForm, AngleForm))
}

// Reversible reports true: no noise is drawn.
func (DEIS) Reversible() bool { return true }

// Form names a form of the probability flow; see DEIS.
type Form uint8

// The forms.
const (
	EpsilonForm Form = iota
	X0Form
	VelocityForm
	AngleForm
)

// at returns N, the coordinate of the polynomial, and the coefficients of
// q = onX x + onScore s where the kernel is α, σ.
func (f Form) at(alpha, sigma float64) (norm, w, onX, onScore float64) {
	switch f {
	case X0Form:
		return sigma, math.Log(alpha / sigma), 1 / alpha, sigma * sigma / alpha
	case VelocityForm:
		return alpha + sigma, sigma / (alpha + sigma), -1 / alpha, -sigma - sigma*sigma/alpha
	case AngleForm:
		// αε̂ − σD = −ασs − σ(x + σ²s)/α.
		n := math.Hypot(alpha, sigma)
		return n, math.Log(alpha / sigma), -sigma / (alpha * n), -sigma * n / alpha
	}
	return alpha, math.Log(alpha / sigma), 0, -sigma
}

// integral returns the factor c and the moments m_k with which
// N_u ∫ θ^k dw = c m_k over a step of length h in the coordinate.
func (f Form) integral(alpha, sigma, h float64) (c float64, m moments) {
	switch f {
	case X0Form:
		return alpha * h, exponential(-h)
	case VelocityForm:
		return (alpha + sigma) * h, plain()
	case AngleForm:
		return math.Hypot(alpha, sigma) * h, angular(math.Log(alpha/sigma)-h, h)
	}
	return -sigma * h, exponential(h)
}

// angular returns the moments −∫₀¹ θ^k/(2 cosh λ) dθ, λ = from + θh, of the
// angle, dw = −dλ/(2 cosh λ). There is no closed form; Simpson's rule on this
// many intervals is right to 1e-12 for steps of h ≤ 1.
func angular(from, h float64) (m moments) {
	const n = 256
	for i := range n + 1 {
		theta := float64(i) / n
		c := -float64(1+i%2) / (3 * n * math.Cosh(from+theta*h))
		if i == 0 || i == n {
			c /= 2
		}
		for k := range m {
			m[k] += c
			c *= theta
		}
	}
	return m
}

// Predict implements Predictor.
func (p DEIS) Predict(s *Step) error {
	if err := p.Validate(); err != nil {
		return err
	}
	p.Order = cmp.Or(p.Order, 3)
	if s.noiseless() {
		return DDIM{}.Predict(s)
	}
	now := s.Push(p.Order)
	if err := s.Score(now, s.X, s.T); err != nil {
		return err
	}
	nt, _, onX, onScore := p.Form.at(s.Kernel(s.T))
	s.Combine(now, onX, s.X, onScore, now)
	au, su := s.Kernel(s.U)
	nu, _, _, _ := p.Form.at(au, su)
	least := 3
	if p.Form == X0Form {
		least = 1
	}
	r, h := s.nodes(0, s.orderAt(s.T, s.U, p.Order, least, p.FullOrder), s.U, func(t float64) float64 {
		_, w, _, _ := p.Form.at(s.Kernel(t))
		return w
	})
	c, m := p.Form.integral(au, su, h)
	s.integrate(nu/nt, c, &r, m)
	s.Finish()
	return nil
}
