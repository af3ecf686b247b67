package sampler_test

import (
	"context"
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// In the mean over noised data the bound is the log-density of the model, when
// the score is exact, and falls below it by ½∫g²E‖s − s*‖² when it is not.
//
// Checks sampler (50) and (51).
func TestLogProbBoundIsTightForTheExactScore(t *testing.T) {
	long(t)
	const rows = 1500
	law := threeLaw(t)
	x := dataset.Sample(law, rows)
	for _, p := range []sde.SDE{sde.VP{}, sde.EDM{}} {
		start, end := p.Span()
		alpha, sigma := p.Kernel(start)
		noised := law.Diffuse(alpha, sigma)
		problem := threeModes(t, p)
		bound := make([]float64, rows)
		r, err := sampler.LogProbBound(context.Background(), bound, x, problem, nil)
		require.NoError(t, err)
		require.Equal(t, [2]float64{start, end}, [2]float64{r.Start, r.End})
		gap := make([]float64, rows)
		for i := range gap {
			gap[i] = bound[i] - noised.LogProb(x.RawRowView(i))
		}
		mean, std := stat.MeanStdDev(gap, nil)
		require.Less(t, math.Abs(mean), 4*std/math.Sqrt(rows)+1e-3, "%T", p)

		problem.Score = scaled{problem.Score, 0.9}
		wrong := make([]float64, rows)
		_, err = sampler.LogProbBound(context.Background(), wrong, x, problem, nil)
		require.NoError(t, err)
		require.Less(t, stat.Mean(wrong, nil), stat.Mean(bound, nil)-0.05)
	}
}

type scaled struct {
	sde.Scorer
	by float64
}

func (s scaled) Score(dst, x *mat.Dense, t []float64) {
	s.Scorer.Score(dst, x, t)
	dst.Scale(s.by, dst)
}

func TestLogProbBoundKnowsItsStandardError(t *testing.T) {
	t.Parallel()
	const rows = 2000
	p := threeModes(t, sde.VP{})
	x := mat.NewDense(rows, 2, nil) // one row, rows times
	x.Apply(func(_, j int, _ float64) float64 { return 1 - float64(j) }, x)
	bound := make([]float64, rows)
	r, err := sampler.LogProbBound(context.Background(), bound, x, p, &sampler.BoundSettings{Draws: 16})
	require.NoError(t, err)
	square := 0.0
	for _, v := range r.StdErr {
		square += v * v / rows
	}
	require.InEpsilon(t, stat.Variance(bound, nil), square, 0.15)

	again := make([]float64, 100)
	_, err = sampler.LogProbBound(context.Background(), again, x.Slice(300, 400, 0, 2).(*mat.Dense), p, &sampler.BoundSettings{Draws: 16, FirstRow: 300, Workers: 2})
	require.NoError(t, err)
	require.Equal(t, bound[300:400], again)
}

func TestLogProbBoundRefusesOddDraws(t *testing.T) {
	t.Parallel()
	for _, draws := range []int{-2, 3} {
		_, err := sampler.LogProbBound(context.Background(), make([]float64, 1), mat.NewDense(1, 2, nil), threeModes(t, sde.VP{}), &sampler.BoundSettings{Draws: draws})
		require.ErrorIs(t, err, sampler.ErrRange)
		require.ErrorContains(t, err, "BoundSettings.Draws: is ")
	}
	_, err := sampler.LogProbBound(context.Background(), make([]float64, 1), mat.NewDense(1, 2, nil), threeModes(t, sde.VP{}), &sampler.BoundSettings{Workers: -1})
	require.ErrorContains(t, err, "sampler: BoundSettings.Workers: is -1")
}
