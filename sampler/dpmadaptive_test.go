package sampler_test

import (
	"context"
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// perRow counts the evaluations of rows.
type perRow struct {
	sde.Scorer
	rows int
}

func (c *perRow) Score(dst, x *mat.Dense, t []float64) {
	n, _ := x.Dims()
	c.rows += n
	c.Scorer.Score(dst, x, t)
}

func startOf(t *testing.T, rows int) (sde.Problem, *mat.Dense) {
	start := mat.NewDense(rows, 2, nil)
	noise.White{Seed: 1}.Normal(start, noise.Draw{Purpose: noise.Prior})
	return threeModes(t, sde.VP{}), start
}

// Checks sampler (31).
func TestDPMAdaptiveErrsAsItsTolerancesSay(t *testing.T) {
	long(t)
	const rows, from, to = 100, 0.8, 0.05
	p, start := startOf(t, rows)
	reference := flowByRungeKutta(p, start, from, to, 1000)
	for _, order := range []int{2, 3} {
		last, evaluations := math.Inf(1), 0
		for _, tol := range []float64{1e-1, 1e-2, 1e-3, 1e-4, 1e-5} {
			x, count := mat.DenseCopyOf(start), &perRow{Scorer: p.Score}
			require.NoError(t, sampler.Continue(context.Background(), x, sde.Problem{SDE: p.SDE, Score: count},
				sampler.DPMAdaptive{Order: order, RTol: tol, ATol: tol}, &sampler.Settings{Grid: []float64{from, to}, Final: sampler.FinalState, Workers: 1}))
			off := medianDistance(x, reference)
			t.Logf("order %d, tolerance %g: error %.2g with %d evaluations a row", order, tol, off, count.rows/rows)
			require.Less(t, off, 5*tol)
			require.Less(t, off, last/2)
			require.Greater(t, count.rows, evaluations)
			last, evaluations = off, count.rows
		}
	}
}

// A row's steps are its own: the bits do not depend on its neighbours, and rows
// that have arrived are not evaluated again. The norm over the batch couples.
func TestDPMAdaptiveRowsAreIndependent(t *testing.T) {
	t.Parallel()
	const rows = 150
	p, start := startOf(t, rows)
	solve := func(pred sampler.Predictor, lo, hi int) (*mat.Dense, int) {
		x, count := mat.DenseCopyOf(start.Slice(lo, hi, 0, 2)), &perRow{Scorer: p.Score}
		s := &sampler.Settings{Grid: []float64{0.8, 0.3, 0.05}, Final: sampler.FinalState, FirstRow: lo, Seed: 3, Workers: 1}
		require.NoError(t, sampler.Continue(context.Background(), x, sde.Problem{SDE: p.SDE, Score: count}, pred, s))
		return x, count.rows
	}
	for _, pred := range []sampler.DPMAdaptive{{}, {Order: 2, Eta: 1}} {
		whole, evaluations := solve(pred, 0, rows)
		alone := 0
		for i := range rows {
			x, n := solve(pred, i, i+1)
			sameBits(t, whole.Slice(i, i+1, 0, 2).(*mat.Dense), x)
			alone += n
		}
		require.Equal(t, alone, evaluations)

		require.False(t, pred.CouplesRows())
		pred.BatchNorm = true
		require.True(t, pred.CouplesRows())
		coupled, _ := solve(pred, 0, rows)
		x, _ := solve(pred, 0, 1)
		require.NotEqual(t, coupled.At(0, 0), x.At(0, 0))
	}
}

// With noise from a Brownian path the steps a run takes do not matter in the
// limit of small ones, although steps are made again and end elsewhere.
func TestDPMAdaptiveFollowsABrownianPath(t *testing.T) {
	long(t)
	p, start := startOf(t, 100)
	run := func(tol float64, seed uint64) *mat.Dense {
		x := mat.DenseCopyOf(start)
		require.NoError(t, sampler.Continue(context.Background(), x, p, sampler.DPMAdaptive{Order: 2, RTol: tol, ATol: tol, Eta: 1},
			&sampler.Settings{Grid: []float64{0.8, 0.05}, Final: sampler.FinalState, Noise: noise.Brownian{Seed: seed}}))
		return x
	}
	fine := run(1e-4, 1)
	d := []float64{medianDistance(run(1e-2, 1), fine), medianDistance(run(1e-3, 1), fine), medianDistance(run(1e-4, 2), fine)}
	t.Logf("%.3g", d)
	require.Less(t, d[1], 0.5*d[0])
	require.Less(t, 5*d[1], d[2])
}

func TestDPMAdaptiveReachesLevelZero(t *testing.T) {
	t.Parallel()
	p := threeModes(t, sde.EDM{})
	x, y := mat.NewDense(2, 2, []float64{3, 40, -20, 1}), mat.NewDense(2, 2, []float64{3, 40, -20, 1})
	require.NoError(t, sampler.Continue(context.Background(), x, p, sampler.DPMAdaptive{}, &sampler.Settings{Grid: []float64{80, 0}}))
	require.NoError(t, sampler.Continue(context.Background(), y, p, sampler.DPMAdaptive{}, &sampler.Settings{Grid: []float64{80, 0.002}}))
	require.InDeltaSlice(t, y.RawMatrix().Data, x.RawMatrix().Data, 1e-12, "the denoiser's value at the start of the span")
}

func TestDPMAdaptiveGivesUpSingleRows(t *testing.T) {
	t.Parallel()
	p, start := startOf(t, 5)
	for _, c := range []struct {
		pred sampler.DPMAdaptive
		bad  func(row []float64) bool
		with float64
		want error
		text string
	}{
		{sampler.DPMAdaptive{}, func(row []float64) bool { return row[0] == start.At(2, 0) }, math.NaN(), sampler.ErrNonFinite, "NaN"},
		{sampler.DPMAdaptive{}, func(row []float64) bool { return math.Abs(row[0]-start.At(2, 0)) < 0.2 }, math.Inf(1), sampler.ErrNonFinite, "the slope is"},
		{sampler.DPMAdaptive{RTol: 1e-9, ATol: 1e-9, MaxEvaluations: 300}, func([]float64) bool { return false }, 0, sampler.ErrLimit, "of at most 300"},
	} {
		score := scorer(func(dst, x *mat.Dense, tt []float64) {
			p.Score.Score(dst, x, tt)
			for i := range tt {
				if c.bad(x.RawRowView(i)) {
					dst.Set(i, 0, c.with)
				}
			}
		})
		x := mat.DenseCopyOf(start)
		err := sampler.Continue(context.Background(), x, sde.Problem{SDE: p.SDE, Score: score}, c.pred, &sampler.Settings{Grid: []float64{0.8, 0.05}})
		require.ErrorIs(t, err, c.want)
		require.ErrorContains(t, err, c.text)
		require.True(t, math.IsNaN(x.At(2, 0)))
	}
	// A score that jumps wherever it is asked allows no step.
	flip := 1e30
	score := scorer(func(dst, x *mat.Dense, tt []float64) {
		flip = -flip
		p.Score.Score(dst, x, tt)
		dst.Scale(flip, dst)
	})
	x := mat.DenseCopyOf(start)
	err := sampler.Continue(context.Background(), x, sde.Problem{SDE: p.SDE, Score: score}, sampler.DPMAdaptive{}, &sampler.Settings{Grid: []float64{0.8, 0.05}, Workers: 1})
	require.ErrorIs(t, err, sampler.ErrStepUnderflow)
}
