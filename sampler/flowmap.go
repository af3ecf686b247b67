package sampler

import (
	"fmt"

	"github.com/gradlogp/gradlogp/sde"
	"gonum.org/v1/gonum/mat"
)

var _ Predictor = FlowMap{}

// FlowMap goes from one time to the next in one evaluation, by the map that a model for
// few steps has learned (an sde.FlowMap, such as that of a score.Model with FlowMap): on
// the grid of grid.Few(p, n) it makes samples in n of them. With the exact map every
// step is exact, however long.
//
//	x_u = Map(x_t, t, u)
//
// With Renoise it goes to the data and adds noise for the next time,
//
//	x_u = α_u Map(x_t, t, 0) + σ_u z,
//
// the multistep sampling of consistency models (Song et al. 2023), which needs maps to the
// data only. A score without the map is an error wrapping ErrUnset.
type FlowMap struct{ Renoise bool }

// Reversible reports whether no noise is drawn.
func (p FlowMap) Reversible() bool { return !p.Renoise }

// Predict implements Predictor.
func (p FlowMap) Predict(s *Step) error {
	if !p.Renoise {
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
	s.Mean.Scale(α, s.Mean)
	s.AddNoise(σ, 0)
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
