package sampler

import (
	"cmp"
	"math"

	"github.com/gradlogp/gradlogp/sde"
)

var _ Predictor = Ancestral{}

// Ancestral goes back along the transition x_t = a x_u + √q z by a Gaussian with
// the mean of x_u given x_t (Ho et al. 2020),
//
//	x_mean = (x + q s)/a,   x = x_mean + τ z,   τ² = q σ_u²/σ_t².                        (9)
//
// That variance, the one of x_u given x_t and x₀, is right for data that are a
// single point and the lower bound for all others. With it the update is
// DDIM{Eta: 1} written with the score. One evaluation a step, weak order 1.
type Ancestral struct {
	// Upper takes the upper bound τ² = q C_u/C_t, C = α²v + σ², right for
	// Gaussian data of variance v: for the VP process and v = 1 it is q.
	Upper bool
	// Variance is the data's variance v per coordinate; 0 means 1, which
	// standardised data have. Only Upper looks at it.
	Variance float64
	// Table is that of ReverseDiffusion, with σ_u and σ_t from it too.
	// score_sde pairs VP's with Upper, VE's with the lower variance.
	Table *sde.Discrete
}

// Validate returns an error wrapping ErrRange that names an impossible field.
func (p Ancestral) Validate() error {
	return cmp.Or(nonNegative("Ancestral", "Variance", p.Variance), checkTable("Ancestral", p.Table))
}

// Predict implements Predictor. It returns an error wrapping ErrRange when a
// Table meets a time outside [0, 1].
func (p Ancestral) Predict(s *Step) error {
	if err := p.Validate(); err != nil {
		return err
	}
	p.Variance = cmp.Or(p.Variance, 1)
	tr, err := s.transition("Ancestral", p.Table)
	if err != nil {
		return err
	}
	if err := s.Score(s.Mean, s.X, s.T); err != nil {
		return err
	}
	std := math.Sqrt(max(0, tr.q)) * tr.sigmaU / tr.sigmaT
	if p.Upper {
		// α² from the same source as q: C_t = a²C_u + q.
		au, su := s.Kernel(s.U)
		cu := au*au*p.Variance + su*su
		std = math.Sqrt(max(0, tr.q) * cu / (tr.a*tr.a*cu + tr.q))
	}
	s.Combine(s.Mean, 1/tr.a, s.X, tr.q/tr.a, s.Mean)
	s.AddNoise(std, 0)
	return nil
}
