package sampler

import (
	"cmp"
	"fmt"
)

var _ Predictor = DPMFast{}

// DPMFast makes the most of a fixed number of evaluations with DPMSolver (Lu et
// al. 2022; k-diffusion): steps of order 3, three evaluations each, on a grid
// of equal steps in λ = log(α/σ), and at the end one or two of a lower order so
// that their number comes out,
//
//	n = 3m+1 or 3m+2:  orders 3 … 3, then 1 or 2,    n = 3m:  orders 3 … 3, 2, 1.        (30)
//
// With an Eta each step but the last is ancestral, see EulerAncestral. The order
// is one above that of the last step.
type DPMFast struct {
	// Evaluations is n; the grid makes n/3+1 steps. 0 means 3N−1,
	// the most that N steps take.
	Evaluations int
	// Eta is η; unlike that of methods called ancestral, 0 is 0.
	Eta float64
	// SNoise is S_noise; 0 means 1.
	SNoise float64
}

// Validate returns an error wrapping ErrRange that names an impossible field.
func (p DPMFast) Validate() error {
	return cmp.Or(checkNoise("DPMFast", p.Eta, p.SNoise), nonNegative("DPMFast", "Evaluations", p.Evaluations))
}

// Steps returns how many steps the grid has to make, for use as in
//
//	grid.UniformLogSNR(p, from, to, fast.Steps()+1)
func (p DPMFast) Steps() int { return p.Evaluations/3 + 1 }

// order returns the order of step k of n.
func (p DPMFast) order(k, n int) int {
	last := p.Evaluations % 3
	switch {
	case p.Evaluations == 0:
		last = 2
	case last == 0: // … 2, 1
		return min(3, n-k)
	}
	if k == n-1 {
		return last
	}
	return 3
}

// Predict implements Predictor. It returns an error wrapping ErrRange when the
// grid makes another number of steps.
func (p DPMFast) Predict(s *Step) error {
	if err := p.Validate(); err != nil {
		return err
	}
	if p.Evaluations > 0 && p.Steps() != s.N {
		return fmt.Errorf("DPMFast.Evaluations: is %d on a grid of %d steps, want 0 or from %d to %d: %w",
			p.Evaluations, s.N, max(1, 3*s.N-3), 3*s.N-1, ErrRange)
	}
	step := DPMSolver{Order: p.order(s.K, s.N)}
	if s.K == s.N-1 {
		return step.Predict(s)
	}
	return s.AncestralStep(p.Eta, cmp.Or(p.SNoise, 1), step.Predict)
}
