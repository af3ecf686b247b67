package sampler

var _ Predictor = Heun{}

// Heun is the second-order sampler of EDM (Karras et al. 2022, Algorithm 2). In
// y = x/α and ς = σ/α the probability flow is dy/dς = ε̂(x, t), and a step is
//
//	y_e = y + (ς_u − ς_t) ε̂_t,   y' = y + (ς_u − ς_t) ½(ε̂_t + ε̂_u(y_e)).                 (10)
//
// Where the score may not be evaluated at u, as at σ_u = 0, the step is y_e, that
// of DDIM. With Churn the step begins at the raised level. Two evaluations a step,
// order 2; deterministic without Churn.
type Heun struct{ Churn }

// Validate returns an error wrapping ErrRange that names an impossible field.
func (p Heun) Validate() error { return p.Churn.validate("Heun.Churn") }

// Reversible reports whether no noise is drawn.
func (p Heun) Reversible() bool { return p.SChurn == 0 }

// Predict implements Predictor.
func (p Heun) Predict(s *Step) error { return p.Churn.Raise(s, heun) }

func heun(s *Step) error {
	if s.BelowSpan() {
		return DDIM{}.Predict(s)
	}
	at, st := s.Kernel(s.T)
	au, su := s.Kernel(s.U)
	// x' = (α_u/α_t) x + h ε̂, and ε̂ = −σ s.
	a, h := au/at, su-au*st/at
	slope := s.Scratch(0)
	if err := s.Score(slope, s.X, s.T); err != nil {
		return err
	}
	euler, next := s.Mean, s.Scratch(1)
	s.Combine(euler, a, s.X, -h*st, slope)
	if err := s.Score(next, euler, s.U); err != nil {
		return err
	}
	s.Combine(slope, -0.5*h*st, slope, -0.5*h*su, next)
	s.Combine(s.Mean, a, s.X, 1, slope)
	s.Finish()
	return nil
}
