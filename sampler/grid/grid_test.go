package grid_test

import (
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/stretchr/testify/require"
)

func ratio(p sde.SDE, t float64) float64 {
	alpha, sigma := p.Kernel(t)
	return sigma / alpha
}

func TestGridsFollowTheirFormulas(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]sde.SDE{"VP": sde.VP{}, "VE": sde.VE{}, "EDM": sde.EDM{}} {
		t.Run(name, func(t *testing.T) {
			start, end := p.Span()
			const n = 11
			for i, u := range grid.UniformTime(end, start, n) {
				require.InDelta(t, end+float64(i)/10*(start-end), u, 1e-12*end)
			}
			a, b := sde.LogSNR(p, end), sde.LogSNR(p, start)
			for i, u := range grid.UniformLogSNR(p, end, start, n) {
				require.InDelta(t, a+float64(i)/10*(b-a), sde.LogSNR(p, u), 1e-9)
			}
			for i, u := range grid.Karras(p, 8, 0.02, 7, n) {
				want := math.Pow(math.Pow(8, 1./7)+float64(i)/10*(math.Pow(0.02, 1./7)-math.Pow(8, 1./7)), 7)
				require.InEpsilon(t, want, ratio(p, u), 1e-9)
			}
			for i, u := range grid.Exponential(p, 8, 0.02, n) {
				require.InEpsilon(t, 8*math.Pow(0.02/8, float64(i)/10), ratio(p, u), 1e-9)
			}
			for i, u := range grid.Polyexponential(p, 8, 0.02, 2.5, n) {
				require.InEpsilon(t, 0.02*math.Pow(8/0.02, math.Pow(1-float64(i)/10, 2.5)), ratio(p, u), 1e-9)
			}
			for i, u := range grid.Quadratic(end, start, n) {
				require.InDelta(t, math.Sqrt(end)+float64(i)/10*(math.Sqrt(start)-math.Sqrt(end)), math.Sqrt(u), 1e-12*end)
			}
			ratios := []float64{7, 2, 0.5, 0.1}
			times, err := grid.FromSigmas(p, ratios)
			require.NoError(t, err)
			require.InDeltaSlice(t, ratios, grid.Sigmas(p, times), 1e-9)
			times, err = grid.FromSigmas(p, append(ratios, 0))
			require.NoError(t, err)
			if _, sigma := p.Kernel(0); sigma == 0 {
				require.Equal(t, 0., times[4])
			} else {
				require.Equal(t, start, times[4])
			}
			// The ends of the span survive the way through their levels.
			times, err = grid.FromSigmas(p, grid.Sigmas(p, []float64{end, start}))
			require.NoError(t, err)
			require.InDeltaSlice(t, []float64{end, start}, times, 1e-9*end)
			require.True(t, times[0] <= end && times[1] >= start)
		})
	}
}

func TestBadSigmasAreNamed(t *testing.T) {
	t.Parallel()
	for says, ratios := range map[string][]float64{
		"sigmas[0]: is 90, want σ/α of a time in the span, from 0.002 to 80": {90, 1},
		"sigmas[1]: is 0.001, want σ/α of a time in the span":                {1, 0.001},
		"sigmas[1]: is 0, want σ/α":                                          {1, 0, -1},
		"sigmas[2]: is 0.5, want less than sigmas[1] = 0.5":                  {1, 0.5, 0.5},
		"sigmas[0]: is NaN": {math.NaN(), 1},
		"sigmas[1]: is NaN": {1, math.NaN()},
		"sigmas[1]: is -1":  {1, -1},
	} {
		_, err := grid.FromSigmas(sde.EDM{}, ratios)
		require.ErrorIs(t, err, sde.ErrRange)
		require.ErrorContains(t, err, says)
	}
}

func TestStartAtKeepsWhatIsBelow(t *testing.T) {
	t.Parallel()
	times := []float64{1, 0.5, 0.2, 0}
	require.Equal(t, []float64{0.3, 0.2, 0}, grid.StartAt(times, 0.3))
	require.Equal(t, []float64{0.5, 0.2, 0}, grid.StartAt(times, 0.5))
	require.Equal(t, []float64{2, 1, 0.5, 0.2, 0}, grid.StartAt(times, 2))
	require.Equal(t, []float64{1, 0.5, 0.2, 0}, times)
}
