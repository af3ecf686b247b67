package sampler

import (
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/sde"
	"gonum.org/v1/gonum/mat"
)

var _ Predictor = FlowMap{}

// FlowMap goes from one time to the next in one evaluation, by the map that a model for
// few steps has learned (an sde.FlowMap, such as that of a score.Model with
// Config.FlowMap): on grid.Few(p, n) it makes samples in n evaluations. A step goes to the
// data and adds noise for its end,
//
//	x_u = (α_u/α_0) Map(x_t, t, 0) + √(σ_u² − (α_u/α_0)²σ_0²) z,   α_0 = 1, σ_0 = 0 but for VE,   (36)
//
// the multistep sampling of consistency models (Song et al. 2023), in which every step mends
// what the one before got wrong in the details. A Deterministic one goes to its end at
// once, so that it stays on the way of the flow from where a row starts:
//
//	x_u = Map(x_t, t, u).                                                                (37)
//
// With the exact map both are exact in distribution, however long the steps are. A score
// without a map, see sde.FlowMap, is an error wrapping ErrUnset.
type FlowMap struct{ Deterministic bool }

// Predict implements Predictor.
func (p FlowMap) Predict(s *Step) error {
	if p.Deterministic {
		if err := s.Map(s.Mean, s.X, s.T, s.U); err != nil {
			return err
		}
		s.Finish()
		return nil
	}
	if err := s.Map(s.Mean, s.X, s.T, 0); err != nil {
		return err
	}
	α, σ := s.Kernel(s.U)
	α0, σ0 := s.Kernel(0)
	s.Mean.Scale(α/α0, s.Mean)
	s.AddNoise(math.Sqrt(max(0, σ*σ-α/α0*α/α0*σ0*σ0)), 0)
	return nil
}

// Map writes into dst where the map of the score takes the rows of x from one time to an
// earlier one, for one evaluation. It returns an error when the score has none, see
// sde.FlowMap, or the run has been cancelled.
func (s *Step) Map(dst, x *mat.Dense, from, to float64) error {
	m, ok := sde.As[sde.FlowMap](s.scorer)
	if !ok {
		return fmt.Errorf("Problem.Score: is a %T, want one with a flow map, as that of a score.Model with FlowMap: %w", s.scorer, ErrUnset)
	}
	if err := s.Ctx.Err(); err != nil {
		return err
	}
	s.evals++
	m.Map(dst, x, []float64{from}, []float64{to})
	return nil
}
