package main

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
)

// replacing is a predictor after whose steps the known columns are replaced by the
// known values with noise of the level that is reached: with sampler.Gibbs, whose way back
// it is, this is RePaint (Lugmayr et al. 2022), for a model that knows nothing of
// columns.
type replacing struct {
	sampler.Predictor
	known []float64 // of every row, in model coordinates; NaN where a column is drawn
}

// Predict implements sampler.Predictor.
func (r replacing) Predict(s *sampler.Step) error {
	if err := r.Predictor.Predict(s); err != nil {
		return err
	}
	alpha, sigma := s.Kernel(s.U)
	n, d := s.X.Dims()
	z := mat.NewDense(n, d, nil)
	s.Noise.Normal(z, noise.Draw{Row: s.Row0, Step: s.K, Slot: 9, Purpose: noise.Perturb, T: s.T, U: s.U})
	for i := range n {
		for j, k := range r.known {
			if !math.IsNaN(k) {
				s.X.Set(i, j, alpha*k+sigma*z.At(i, j))
			}
		}
	}
	return nil
}

// steps is the grid of RePaint, whose method is of order one: between the levels of
// the default one, with more points.
func steps(p sde.SDE) []float64 { return grid.Conditional(p, 100) }
