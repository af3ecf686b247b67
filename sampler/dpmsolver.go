package sampler

import (
	"cmp"
	"math"

	"github.com/gradlogp/gradlogp/sde"
)

var _ Predictor = DPMSolver{}

// DPMSolver is the single-step DPM-Solver-1, -2 or -3 (Lu et al. 2022) for the
// noise ε̂ = −σs in λ = log(α/σ). With h = λ_u − λ_t, E(h) = expm1(h), and
// indices for how far λ has come from λ_t to λ_u,
//
//	1:  x = (α_u/α_t) x − σ_u E(h) ε̂_t                                                   (20)
//	2:  x_½ by 1, then x = (α_u/α_t) x − σ_u E(h) ε̂_½                                    (21)
//	3:  x_⅓ by 1, then x_⅔ = (α_⅔/α_t) x − σ_⅔ [E(⅔h) ε̂_t + 2 (E(⅔h)/(⅔h) − 1)(ε̂_⅓ − ε̂_t)],
//	    x = (α_u/α_t) x − σ_u [E(h) ε̂_t + (3/2)(E(h)/h − 1)(ε̂_⅔ − ε̂_t)].                 (22)
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
	order := cmp.Or(p.Order, 3)
	now, inner, y := s.Scratch(0), s.Scratch(1), s.Mean
	if err := s.Epsilon(now, s.X, s.T); err != nil {
		return err
	}
	at, _ := s.Kernel(s.T)
	from := sde.LogSNR(s, s.T)
	h := sde.LogSNR(s, s.U) - from
	stages := dpmStages(order)
	for i, stage := range stages[:order] {
		t := s.U
		if stage.at < 1 {
			t = timeAt(s.SDE, from+stage.at*h)
		}
		alpha, sigma := s.Kernel(t)
		c := stage.c(h)
		s.Combine(y, alpha/at, s.X, -sigma*(math.Expm1(stage.at*h)-c), now)
		if c != 0 {
			s.Combine(y, 1, y, -sigma*c, inner)
		}
		if i == order-1 {
			break
		}
		if err := s.Epsilon(inner, y, t); err != nil {
			return err
		}
	}
	s.Finish()
	return nil
}
