package sampler

import (
	"fmt"

	"gonum.org/v1/gonum/mat"
)

var (
	_ Predictor = Steered{}
	_ Coupler   = Steered{}
)

// Reward is a function r(x₀) of clean rows, in the coordinates of the data, by whose
// exponential a distribution is tilted. A posterior.Likelihood in the zero sde.Frame is
// one, which makes the posterior of it.
type Reward interface {
	// LogProb writes r of the rows of x0, all those of a run in their order, into dst.
	LogProb(dst []float64, x0 *mat.Dense)
}

// Steered is the predictor of Feynman–Kac steering (Singhal et al. 2025): Twisted for any
// reward, without guidance. Particles are moved by DDIM{Eta: 1} of the Problem, and weighed
// by what the reward of the denoised row gains,
//
//	w ← w exp(r(D(x_u, u)) − r(D(x_t, t))),
//
// the paper's potentials of differences. As their number grows they follow the
// distribution of density p(x₀) exp(r(x₀))/Z, at the rate n^−½ and for the steps of the
// grid; Trace.LogEvidence estimates log Z. No derivative is needed, but many more
// particles than with guidance: of a likelihood much narrower than the data the
// potentials of early times are far from what they should be, and runs of some hundred
// particles then miss most of Z. Everything else is as for Twisted.
type Steered struct {
	// Reward is r.
	Reward Reward
	Particles
}

// Validate returns an error wrapping ErrRange or ErrUnset that names an impossible field.
func (p Steered) Validate() error {
	if unset(p.Reward) {
		return fmt.Errorf("Steered.Reward: is nil, want a function of clean rows: %w", ErrUnset)
	}
	return p.validate("Steered")
}

// Predict implements Predictor. It returns errors wrapping ErrRange for an impossible field
// or a state that something else has changed.
func (p Steered) Predict(s *Step) error {
	w, ok := s.solver.(*swarm)
	if !ok {
		err := p.Validate()
		if err != nil {
			return err
		}
		if w, err = p.begin(s, steering{p.Reward}); err != nil {
			return fmt.Errorf("Steered: %w", err)
		}
		s.solver = w
	}
	if err := w.cross(s); err != nil {
		return fmt.Errorf("Steered: %w", err)
	}
	return nil
}

// steering is the reward as a twisting function.
type steering struct{ r Reward }

func (ψ steering) at(s *Step, w *swarm, x *mat.Dense, t float64) error {
	if err := s.Score(w.score, x, t); err != nil {
		return err
	}
	alpha, sigma := s.Kernel(t)
	x0 := s.Scratch(1)
	s.Combine(x0, 1/alpha, x, sigma*sigma/alpha, w.score)
	return ψ.likelihood(s, w, x0)
}

func (ψ steering) likelihood(s *Step, w *swarm, x0 *mat.Dense) error {
	data := s.Scratch(1)
	s.Data(data, x0)
	ψ.r.LogProb(w.log, data)
	return nil
}
