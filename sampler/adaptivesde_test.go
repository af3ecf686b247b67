package sampler_test

import (
	"context"
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

func TestAdaptiveSDEFollowsThePathItIsGiven(t *testing.T) {
	long(t)
	const rows = 40
	ctx := context.Background()
	p := threeModes(t, sde.VP{})
	path := noise.Brownian{Seed: 3}
	run := func(pred sampler.Predictor, times []float64) (*mat.Dense, int) {
		x, calls := normals(rows, 2), 0
		for s, err := range sampler.StepsFrom(ctx, x, p, pred, &sampler.Settings{Grid: times, Final: sampler.FinalState, Noise: path}) {
			require.NoError(t, err)
			calls = s.Evaluations()
		}
		return x, calls
	}
	fine, _ := run(sampler.EulerMaruyama{}, grid.UniformTime(1, 0.02, 2000))
	last, before := math.Inf(1), 0
	for _, tol := range []float64{0.1, 0.03, 0.01} {
		x, calls := run(sampler.AdaptiveSDE{RTol: tol, ATol: tol}, []float64{1, 0.02})
		off := medianDistance(x, fine)
		require.Less(t, off, 3*tol, "tolerance %g", tol)
		require.Less(t, off, last)
		require.Greater(t, calls, before)
		last, before = off, calls
		t.Logf("tolerance %g: %d evaluations, median distance %.3g", tol, calls, off)
	}
}

// fresh gives a step that is made again other noise, as the published algorithm
// does.
type fresh struct{ noise.White }

func TestAdaptiveSDEHasTheLawOfTheDataBecauseItKeepsItsPath(t *testing.T) {
	long(t)
	// On a Gaussian: means and second moments, 4 standard errors wide.
	const rows = 1000
	g := standard(sde.VP{})
	s := &sampler.Settings{Grid: []float64{1, 1e-3}, Final: sampler.FinalState}
	pred := sampler.AdaptiveSDE{RTol: 0.03, ATol: 0.01}
	x, cov := mat.NewDense(rows, 2, nil), mat.NewSymDense(2, nil)
	require.NoError(t, sampler.Sample(context.Background(), x, g.problem(), pred, s))
	stat.CovarianceMatrix(cov, x, nil)
	want := g.cov()
	for j := range 2 {
		require.InDelta(t, g.m[j], stat.Mean(mat.Col(nil, j, x), nil), 4*math.Sqrt(want.At(j, j)/rows))
		for k := range 2 {
			require.InDelta(t, want.At(j, k), cov.At(j, k), 4*math.Sqrt(2./rows)*math.Sqrt(want.At(j, j)*want.At(k, k)))
		}
	}

	s.Noise = fresh{}
	require.NoError(t, sampler.Sample(context.Background(), x, g.problem(), pred, s))
	stat.CovarianceMatrix(cov, x, nil)
	require.Greater(t, cov.At(0, 0), 1.15*want.At(0, 0))
}

func TestAdaptiveSDERowsAreWhatTheyWouldBeAlone(t *testing.T) {
	t.Parallel()
	p := threeModes(t, sde.EDM{})
	for _, source := range []noise.Source{nil, fresh{}} {
		s := sampler.Settings{Grid: []float64{20, 1, 0.01, 0}, Noise: source, Final: sampler.FinalMean}
		all := mat.NewDense(70, 2, nil)
		require.NoError(t, sampler.Sample(context.Background(), all, p, sampler.AdaptiveSDE{}, &s))
		for i := range 10 {
			x := mat.NewDense(1, 2, nil)
			s.FirstRow = 7 * i
			require.NoError(t, sampler.Sample(context.Background(), x, p, sampler.AdaptiveSDE{}, &s))
			require.Equal(t, all.RawRowView(7*i), x.RawRowView(0))
		}
	}
}

func TestAdaptiveSDEGivesUpSingleRows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		f    func(x, t float64) float64
		pred sampler.AdaptiveSDE
		is   error
	}{
		{func(_, t float64) float64 { return math.Sqrt(t - 0.5) }, sampler.AdaptiveSDE{}, sampler.ErrStepUnderflow}, // NaN beyond
		{func(_, t float64) float64 { return 1e6 * math.Sin(1000*t) }, sampler.AdaptiveSDE{MaxEvaluations: 600}, sampler.ErrLimit},
	} {
		// Row 1 starts far away and meets the difficulty there.
		score := slope(func(x, t float64) float64 {
			if math.Abs(x) < 50 {
				return 0
			}
			return c.f(x, t)
		})
		x := mat.NewDense(2, 1, []float64{0, 1e5})
		err := sampler.Continue(context.Background(), x, sde.Problem{SDE: sde.EDM{}, Score: score}, c.pred, &sampler.Settings{Grid: []float64{2, 0.25}, Final: sampler.FinalState})
		require.ErrorIs(t, err, c.is)
		require.ErrorContains(t, err, "sampler: row 1 ")
		require.False(t, math.IsNaN(x.At(0, 0)))
	}
}

// Every update inside of Gibbs has noise of its own: with the same path in all of them this
// deviation was 1.6.
func TestAdaptiveUpdatesInsideOfGibbsAreIndependent(t *testing.T) {
	arithmetic(t)
	mix, err := dataset.NewMixture([]float64{1}, mat.NewDense(1, 1, nil), []*mat.SymDense{mat.NewSymDense(1, []float64{1})}, nil)
	require.NoError(t, err)
	p, x := sde.Problem{SDE: sde.EDM{}, Score: sde.Analytic(sde.EDM{}, mix.Diffuse)}, mat.NewDense(400, 1, nil)
	settings := &sampler.Settings{Grid: grid.Default(sde.EDM{}, 8), Corrector: sampler.Gibbs{Back: sampler.AdaptiveSDE{}, Steps: 4}, Final: sampler.FinalState}
	require.NoError(t, sampler.Sample(t.Context(), x, p, sampler.Heun{}, settings))
	require.InDelta(t, 1, stat.StdDev(mat.Col(nil, 0, x), nil), 0.15) // four deviations of that of 400 rows
}
