// Package draw draws rows of coded tables.
package draw

import (
	"context"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/table"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/score"
)

// Sampler returns what draws coded rows of a model with Config.ColumnLevels given what is
// known of them, if anything. Given something, noise on the way lets the rows forget errors of
// the network, which are larger there.
func Sampler(ctx context.Context, m *score.Model, workers int) table.Sampler {
	return func(n int, known *mat.Dense, seed uint64) (*mat.Dense, error) {
		p := m.Problem()
		predictor, settings := sampler.Default(p.SDE), &sampler.Settings{Seed: seed, Workers: workers}
		if known != nil {
			p, predictor = m.Observe(score.Observed{Values: known}).Problem(), sampler.DPMpp2MSDE{}
			// With as few points as without noise, draws of an exact score are 3 % too wide.
			settings.Grid = grid.Conditional(p.SDE, 2*grid.DefaultPoints)
		}
		x := mat.NewDense(n, m.Dim(), nil)
		return x, sampler.Sample(ctx, x, p, predictor, settings)
	}
}
