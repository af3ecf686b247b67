package sampler

import (
	"fmt"
	"math"
)

var (
	_ Predictor = EulerMaruyama{}
	_ Predictor = Euler{}
)

// EulerMaruyama discretises the reverse-time SDE (Anderson 1982): with
// h = t − u,
//
//	x_mean = x − (f x − g² s) h,   x = x_mean + g √h z.
//
// One evaluation a step, weak order 1, strong order 1 (the noise is additive).
type EulerMaruyama struct {
	// FixedStep, when not 0, is used as h whatever the interval is. With
	// FixedStep = 1/N and N times this is the loop of score_sde, which makes
	// N updates: the grid needs one more, smaller time after them, which the
	// update does not look at.
	FixedStep float64
}

// Predict implements Predictor.
func (e EulerMaruyama) Predict(s *Step) error { return euler(s, 1, e.FixedStep) }

// Euler discretises the family of reverse processes with the marginals of the
// forward one (sde.Reverse): with h = t − u,
//
//	x_mean = x − (f x − ½(1+Λ²) g² s) h,   x = x_mean + Λ g √h z.
//
// The zero value, Λ = 0, is Euler's method on the probability flow; Λ = 1 is
// EulerMaruyama. One evaluation a step, order 1.
type Euler struct{ Lambda float64 }

// Predict implements Predictor. It returns an error wrapping ErrRange when
// Lambda is negative or not finite.
func (e Euler) Predict(s *Step) error {
	if !(e.Lambda >= 0) || math.IsInf(e.Lambda, 1) {
		return fmt.Errorf("Euler.Lambda = %g, expected a finite number ≥ 0: %w", e.Lambda, ErrRange)
	}
	return euler(s, e.Lambda, 0)
}

func euler(s *Step, lambda, fixed float64) error {
	h := s.T - s.U
	if fixed != 0 {
		if !(fixed > 0) || math.IsInf(fixed, 1) {
			return fmt.Errorf("EulerMaruyama.FixedStep = %g, expected a finite number ≥ 0: %w", fixed, ErrRange)
		}
		h = fixed
	}
	if err := s.Score(s.Mean, s.X, s.T); err != nil {
		return err
	}
	f, g2 := s.Rates(s.T)
	combine(s.Mean, 1-f*h, s.X, 0.5*(1+lambda*lambda)*g2*h, s.Mean)
	s.Move(lambda*math.Sqrt(g2*math.Abs(h)), 0) // h < 0 on the way to latents
	return nil
}
