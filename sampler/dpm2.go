package sampler

import (
	"cmp"
	"math"

	"github.com/gradlogp/gradlogp/sde"
)

var (
	_ Predictor = DPM2{}
	_ Predictor = DPM2Ancestral{}
)

// DPM2 is the midpoint method for the probability flow dy/dς = ε̂(x, t) in
// y = x/α and ς = σ/α, with the middle in log ς (Lu et al. 2022; k-diffusion):
//
//	ς_m = √(ς_t ς_u),   y_m = y + (ς_m − ς_t) ε̂_t,   y_u = y + (ς_u − ς_t) ε̂_m.          (12)
//
// Where the score may not be evaluated at the middle, as at σ_u = 0, the step
// is Euler's. With Churn the step begins at the raised level. Two evaluations a
// step, order 2; deterministic without Churn.
type DPM2 struct{ Churn }

// Validate returns an error wrapping ErrRange that names an impossible field.
func (p DPM2) Validate() error { return p.Churn.validate("DPM2.Churn") }

// Reversible reports whether no noise is drawn.
func (p DPM2) Reversible() bool { return p.SChurn == 0 }

// Predict implements Predictor.
func (p DPM2) Predict(s *Step) error { return p.Churn.Raise(s, dpm2) }

// DPM2Ancestral is DPM2 to the level ς_down, and back with noise: see
// EulerAncestral. Two evaluations a step, weak order 2.
type DPM2Ancestral struct {
	// Eta is η; 0 means 1. For no noise take DPM2.
	Eta float64
	// SNoise is S_noise; 0 means 1.
	SNoise float64
}

// Validate returns an error wrapping ErrRange that names an impossible field.
func (p DPM2Ancestral) Validate() error { return checkNoise("DPM2Ancestral", p.Eta, p.SNoise) }

// Predict implements Predictor.
func (p DPM2Ancestral) Predict(s *Step) error {
	if err := p.Validate(); err != nil {
		return err
	}
	return s.AncestralStep(cmp.Or(p.Eta, 1), cmp.Or(p.SNoise, 1), dpm2)
}

func dpm2(s *Step) error {
	m, ok := s.Midway(0.5)
	if !ok {
		return DDIM{}.Predict(s)
	}
	at, st := s.Kernel(s.T)
	am, sm := s.Kernel(m)
	au, su := s.Kernel(s.U)
	score := s.Scratch(0)
	if err := s.Score(score, s.X, s.T); err != nil {
		return err
	}
	// ε̂ = −σ s.
	s.Combine(s.Mean, am/at, s.X, -st*(sm-am*st/at), score)
	if err := s.Score(score, s.Mean, m); err != nil {
		return err
	}
	s.Combine(s.Mean, au/at, s.X, -sm*(su-au*st/at), score)
	s.Finish()
	return nil
}

// Midway returns the time at which λ = log(α/σ) has come the fraction r of the
// way from T to U. It is not ok when the score may not be evaluated there.
func (s *Step) Midway(r float64) (t float64, ok bool) {
	from, to := sde.LogSNR(s, s.T), sde.LogSNR(s, s.U)
	if math.IsInf(to, 1) {
		return 0, false
	}
	t = timeAt(s.SDE, from+r*(to-from))
	return t, !blind(s.SDE, t)
}
