package sampler_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
)

// jumping is the score of N(0, 4) between two levels of EDM and of N(0, 0.04) elsewhere,
// with and without Breakpoints, and seen the times at which it is evaluated.
func jumping(t *testing.T, low, high float64) (told, untold sde.Problem, seen *seenTimes) {
	t.Helper()
	of := func(std float64) sde.Problem {
		law, err := dataset.NewIsotropicMixture([]float64{1}, mat.NewDense(1, 2, nil), []float64{std}, nil)
		require.NoError(t, err)
		return sde.Problem{SDE: sde.EDM{}, Score: sde.Analytic(sde.EDM{}, law.Diffuse)}
	}
	p, err := sde.Within(of(2), of(0.2), low, high)
	require.NoError(t, err)
	seen = &seenTimes{Scorer: p.Score}
	told = sde.Problem{SDE: p.SDE, Score: seen, Breakpoints: p.Breakpoints}
	return told, sde.Problem{SDE: p.SDE, Score: seen}, seen
}

// seenTimes remembers how often, and when, a score is evaluated.
type seenTimes struct {
	sde.Scorer
	times []float64
}

func (s *seenTimes) Score(dst, x *mat.Dense, t []float64) {
	s.times = append(s.times, t...)
	s.Scorer.Score(dst, x, t)
}

// The flow of a normal law of variance v takes x from t to u times √((v + u²)/(v + t²)).
func TestAdaptiveStepsEndWhereAScoreJumps(t *testing.T) {
	t.Parallel()
	const rows, from, to, low, high = 20, 20.0, 0.05, 0.3, 3.0
	told, untold, seen := jumping(t, low, high)
	factor := 1.0
	for _, leg := range []struct{ v, t, u float64 }{{0.04, from, high}, {4, high, low}, {0.04, low, to}} {
		factor *= math.Sqrt((leg.v + leg.u*leg.u) / (leg.v + leg.t*leg.t))
	}
	start := normals(rows, 2)
	for _, c := range []struct {
		pred func(tol float64) sampler.Predictor
		tol  float64
		most float64 // tolerances
	}{
		{func(tol float64) sampler.Predictor { return sampler.DormandPrince{RTol: tol, ATol: tol} }, 1e-9, 20},
		{func(tol float64) sampler.Predictor { return sampler.DormandPrince{RTol: tol, ATol: tol} }, 1e-5, 20},
		{func(tol float64) sampler.Predictor { return sampler.DPMAdaptive{RTol: tol, ATol: tol} }, 1e-4, 200},
	} {
		run := func(p sde.Problem) (off float64, evaluations int) {
			x, before := mat.DenseCopyOf(start), len(seen.times)
			s := &sampler.Settings{Grid: []float64{from, to}, Final: sampler.FinalState, Workers: 1}
			require.NoError(t, sampler.Continue(context.Background(), x, p, c.pred(c.tol), s))
			for i, v := range start.RawMatrix().Data {
				off = max(off, math.Abs(x.RawMatrix().Data[i]-factor*v))
			}
			return off, len(seen.times) - before
		}
		off, evaluations := run(told)
		without, more := run(untold)
		t.Logf("%T, tolerance %g: error %.2g with %d evaluations, %.2g with %d without breakpoints", c.pred(1), c.tol, off, evaluations/rows, without, more/rows)
		require.Less(t, off, c.most*c.tol)
		require.Less(t, off, 1.1*without)
		require.Less(t, float64(evaluations), 1.2*float64(more))
	}
}

// Every step of AdaptiveSDE is seen at both its ends, which lie on one side.
func TestStepsOfAnAdaptiveSDEAreOnOneSideOfAJump(t *testing.T) {
	t.Parallel()
	told, untold, seen := jumping(t, 0.3, 3)
	across := func(p sde.Problem) (n int) {
		seen.times = nil
		x := mat.NewDense(1, 2, []float64{3, -5})
		s := &sampler.Settings{Grid: []float64{20, 0.05}, Final: sampler.FinalState, Workers: 1}
		require.NoError(t, sampler.Continue(context.Background(), x, p, sampler.AdaptiveSDE{RTol: 0.01, ATol: 0.01}, s))
		for k := 0; k+1 < len(seen.times); k += 2 {
			for _, b := range []float64{0.3, 3} {
				if seen.times[k] > b && seen.times[k+1] < b {
					n++
				}
			}
		}
		return n
	}
	require.Zero(t, across(told))
	require.Positive(t, across(untold))
}

// Whoever stops at the jump, on one side or both, or comes from below, sees the same flow.
func TestAGridMayStopOnBothSidesOfAJump(t *testing.T) {
	t.Parallel()
	ctx, pred := context.Background(), sampler.DormandPrince{RTol: 1e-9, ATol: 1e-9}
	told, _, _ := jumping(t, 0.3, 3)
	b := told.Breakpoints
	require.Len(t, b, 4)
	start := normals(20, 2)
	var want *mat.Dense
	for _, times := range [][]float64{{20, 0.05}, {20, b[3], b[2], b[1], b[0], 0.05}, {20, b[2], b[1], 0.05}, {20, b[3], b[0], 0.05}} {
		x := mat.DenseCopyOf(start)
		s := &sampler.Settings{Grid: times, Final: sampler.FinalState}
		require.NoError(t, sampler.Continue(ctx, x, told, pred, s))
		if want == nil {
			want = mat.DenseCopyOf(x)
		}
		require.InDeltaSlice(t, want.RawMatrix().Data, x.RawMatrix().Data, 1e-8)
		require.NoError(t, sampler.Encode(ctx, x, told, pred, s))
		require.InDeltaSlice(t, start.RawMatrix().Data, x.RawMatrix().Data, 1e-7)
	}
}
