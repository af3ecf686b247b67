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

// seeded takes the states after the first steps from the exact flow, so that a
// multistep method starts with a history of its full order.
type seeded struct {
	sampler.Predictor
	states []*mat.Dense
}

func (p seeded) Predict(s *sampler.Step) error {
	err := p.Predictor.Predict(s)
	if s.K < len(p.states) {
		n, d := s.X.Dims()
		s.X.Copy(p.states[s.K].Slice(s.Row0, s.Row0+n, 0, d))
	}
	return err
}

func TestPathwiseOrdersOfFlowMethods(t *testing.T) {
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
		{sampler.DPMSolver{Order: 2}, 0, 2, 0.12},
		{sampler.DPMSolver{Order: 3}, 0, 3, 0.2},
		{sampler.AdamsBashforth{Order: 2}, 1, 2, 0.12},
		{sampler.AdamsBashforth{Order: 3}, 2, 3, 0.2},
		{sampler.AdamsBashforth{Order: 4}, 3, 4, 0.2},
		{sampler.AdamsBashforth{Order: 3, Form: sampler.NoiseForm}, 2, 3, 0.2},
		{sampler.AdamsBashforth{Order: 4, Form: sampler.NoiseForm}, 3, 4, 0.2},
		{sampler.AdamsBashforth{Order: 4, Form: sampler.VelocityForm}, 3, 4, 0.2},
		{sampler.AdamsBashforth{Order: 3, Form: sampler.AngleForm}, 2, 3, 0.2},
		{sampler.UniPC{Order: 1}, 1, 2, 0.12},
		{sampler.UniPC{Order: 2}, 2, 3, 0.2},
		{sampler.UniPC{Order: 3}, 3, 4, 0.2},
	} {
		t.Run(fmt.Sprintf("%T%v", m.pred, m.pred), func(t *testing.T) {
			var errors []float64
			for _, n := range []int{150, 300, 600} {
				grid := sampler.LogSNR(p, from, to, n+1)
				x, exact := mat.DenseCopyOf(start), start
				pred := seeded{Predictor: m.pred}
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
