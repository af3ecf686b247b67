package sampler

import "cmp"

var _ Predictor = LMS{}

// LMS is the linear multistep method of k-diffusion, Adams–Bashforth with steps
// of any length: in y = x/α and ς = σ/α the probability flow is dy/dς = ε̂, and
//
//	y_u = y_t + ∫ p dς   over ς from ς_t to ς_u,                                         (19)
//
// where p is the polynomial through the last Order values of ε̂, integrated in
// closed form. The first steps, for want of values, have lower orders. One
// evaluation a step; the order is Order but for the error of the first steps.
type LMS struct {
	// Order is from 1 to 4; 0 means 4.
	Order int
}

// Validate returns an error wrapping ErrRange that names an impossible field.
func (p LMS) Validate() error { return within("LMS", "Order", p.Order, 0, 4) }

// Reversible reports true: no noise is drawn.
func (LMS) Reversible() bool { return true }

// Predict implements Predictor.
func (p LMS) Predict(s *Step) error {
	if err := p.Validate(); err != nil {
		return err
	}
	p.Order = cmp.Or(p.Order, 4)
	if err := s.Epsilon(s.Push(p.Order), s.X, s.T); err != nil {
		return err
	}
	at, _ := s.Kernel(s.T)
	au, _ := s.Kernel(s.U)
	r, h := s.nodes(0, p.Order, s.U, func(t float64) float64 { return ratio(s, t) })
	s.integrate(au/at, au*h, &r, plain())
	s.Finish()
	return nil
}
