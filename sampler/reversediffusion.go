package sampler

import (
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/sde"
)

var _ Predictor = ReverseDiffusion{}

// ReverseDiffusion discretises the reverse-time SDE the way the forward one is
// stepped (Song et al. 2021): with the transition x_t = a x_u + √q z,
//
//	x_mean = (2 − a) x + q s,   x = x_mean + √q z.                                       (8)
//
// One evaluation a step, weak order 1.
type ReverseDiffusion struct {
	// Flow discretises the probability flow instead: half the score's term,
	// no noise.
	Flow bool
	// Table, when set, takes a and q from the step ⌊t(N−1)⌋ of a table of N
	// steps, whatever the interval is, while the score is evaluated at t. N
	// times are the loop of score_sde, which makes N updates: the grid needs
	// one more, smaller time after them, which the update does not look at.
	Table *sde.Discrete
}

// Validate returns an error wrapping ErrRange for a Table that has no steps.
func (p ReverseDiffusion) Validate() error { return checkTable("ReverseDiffusion", p.Table) }

// Reversible reports whether no noise is drawn and a step is that of its interval.
func (p ReverseDiffusion) Reversible() bool { return p.Flow && p.Table == nil }

// Predict implements Predictor. It returns an error wrapping ErrRange when a
// Table meets a time outside [0, 1].
func (p ReverseDiffusion) Predict(s *Step) error {
	if err := p.Validate(); err != nil {
		return err
	}
	tr, err := s.transition("ReverseDiffusion", p.Table)
	if err != nil {
		return err
	}
	if err := s.Score(s.Mean, s.X, s.T); err != nil {
		return err
	}
	onScore, std := tr.q, math.Sqrt(max(0, tr.q))
	if p.Flow {
		onScore, std = 0.5*tr.q, 0
	}
	s.Combine(s.Mean, 2-tr.a, s.X, onScore, s.Mean)
	s.AddNoise(std, 0)
	return nil
}

func checkTable(method string, table *sde.Discrete) error {
	if table == nil {
		return nil
	}
	if err := table.Validate(); err != nil {
		return fmt.Errorf("%s.Table: %w: %w", method, err, ErrRange)
	}
	return nil
}

// transition is x_T = a x_U + √q z between levels of noise σ_U and σ_T.
type transition struct{ a, q, sigmaT, sigmaU float64 }

// transition returns the one of the process over the Step's interval or, with
// a table, the one score_sde takes for it.
func (s *Step) transition(name string, table *sde.Discrete) (tr transition, err error) {
	if table == nil {
		tr.a, tr.q = sde.Transition(s, s.U, s.T)
		_, tr.sigmaT = s.Kernel(s.T)
		_, tr.sigmaU = s.Kernel(s.U)
		return tr, nil
	}
	if !(s.T >= 0 && s.T <= 1) {
		return tr, fmt.Errorf("%s.Table: is at t = %g, want a time in [0, 1]: %w", name, s.T, ErrRange)
	}
	i := table.Index(s.T)
	tr.a, tr.q = table.Step(i)
	_, tr.sigmaT = table.Kernel(float64(i + 1))
	_, tr.sigmaU = table.Kernel(float64(i))
	return tr, nil
}
