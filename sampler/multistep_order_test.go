package sampler_test

import (
	"context"
	"testing"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// The one method whose order shows on finer grids than those of samplertest's
// table: the noise's form of order 4, its first states taken from the flow.
func TestPathwiseOrderOfTheNoisesForm(t *testing.T) {
	const rows, from, to, order = 500, 0.8, 0.05, 4
	p := threeModes(t, sde.VP{})
	start := mat.NewDense(rows, 2, nil)
	noise.White{Seed: 1}.Normal(start, noise.Draw{Purpose: noise.Prior})
	reference := flowByRungeKutta(p, start, from, to, 1000)
	var errors []float64
	for _, n := range []int{150, 300, 600} {
		grid := sampler.LogSNR(p, from, to, n+1)
		x, exact := mat.DenseCopyOf(start), start
		pred := predictor(func(s *sampler.Step) error {
			err := sampler.AdamsBashforth{Order: order}.Predict(s)
			if s.K < order-1 {
				exact = flowByRungeKutta(p, exact, s.T, s.U, 4)
				s.X.Copy(exact)
			}
			return err
		})
		// An observer has all rows in one Step.
		s := &sampler.Settings{Grid: grid, NoDenoise: true, Observer: new(states)}
		require.NoError(t, sampler.Continue(context.Background(), x, p, pred, s))
		errors = append(errors, medianDistance(x, reference))
	}
	t.Logf("errors %.3g, orders %.3f", errors, slopes(errors))
	for _, v := range slopes(errors) {
		require.InDelta(t, order, v, 0.2)
	}
}
