package sampler

import (
	"cmp"
	"math"
)

var (
	_ Predictor = EulerMaruyama{}
	_ Predictor = Euler{}
)

// EulerMaruyama discretises the reverse-time SDE (Anderson 1982): with
// h = t − u,
//
//	x_mean = x − (f x − g² s) h,   x = x_mean + g √h z.                                  (5)
//
// One evaluation a step, weak order 1, strong order 1 (the noise is additive).
type EulerMaruyama struct {
	// FixedStep, when not 0, is used as h whatever the interval is. With
	// FixedStep = 1/N and N times this is the loop of score_sde, which makes
	// N updates: the grid needs one more, smaller time after them, which the
	// update does not look at.
	FixedStep float64
}

// Validate returns an error wrapping ErrRange that names an impossible field.
func (e EulerMaruyama) Validate() error {
	return nonNegative("EulerMaruyama", "FixedStep", e.FixedStep)
}

// Predict implements Predictor.
func (e EulerMaruyama) Predict(s *Step) error {
	if err := e.Validate(); err != nil {
		return err
	}
	return Euler{Lambda: 1, FixedStep: e.FixedStep}.Predict(s)
}

// Euler discretises the family of reverse processes with the marginals of the
// forward one (sde.Reverse): with h = t − u,
//
//	x_mean = x − (f x − ½(1+Λ²) g² s) h,   x = x_mean + Λ g √h z.                        (6)
//
// The zero value, Λ = 0, is Euler's method on the probability flow; Λ = 1 is
// EulerMaruyama. One evaluation a step, order 1.
type Euler struct {
	Lambda float64
	// FixedStep is that of EulerMaruyama.
	FixedStep float64
	// Ratio takes the same step in y = x/α along ς = σ/α, where the process
	// has no drift of its own and the variance of the noise is exact:
	//
	//	y_mean = y + (1+Λ²) (ς_u − ς_t) ε̂,   y = y_mean + Λ √(ς_t² − ς_u²) z.
	//
	// For Λ = 0 this is DDIM.
	Ratio bool
}

// Validate returns an error wrapping ErrRange that names an impossible field.
func (e Euler) Validate() error {
	return cmp.Or(nonNegative("Euler", "Lambda", e.Lambda), nonNegative("Euler", "FixedStep", e.FixedStep))
}

// Reversible reports whether no noise is drawn and a step is that of its interval.
func (e Euler) Reversible() bool { return e.Lambda == 0 && e.FixedStep == 0 }

// Predict implements Predictor.
func (e Euler) Predict(s *Step) error {
	if err := e.Validate(); err != nil {
		return err
	}
	if err := s.Score(s.Mean, s.X, s.T); err != nil {
		return err
	}
	grow := 1 + e.Lambda*e.Lambda
	if e.Ratio {
		at, st := s.Kernel(s.T)
		au, su := s.Kernel(s.U)
		t, u := st/at, su/au
		s.Combine(s.Mean, au/at, s.X, au*grow*(t-u)*st, s.Mean)
		s.AddNoise(e.Lambda*au*math.Sqrt(math.Abs((t-u)*(t+u))), 0)
		return nil
	}
	h := s.T - s.U
	if e.FixedStep != 0 {
		h = e.FixedStep
	}
	f, g2 := s.Rates(s.T)
	s.Combine(s.Mean, 1-f*h, s.X, 0.5*grow*g2*h, s.Mean)
	s.AddNoise(e.Lambda*math.Sqrt(g2*math.Abs(h)), 0) // h < 0 on the way to latents
	return nil
}
