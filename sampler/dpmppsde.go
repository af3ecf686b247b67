package sampler

import (
	"cmp"
	"fmt"
	"math"
)

var _ Predictor = DPMppSDE{}

// DPMppSDE is the stochastic single-step DPM-Solver++ (Lu et al. 2022; as
// k-diffusion's dpmpp_sde): with y = x/α, ς = σ/α, a middle λ_m = λ_t + r h on
// the way from λ_t to λ_u = λ_t + h, and the levels of an ancestral step (see
// EulerAncestral) from ς_t to ς_m and to ς_u,
//
//	y_m = (ς_m,down/ς_t) y + (1 − ς_m,down/ς_t) D_t + ς_m,up S_noise z_m,                (26)
//	y_u = (ς_down/ς_t) y + (1 − ς_down/ς_t) D̃ + ς_up S_noise z_u,   D̃ = (1 − 1/(2r)) D_t + 1/(2r) D_m.   (27)
//
// The two noises are of one Brownian path. For η = 1 the reverse SDE reads
// d(y/ς²) = D d(1/ς²) + dW in the clock 1/ς² = (α/σ)²: the noise of a step is a
// Wiener integral that becomes a plain increment there, and
//
//	z_u = √c z_m + √(1−c) z',   c = (1/ς_m² − 1/ς_t²)/(1/ς_u² − 1/ς_t²),                 (28)
//
// with z' for the part from m to u. The middle's noise enters D̃ and so moves the
// result by h; its covariance with z_u contributes h² to the variance of a step,
// which is what order 2 needs. Independent noises lose it, and have order 1.
// For other η the clock is right to the order needed.
//
// Where the score may not be evaluated at the middle the step is
// EulerAncestral's. Two evaluations a step, weak order 2.
type DPMppSDE struct {
	// Eta is η; 0 means 1. For no noise take DPMpp2S.
	Eta float64
	// SNoise is S_noise; 0 means 1.
	SNoise float64
	// R is r, between 0 and 1; 0 means ½.
	R float64
	// Independent takes z_u = z'. This repeats published runs in which both
	// noises were drawn independently.
	Independent bool
}

// Validate returns an error wrapping ErrRange that names an impossible field.
func (p DPMppSDE) Validate() error {
	err := checkNoise("DPMppSDE", p.Eta, p.SNoise)
	if !(p.R >= 0 && p.R < 1) {
		err = cmp.Or(err, fmt.Errorf("DPMppSDE.R: is %g, want 0 ≤ r < 1: %w", p.R, ErrRange))
	}
	return err
}

// Predict implements Predictor.
func (p DPMppSDE) Predict(s *Step) error {
	if err := p.Validate(); err != nil {
		return err
	}
	r, eta, factor := p.R, cmp.Or(p.Eta, 1), cmp.Or(p.SNoise, 1)
	if r == 0 {
		r = 0.5
	}
	m, ok := s.Midway(r)
	if !ok {
		return s.AncestralStep(eta, factor, DDIM{}.Predict)
	}
	from, mid, to := ratio(s, s.T), ratio(s, m), ratio(s, s.U)
	d, dm, z, rest := s.Scratch(0), s.Scratch(1), s.Scratch(2), s.Scratch(3)
	if err := s.X0(d, s.X, s.T); err != nil {
		return err
	}
	s.Path(z, 0, 1/(from*from), 1/(mid*mid))
	s.Path(rest, 1, 1/(mid*mid), 1/(to*to))
	am, _ := s.Kernel(m)
	au, _ := s.Kernel(s.U)

	down, up := split(eta, from, mid)
	s.toward(d, s.T, m, down/from)
	s.Combine(s.Mean, 1, s.Mean, am*factor*up, z)
	if err := s.X0(dm, s.Mean, m); err != nil {
		return err
	}
	s.Combine(d, 1-0.5/r, d, 0.5/r, dm)
	if p.Independent {
		z = rest
	} else {
		c := (to / mid) * (to / mid) * (from - mid) * (from + mid) / ((from - to) * (from + to))
		s.Combine(z, math.Sqrt(c), z, math.Sqrt(1-c), rest)
	}
	down, up = split(eta, from, to)
	s.toward(d, s.T, s.U, down/from)
	s.Combine(s.X, 1, s.Mean, au*factor*up, z)
	return nil
}
