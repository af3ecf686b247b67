package sampler_test

import (
	"context"
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

func ratio(p sde.SDE, t float64) float64 {
	alpha, sigma := p.Kernel(t)
	return sigma / alpha
}

func TestKarrasIsCutToTheSpan(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]sde.SDE{"VP": sde.VP{}, "VE": sde.VE{}, "EDM": sde.EDM{}, "narrow": sde.VE{SigmaMin: 0.1, SigmaMax: 5}} {
		t.Run(name, func(t *testing.T) {
			start, end := p.Span()
			wide := grid.Karras(p, 1e6, 1e-9, 7, 9)
			require.Equal(t, end, wide[0])
			require.Equal(t, start, wide[8])
			times := grid.Default(p, 40)
			require.Len(t, times, 40)
			require.InEpsilon(t, min(10, ratio(p, end)), ratio(p, times[0]), 1e-9)
			require.InEpsilon(t, max(0.01, ratio(p, start)), ratio(p, times[39]), 1e-9)
			// What Sample asks of a grid, the default fulfils.
			g := standard(p)
			require.NoError(t, sampler.Sample(context.Background(), mat.NewDense(1, 2, nil), g.problem(), sampler.DDIM{}, nil))
		})
	}
}

func TestBadGridsAreNamed(t *testing.T) {
	t.Parallel()
	p := standard(sde.VP{}).problem()
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		name  string
		times []float64
		says  string
	}{
		{"empty", []float64{}, "Grid: has 0 points"},
		{"one point", []float64{1}, "Grid: has 1 points"},
		{"no points from a constructor", grid.UniformTime(1, 0.1, 0), "Grid: has 0 points"},
		{"negative number of points", grid.Default(p, -3), "Grid: has 0 points"},
		{"NaN", []float64{1, nan, 0.1}, "Grid[1]: is NaN"},
		{"NaN first", []float64{nan, 0.1}, "Grid[0]: is NaN"},
		{"infinite", []float64{inf, 0.1}, "Grid[0]: is +Inf"},
		{"rising", []float64{1, 0.5, 0.7}, "Grid[2]: is 0.7"},
		{"standing", []float64{1, 0.5, 0.5}, "Grid[2]: is 0.5"},
		{"above the span", []float64{1.5, 0.5}, "Grid[0]: is 1.5"},
		{"below the span before the end", []float64{1, 1e-6, 1e-7}, "Grid[1]: is 1e-06"},
		{"negative end", []float64{1, 0.5, -0.1}, "Grid[2]: is -0.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := mat.NewDense(2, 2, []float64{1, 2, 3, 4})
			err := sampler.Sample(context.Background(), x, p, sampler.DDIM{}, &sampler.Settings{Grid: c.times})
			require.ErrorIs(t, err, sampler.ErrRange)
			require.ErrorContains(t, err, c.says)
			require.Equal(t, mat.NewDense(2, 2, []float64{1, 2, 3, 4}), x)
		})
	}
	for _, last := range []float64{0, 1e-6, 1e-5, 0.3} {
		s := &sampler.Settings{Grid: []float64{1, 0.5, last}}
		require.NoError(t, sampler.Sample(context.Background(), mat.NewDense(2, 2, nil), p, sampler.DDIM{}, s))
	}
}

// At σ = 0 the deterministic methods end on their last denoised state.
func TestLastPointWithoutNoiseGivesTheDenoisedState(t *testing.T) {
	t.Parallel()
	g := standard(sde.VP{})
	start := mat.NewDense(3, 2, []float64{1, -2, 0.3, 0.1, -1, 2})
	for _, pred := range []sampler.Predictor{sampler.DDIM{}, sampler.Heun{}, sampler.DPMpp2M{}, sampler.DDIM{Eta: 1}} {
		denoised, ended := mat.DenseCopyOf(start), mat.DenseCopyOf(start)
		times := []float64{0.9, 0.4, 0.01}
		require.NoError(t, sampler.Continue(context.Background(), denoised, g.problem(), pred, &sampler.Settings{Grid: times}))
		require.NoError(t, sampler.Continue(context.Background(), ended, g.problem(), pred, &sampler.Settings{Grid: append(times, 0)}))
		require.True(t, mat.EqualApprox(denoised, ended, 1e-13), "%T", pred)
	}
}
