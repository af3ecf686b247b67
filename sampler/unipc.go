package sampler

import (
	"cmp"

	"github.com/gradlogp/gradlogp/sde"
)

var _ Predictor = UniPC{}

// UniPC is the unified predictor-corrector UniPC-p (Zhao et al. 2023) for the
// denoiser D in λ = log(α/σ). With h = λ_u − λ_t, UniP-p integrates the
// polynomial through the last p values of D,
//
//	x̃_u = (σ_u/σ_t) x_t + α_u h Σ_i w_i D_i,                                             (24)
//
// and UniC-p does it again with D(x̃_u, u) among them, of which it makes one
// order more. D(x̃_u, u) is then kept as the value at u, so that the corrector
// costs no evaluation: it is applied when the next step has it, and the last
// state, whose D is not asked for, stays as predicted.
//
// With two values, in UniP-2 and UniC-1, the paper takes B(h)/2 for the weight
// of their divided difference, for which any B(h) ~ h will do. One evaluation a
// step, order p + 1 when the history has been seeded to that order.
type UniPC struct {
	// Order is p, from 1 to 3; 0 means 3.
	Order int
	// B1 takes B(h) = h, better at few steps of unguided sampling by the
	// paper; the default is B₂(h) = 1 − e^{−h}, with which UniP-2 is DPMpp2M.
	B1 bool
	// FullOrder is that of DPMpp3M.
	FullOrder bool
}

// Validate returns an error wrapping ErrRange that names an impossible field.
func (p UniPC) Validate() error { return within("UniPC", "Order", p.Order, 0, 3) }

// Reversible reports true: no noise is drawn.
func (UniPC) Reversible() bool { return true }

// Predict implements Predictor.
func (p UniPC) Predict(s *Step) error {
	if err := p.Validate(); err != nil {
		return err
	}
	p.Order = cmp.Or(p.Order, 3)
	now := s.Push(p.Order + 1)
	if err := s.X0(now, s.X, s.T); err != nil {
		return err
	}
	at, st := s.Kernel(s.T)
	lambda := func(t float64) float64 { return sde.LogSNR(s, t) }
	// UniC for the step before: only the weights differ from those used then.
	if _, before, ok := s.History(1); ok {
		used, h := s.nodes(1, s.orderAt(before, s.T, p.Order, 1, p.FullOrder), s.T, lambda)
		better := used
		better.add(1)
		old, weights := used.weights(p.moments(&used, h)), better.weights(p.moments(&better, h))
		for i := range used.n {
			d, _, _ := s.History(1 + i)
			s.Combine(s.X, 1, s.X, at*h*(weights[i]-old[i]), d)
		}
		s.Combine(s.X, 1, s.X, at*h*weights[used.n], now)
	}
	au, su := s.Kernel(s.U)
	if su == 0 {
		s.Combine(s.Mean, 0, s.X, au, now)
		s.Finish()
		return nil
	}
	r, h := s.nodes(0, s.orderAt(s.T, s.U, p.Order, 1, p.FullOrder), s.U, lambda)
	s.integrate(su/st, au*h, &r, p.moments(&r, h))
	s.Finish()
	return nil
}

// moments are those of the integral but for the weight of a lone divided
// difference, which the paper takes as B(h)/2.
func (p UniPC) moments(r *nodes, h float64) moments {
	m := exponential(-h)
	if r.n == 2 {
		m[1] = 0.5 * m[0]
		if p.B1 {
			m[1] = 0.5
		}
	}
	return m
}
