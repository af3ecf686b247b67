package sampler

import (
	"cmp"
)

var _ Predictor = RungeKutta{}

// RungeKutta is the family of explicit Runge–Kutta methods with one or two
// stages for the probability flow dx/dt = v = f x − ½g² s in the process's own
// time (Karras et al. 2022, the general form of their samplers): with h = u − t
//
//	x' = x + a h v(x, t),   x_u = x + h [(1 − 1/(2a)) v(x, t) + 1/(2a) v(x', t + a h)].   (11)
//
// Alpha is a: 1 is Heun's method, ½ the midpoint's, ⅔ Ralston's. The zero value
// takes the first stage only, x_u = x + h v, which is Euler's method and on the
// EDM process that of k-diffusion; so does a step to where the score may not be
// evaluated, as at σ_u = 0. With Churn the step begins at the raised level.
//
// How good these are depends on the process's time; Heun, DPM2 and DPMpp2M do
// not. One or two evaluations a step, order 1 or 2.
type RungeKutta struct {
	Churn
	Alpha float64
}

// Validate returns an error wrapping ErrRange that names an impossible field.
func (p RungeKutta) Validate() error {
	return cmp.Or(within("RungeKutta", "Alpha", p.Alpha, 0, 1), p.Churn.validate("RungeKutta.Churn"))
}

// Reversible reports whether no noise is drawn.
func (p RungeKutta) Reversible() bool { return p.SChurn == 0 }

// Predict implements Predictor.
func (p RungeKutta) Predict(s *Step) error {
	if err := p.Validate(); err != nil {
		return err
	}
	return p.Churn.Raise(s, p.flow)
}

func (p RungeKutta) flow(s *Step) error {
	a, h := p.Alpha, s.U-s.T
	first := s.Scratch(0)
	if err := s.Velocity(first, s.X, s.T); err != nil {
		return err
	}
	if a == 0 || s.BelowSpan() {
		s.Combine(s.Mean, 1, s.X, h, first)
		s.Finish()
		return nil
	}
	second, mid := s.Scratch(1), s.T+a*h
	if a == 1 {
		mid = s.U // rounding must not leave the interval
	}
	s.Combine(s.Mean, 1, s.X, a*h, first)
	if err := s.Velocity(second, s.Mean, mid); err != nil {
		return err
	}
	s.Combine(s.Mean, 1, s.X, h*(1-0.5/a), first)
	s.Combine(s.Mean, 1, s.Mean, h*0.5/a, second)
	s.Finish()
	return nil
}
