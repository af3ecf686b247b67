package sampler_test

import (
	"context"
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// ringOf8 is a mixture of 8 Gaussians of deviation 0.1 at radius 1.4.
func ringOf8(t testing.TB) *dataset.Mixture {
	means := mat.NewDense(8, 2, nil)
	for k := range 8 {
		sin, cos := math.Sincos(2 * math.Pi * float64(k) / 8)
		means.SetRow(k, []float64{1.4 * cos, 1.4 * sin})
	}
	mix, err := dataset.NewIsotropicMixture([]float64{1, 1, 1, 1, 1, 1, 1, 1}, means, []float64{.1, .1, .1, .1, .1, .1, .1, .1}, nil)
	require.NoError(t, err)
	return mix
}

func ringProblem(t testing.TB) sde.Problem {
	mix := ringOf8(t)
	return sde.Problem{SDE: sde.EDM{}, Score: sde.Analytic(sde.EDM{}, mix.Diffuse)}
}

// A thousand steps of the default corrector at a noise level throw no row out
// and keep the distribution they leave invariant up to O(e).
func TestLangevinStaysOnTheRing(t *testing.T) {
	long(t)
	const sigma, rows = 0.1, 3000
	ctx := context.Background()
	p := ringProblem(t)
	x := mat.NewDense(rows, 2, nil)
	// Start from a good sample at that level.
	require.NoError(t, sampler.Sample(ctx, x, p, sampler.DPMpp2M{}, &sampler.Settings{Grid: grid.Karras(p, 80, sigma, 7, 30), Final: sampler.FinalState, Seed: 1}))
	s := &sampler.Settings{Grid: []float64{2 * sigma, sigma}, Final: sampler.FinalState, Seed: 2, Corrector: sampler.Langevin{Steps: 1000}}
	require.NoError(t, sampler.Continue(ctx, x, p, sampler.NoPredictor{}, s))
	// Within a mode the chain is that of a Gaussian with variance
	// C = 0.1² + σ²; its stationary variance is C/(1 − e/(2C)).
	c := 0.01 + sigma*sigma
	e := 2 * 0.16 * 0.16 * sigma * sigma
	sum, square := 0.0, 0.0
	for i := range rows {
		u, v := x.At(i, 0), x.At(i, 1)
		require.Less(t, math.Hypot(u, v), 3.0)
		nearest := math.Round(math.Atan2(v, u)/(math.Pi/4)) * math.Pi / 4
		// The radial deviation from the nearest mode is not cut by the
		// neighbours.
		r := u*math.Cos(nearest) + v*math.Sin(nearest) - 1.4
		sum += r
		square += r * r
	}
	want, n := c/(1-e/(2*c)), float64(rows)
	z := (square/n - want) / (want * math.Sqrt(2/n))
	require.Less(t, math.Abs(z), 4.0, "radial variance %.5f, want %.5f", square/n, want)
	require.Less(t, math.Abs(sum/n)/math.Sqrt(want/n), 4.0)
}

// Beyond e = 2 λ_min the chain explodes: it is reported, not returned. On the
// ring a row first wanders among the modes, so that only some have left by then.
func TestUnstableLangevinIsReported(t *testing.T) {
	t.Parallel()
	const rows, sigma = 100, 0.1
	g := standard(sde.EDM{})
	var eigen mat.EigenSym
	require.True(t, eigen.Factorize(mat.NewSymDense(2, []float64{g.a, g.b, g.c, g.d}), false))
	for _, c := range []struct {
		name   string
		p      sde.Problem
		lambda float64
		leave  int
	}{
		{"Gaussian", g.problem(), eigen.Values(nil)[0] + sigma*sigma, rows},
		{"ring", ringProblem(t), 0.1*0.1 + sigma*sigma, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := func(e float64) (*mat.Dense, error) {
				x := mat.NewDense(rows, 2, nil)
				s := &sampler.Settings{
					Grid: grid.UniformTime(sigma, sigma*(1-1e-6), 51), Final: sampler.FinalState,
					Corrector: sampler.Langevin{SNR: 1, Scale: func(float64) float64 { return e * c.lambda / (2 * sigma * sigma) }},
				}
				return x, sampler.Continue(context.Background(), x, c.p, sampler.NoPredictor{}, s)
			}
			for _, e := range []float64{0.1, 1, 1.9} {
				_, err := run(e)
				require.NoError(t, err)
			}
			x, err := run(3)
			require.ErrorIs(t, err, sampler.ErrDiverged)
			var failed sampler.RowErrors
			require.ErrorAs(t, err, &failed)
			require.GreaterOrEqual(t, len(failed), c.leave)
			for i, f := range failed {
				require.LessOrEqual(t, f.Step, 50)
				require.True(t, math.IsNaN(x.At(f.Row, 0)))
				require.True(t, i == 0 || f.Row > failed[i-1].Row, "in the order of rows")
			}
			t.Logf("%d rows: %v", len(failed), err)
		})
	}
}

// The published rule looks at all rows: with 20 of them the step is finite and
// the same whatever the workers, and a row that has failed does not count.
func TestBatchNormsCouplesTheRowsItIsGiven(t *testing.T) {
	t.Parallel()
	g := standard(sde.VP{})
	run := func(rows, workers int) *mat.Dense {
		x := mat.NewDense(rows, 2, nil)
		s := &sampler.Settings{Corrector: sampler.Langevin{BatchNorms: true}, Workers: workers}
		require.NoError(t, sampler.Sample(context.Background(), x, g.problem(), sampler.EulerMaruyama{}, s))
		return x
	}
	a := run(600, 1)
	sameBits(t, a, run(600, 7))
	require.NotEqual(t, a.RawRowView(0), run(500, 1).RawRowView(0))

	x := mat.NewDense(20, 2, nil)
	x.Set(7, 0, math.NaN())
	s := &sampler.Settings{Corrector: sampler.Langevin{BatchNorms: true}}
	err := sampler.Continue(context.Background(), x, g.problem(), sampler.EulerMaruyama{}, s)
	var failed sampler.RowErrors
	require.ErrorAs(t, err, &failed)
	require.Len(t, failed, 1)
	require.Equal(t, 7, failed[0].Row)
}

// Annealed Langevin dynamics is NoPredictor with a corrector on falling levels.
func TestAnnealedLangevinReachesTheData(t *testing.T) {
	long(t)
	const rows = 2000
	g := standard(sde.VE{})
	x := mat.NewDense(rows, 2, nil)
	s := &sampler.Settings{Grid: grid.Karras(g, 50, 0.02, 7, 40), Corrector: sampler.Langevin{SNR: 0.3, Steps: 30}, Seed: 3}
	require.NoError(t, sampler.Sample(context.Background(), x, g.problem(), sampler.NoPredictor{}, s))
	for j := range 2 {
		mean, square := 0.0, 0.0
		for i := range rows {
			mean += x.At(i, j) / rows
		}
		for i := range rows {
			square += (x.At(i, j) - mean) * (x.At(i, j) - mean) / rows
		}
		v := g.cov().At(j, j)
		require.InDelta(t, g.m[j], mean, 4*math.Sqrt(v/rows))
		require.InDelta(t, v, square, 4*v*math.Sqrt(2.0/rows))
	}
}
