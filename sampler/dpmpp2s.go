package sampler

import (
	"cmp"

	"gonum.org/v1/gonum/mat"
)

var (
	_ Predictor = DPMpp2S{}
	_ Predictor = DPMpp2SAncestral{}
)

// DPMpp2S is the single-step second-order DPM-Solver++ (Lu et al. 2022), the
// midpoint method for the denoiser in λ = log(α/σ): with y = x/α, ς = σ/α and
// the middle λ_m = ½(λ_t + λ_u),
//
//	y_m = (ς_m/ς_t) y + (1 − ς_m/ς_t) D_t,   y_u = (ς_u/ς_t) y + (1 − ς_u/ς_t) D_m.      (13)
//
// Where the score may not be evaluated at the middle, as at σ_u = 0, the step
// takes D_t for D_m. Two evaluations a step, order 2.
type DPMpp2S struct{}

// Reversible reports true: no noise is drawn.
func (DPMpp2S) Reversible() bool { return true }

// Predict implements Predictor.
func (DPMpp2S) Predict(s *Step) error { return dpmpp2S(s) }

// DPMpp2SAncestral is DPMpp2S to the level ς_down, and back with noise: see
// EulerAncestral. Two evaluations a step, weak order 2.
type DPMpp2SAncestral struct {
	// Eta is η; 0 means 1. For no noise take DPMpp2S.
	Eta float64
	// SNoise is S_noise; 0 means 1.
	SNoise float64
}

// Validate returns an error wrapping ErrRange that names an impossible field.
func (p DPMpp2SAncestral) Validate() error { return checkNoise("DPMpp2SAncestral", p.Eta, p.SNoise) }

// Predict implements Predictor.
func (p DPMpp2SAncestral) Predict(s *Step) error {
	if err := p.Validate(); err != nil {
		return err
	}
	return s.AncestralStep(cmp.Or(p.Eta, 1), cmp.Or(p.SNoise, 1), dpmpp2S)
}

func dpmpp2S(s *Step) error {
	m, ok := s.Midway(0.5)
	if !ok {
		return DDIM{}.Predict(s)
	}
	d := s.Scratch(0)
	if err := s.X0(d, s.X, s.T); err != nil {
		return err
	}
	from, to := ratio(s, s.T), ratio(s, s.U)
	s.toward(d, s.T, m, ratio(s, m)/from)
	if err := s.X0(d, s.Mean, m); err != nil {
		return err
	}
	s.toward(d, s.T, s.U, to/from)
	s.Finish()
	return nil
}

// toward sets Mean to the state at time u of y_u = q y + (1 − q) d, where
// X = α_t y.
func (s *Step) toward(d *mat.Dense, t, u, q float64) {
	at, _ := s.Kernel(t)
	au, _ := s.Kernel(u)
	s.Combine(s.Mean, q*au/at, s.X, au*(1-q), d)
}
