package sampler

import (
	"math"

	"github.com/gradlogp/gradlogp/sde"
)

var _ Predictor = DPMSolver{}

// DPMSolver is the single-step DPM-Solver-1, -2 or -3 (Lu et al. 2022) for the
// noise ε̂ = −σs in λ = log(α/σ). With h = λ_u − λ_t, E(h) = expm1(h), and
// indices for how far λ has come from λ_t to λ_u,
//
//	1:  x = (α_u/α_t) x − σ_u E(h) ε̂_t
//	2:  x_½ by 1, then x = (α_u/α_t) x − σ_u E(h) ε̂_½
//	3:  x_⅓ by 1, then x_⅔ = (α_⅔/α_t) x − σ_⅔ [E(⅔h) ε̂_t + 2 (E(⅔h)/(⅔h) − 1)(ε̂_⅓ − ε̂_t)],
//	    x = (α_u/α_t) x − σ_u [E(h) ε̂_t + (3/2)(E(h)/h − 1)(ε̂_⅔ − ε̂_t)].
//
// A step to where the score may not be evaluated, as at σ_u = 0, is one of
// DPM-Solver-1, which is DDIM. The evaluations a step are as many as the order.
type DPMSolver struct {
	// Order is 1, 2 or 3; 0 means 3.
	Order int
}

// Validate returns an error wrapping ErrRange that names an impossible field.
func (p DPMSolver) Validate() error { return within("DPMSolver", "Order", p.Order, 0, 3) }

// Reversible reports true: no noise is drawn.
func (DPMSolver) Reversible() bool { return true }

// Predict implements Predictor.
func (p DPMSolver) Predict(s *Step) error {
	if err := p.Validate(); err != nil {
		return err
	}
	if p.Order == 1 || s.BelowSpan() {
		return DDIM{}.Predict(s)
	}
	now, inner, y := s.Scratch(0), s.Scratch(1), s.Mean
	if err := s.Epsilon(now, s.X, s.T); err != nil {
		return err
	}
	at, _ := s.Kernel(s.T)
	from := sde.LogSNR(s, s.T)
	h := sde.LogSNR(s, s.U) - from
	// reach sets y to (α_r/α_t) x − σ_r [E(rh) ε̂_t + c (ε̂ − ε̂_t)] with the ε̂
	// of the stage before, and returns its time.
	reach := func(r, c float64) float64 {
		t := s.U
		if r < 1 {
			t = sde.TimeAt(s.SDE, from+r*h)
		}
		alpha, sigma := s.Kernel(t)
		s.Combine(y, alpha/at, s.X, -sigma*(math.Expm1(r*h)-c), now)
		if c != 0 {
			s.Combine(y, 1, y, -sigma*c, inner)
		}
		return t
	}
	if p.Order == 2 {
		if err := s.Epsilon(inner, y, reach(0.5, 0)); err != nil {
			return err
		}
		reach(1, math.Expm1(h))
		s.Finish()
		return nil
	}
	const third, two = 1.0 / 3, 2.0 / 3
	if err := s.Epsilon(inner, y, reach(third, 0)); err != nil {
		return err
	}
	// E(h)/h − 1 = h φ₂(h).
	if err := s.Epsilon(inner, y, reach(two, 2*two*h*phi(2, two*h))); err != nil {
		return err
	}
	reach(1, 1.5*h*phi(2, h))
	s.Finish()
	return nil
}
