package sampler

import (
	"cmp"
	"math"

	"github.com/gradlogp/gradlogp/sde"
)

var _ Predictor = UniPC{}

// UniPC is the unified predictor-corrector UniPC-p (Zhao et al. 2023) for the
// denoiser D in λ = log(α/σ). With h = λ_u − λ_t, UniP-p integrates the
// polynomial through the last p values of D,
//
//	x̃_u = (σ_u/σ_t) x_t + α_u h Σ_i w_i D_i,
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
}

// Validate returns an error wrapping ErrRange that names an impossible field.
func (p UniPC) Validate() error { return within("UniPC.Order", p.Order, 0, 3) }

// Reversible reports true: no noise is drawn.
func (UniPC) Reversible() bool { return true }

// Predict implements Predictor.
func (p UniPC) Predict(s *Step) error {
	if err := p.Validate(); err != nil {
		return err
	}
	p.Order = cmp.Or(p.Order, 3)
	now := s.Push(p.Order + 1)
	if err := s.Denoise(now, s.X, s.T); err != nil {
		return err
	}
	at, st := s.Kernel(s.T)
	// UniC for the step before: only the weights differ from those used then.
	if _, _, ok := s.History(1); ok {
		used, h := p.nodes(s, 1, s.T)
		better := used
		better.add(1)
		old, weights := p.weights(&used, h), p.weights(&better, h)
		for i := range used.n {
			d, _, _ := s.History(1 + i)
			combine(s.X, 1, s.X, at*h*(weights[i]-old[i]), d)
		}
		combine(s.X, 1, s.X, at*h*weights[used.n], now)
	}
	au, su := s.Kernel(s.U)
	if su == 0 {
		combine(s.Mean, 0, s.X, au, now)
		s.Finish()
		return nil
	}
	combine(s.Mean, su/st, s.X, 0, now)
	r, h := p.nodes(s, 0, s.U)
	w := p.weights(&r, h)
	for i := range r.n {
		d, _, _ := s.History(i)
		combine(s.Mean, 1, s.Mean, au*h*w[i], d)
	}
	s.Finish()
	return nil
}

// nodes returns where the values first, first+1, … remembered, at most Order of
// them, lie on the step from the time of the first to u, and its length in λ.
func (p UniPC) nodes(s *Step, first int, u float64) (r nodes, h float64) {
	_, t, _ := s.History(first)
	from := sde.LogSNR(s, t)
	h = sde.LogSNR(s, u) - from
	for i := range p.Order {
		if _, t, ok := s.History(first + i); ok {
			r.add((sde.LogSNR(s, t) - from) / h)
		}
	}
	return r, h
}

// weights returns the weights w_i of the values at the nodes, the first of
// which is 0.
func (p UniPC) weights(r *nodes, h float64) [maxNodes]float64 {
	if r.n != 2 {
		return r.weights(exponential(-h))
	}
	b := 1.0
	if !p.B1 {
		b = -math.Expm1(-h) / h
	}
	w := b / (2 * r.at[1])
	return [maxNodes]float64{phi(1, -h) - w, w}
}
