package sampler_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// The forms of Adams–Bashforth that samplertest's table leaves out: on its
// Gaussian NoiseForm gains an order by symmetry, and on paths it needs fine
// grids.
func TestPathwiseOrdersOfTheOtherForms(t *testing.T) {
	const rows, from, to = 500, 0.8, 0.05
	p := threeModes(t, sde.VP{})
	start := mat.NewDense(rows, 2, nil)
	noise.White{Seed: 1}.Normal(start, noise.Draw{Purpose: noise.Prior})
	reference := flowByRungeKutta(p, start, from, to, 1500)
	for _, m := range []struct {
		pred       sampler.Predictor
		seeds      int
		order, tol float64
	}{
		{sampler.AdamsBashforth{Order: 3, Form: sampler.NoiseForm}, 2, 3, 0.2},
		{sampler.AdamsBashforth{Order: 4, Form: sampler.NoiseForm}, 3, 4, 0.2},
		{sampler.AdamsBashforth{Order: 4, Form: sampler.VelocityForm}, 3, 4, 0.2},
		{sampler.AdamsBashforth{Order: 3, Form: sampler.AngleForm}, 2, 3, 0.2},
	} {
		t.Run(fmt.Sprintf("%T%v", m.pred, m.pred), func(t *testing.T) {
			var errors []float64
			for _, n := range []int{150, 300, 600} {
				grid := sampler.LogSNR(p, from, to, n+1)
				x, exact := mat.DenseCopyOf(start), start
				pred := primed{Predictor: m.pred}
				for k := range m.seeds {
					exact = flowByRungeKutta(p, exact, grid[k], grid[k+1], 4)
					pred.states = append(pred.states, exact)
				}
				require.NoError(t, sampler.Continue(context.Background(), x, p, pred, &sampler.Settings{Grid: grid, NoDenoise: true}))
				errors = append(errors, medianDistance(x, reference))
			}
			t.Logf("errors %.3g, orders %.3f", errors, slopes(errors))
			for _, order := range slopes(errors) {
				require.InDelta(t, m.order, order, m.tol)
			}
		})
	}
}

// With few evaluations of an exact score, and not only in the limit, the noise's
// form is the best of the multistep methods: several times closer to the flow
// than those that interpolate the denoiser.
func TestTheNoisesFormNeedsTheFewestEvaluations(t *testing.T) {
	const rows, evaluations = 500, 12
	p := threeModes(t, sde.VP{})
	run := func(pred sampler.Predictor, points int) *mat.Dense {
		x := mat.NewDense(rows, 2, nil)
		require.NoError(t, sampler.Sample(context.Background(), x, p, pred, &sampler.Settings{Grid: sampler.DefaultGrid(p, points)}))
		return x
	}
	exact := run(sampler.AdamsBashforth{Order: 4}, 800)
	best := medianDistance(run(sampler.AdamsBashforth{}, evaluations), exact)
	for _, pred := range []sampler.Predictor{sampler.DPMpp2M{}, sampler.DPMpp3M{}, sampler.LMS{}, sampler.UniPC{}} {
		off := medianDistance(run(pred, evaluations), exact)
		t.Logf("%T %.2g, AdamsBashforth %.2g", pred, off, best)
		require.Greater(t, off, 5*best)
	}
}
