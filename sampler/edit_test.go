package sampler_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

func TestNoiseToDrawsFromTheKernel(t *testing.T) {
	t.Parallel()
	g := standard(sde.VP{})
	shift, scale := []float64{10, -3}, []float64{2, 0.5}
	z := mat.NewDense(9, 2, nil)
	noise.White{Seed: 4}.Normal(z, noise.Draw{Purpose: noise.Prior})
	data := normals(6, 2)
	for name, p := range map[string]sde.Problem{
		"plain":  g.problem(),
		"framed": {SDE: g.SDE, Score: g, Frame: sde.Frame{Shift: shift, Scale: scale}},
	} {
		t.Run(name, func(t *testing.T) {
			x := mat.DenseCopyOf(data)
			require.NoError(t, sampler.NoiseTo(x, p, 0.4, &sampler.Settings{Seed: 4, FirstRow: 3}))
			alpha, sigma := p.Kernel(0.4)
			for i := range 6 {
				for j := range 2 {
					m, s := 0.0, 1.0
					if name == "framed" {
						m, s = shift[j], scale[j]
					}
					y := (data.At(i, j) - m) / s
					require.InDelta(t, m+s*(alpha*y+sigma*z.At(i+3, j)), x.At(i, j), 1e-13)
				}
			}
		})
	}
	x := mat.DenseCopyOf(data)
	for _, bad := range []float64{-1, 0, 1.5, math.NaN()} {
		err := sampler.NoiseTo(x, g.problem(), bad, nil)
		require.ErrorIs(t, err, sampler.ErrRange)
		require.ErrorContains(t, err, fmt.Sprintf("t: is %g", bad))
	}
	require.ErrorIs(t, sampler.NoiseTo(nil, g.problem(), 0.4, nil), sampler.ErrUnset)
	require.Equal(t, data, x)
}

// On a Gaussian, noising to t and back by the exact reverse SDE is an affine
// map whose matrix says how much of a row is kept: with x_t = αx₀ + σz and
// E[x₀|x_t] = m + αS K(x_t − αm) it is α²SK.
func TestEditingForgetsMoreWithMoreStrength(t *testing.T) {
	t.Parallel()
	g := standard(sde.VP{})
	for _, strength := range []float64{0.05, 0.3, 1} {
		times := grid.StartAt(grid.UniformLogSNR(g.SDE, 1, 1e-3, 3000), strength)
		x := mat.NewDense(2, 2, []float64{0, 0, 1, 0})
		s := &sampler.Settings{Grid: times, Noise: impulses{{}, {}}} // no noise: the mean
		require.NoError(t, sampler.NoiseTo(x, g.problem(), strength, s))
		require.NoError(t, sampler.Continue(context.Background(), x, g.problem(), sampler.DDIM{Eta: 1}, s))
		a := g.at(strength)
		keep := mul(scale(a.alpha*a.alpha, g.cov()), a.k)
		require.InDelta(t, keep.At(0, 0), x.At(1, 0)-x.At(0, 0), 0.01)
		require.InDelta(t, keep.At(1, 0), x.At(1, 1)-x.At(0, 1), 0.01)
	}
}

func TestEncodeAndContinueAreInverse(t *testing.T) {
	arithmetic(t)
	const rows, rtol = 100, 1e-6
	ctx := context.Background()
	for _, process := range []sde.SDE{sde.VP{}, sde.VE{}, sde.EDM{}} {
		p := threeModes(t, process)
		_, end := process.Span()
		data := mat.NewDense(rows, 2, nil)
		require.NoError(t, sampler.Sample(ctx, data, p, sampler.DPMpp2M{}, nil))
		for _, times := range [][]float64{{end, sde.TimeAt(process, 4)}, grid.Default(process, 9)} {
			s := &sampler.Settings{Grid: times, Final: sampler.FinalState}
			pred := sampler.DormandPrince{RTol: rtol, ATol: rtol}
			x := mat.DenseCopyOf(data)
			require.NoError(t, sampler.Encode(ctx, x, p, pred, s))
			alpha, sigma := process.Kernel(times[0])
			require.InEpsilon(t, math.Hypot(alpha, sigma), mat.Norm(x, 2)/math.Sqrt(2*rows), 0.2, "latents are noise")
			require.NoError(t, sampler.Continue(ctx, x, p, pred, s))
			for i := range rows {
				for j := range 2 {
					require.InDelta(t, data.At(i, j), x.At(i, j), 100*rtol)
				}
			}
		}
	}
}

func TestEncodeWithFixedStepsReturnsWithItsOrder(t *testing.T) {
	long(t)
	ctx := context.Background()
	p := threeModes(t, sde.VP{})
	data := mat.NewDense(100, 2, nil)
	require.NoError(t, sampler.Sample(ctx, data, p, sampler.DPMpp2M{}, nil))
	for _, m := range []struct {
		pred  sampler.Predictor
		order float64
	}{
		{sampler.Euler{}, 1}, {sampler.DDIM{}, 1}, {sampler.Heun{}, 2}, {sampler.DPMpp2M{}, 2},
		{sampler.ReverseDiffusion{Flow: true}, 1}, {sampler.DPMSolver{Order: 2}, 2}, {sampler.DEIS{Order: 2}, 2}, {sampler.UniPC{Order: 1}, 2},
	} {
		var back, there []float64
		latents := mat.DenseCopyOf(data)
		exact := sampler.DormandPrince{RTol: 1e-9, ATol: 1e-9}
		require.NoError(t, sampler.Encode(ctx, latents, p, exact, &sampler.Settings{Grid: []float64{0.9, 0.03}}))
		for _, n := range []int{100, 200, 400} {
			s := &sampler.Settings{Grid: grid.UniformLogSNR(p, 0.9, 0.03, n+1), Final: sampler.FinalState}
			x := mat.DenseCopyOf(data)
			require.NoError(t, sampler.Encode(ctx, x, p, m.pred, s))
			there = append(there, medianDistance(x, latents))
			require.NoError(t, sampler.Continue(ctx, x, p, m.pred, s))
			back = append(back, medianDistance(x, data))
		}
		require.InDelta(t, m.order, slopes(there)[1], 0.15, "%T there", m.pred)
		// Euler's error on the way back repeats that of the way there; the
		// second order's cancels in part.
		require.Greater(t, slopes(back)[1], m.order-0.15, "%T back", m.pred)
	}
}

func TestEncodeRefusesWhatHasNoInverse(t *testing.T) {
	t.Parallel()
	g := standard(sde.VP{})
	x := mat.NewDense(1, 2, []float64{1, 2})
	for _, c := range []struct {
		pred sampler.Predictor
		s    *sampler.Settings
		says string
	}{
		{sampler.EulerMaruyama{}, nil, "pred: is sampler.EulerMaruyama"},
		{sampler.Euler{Lambda: 1}, nil, "pred: is sampler.Euler{Lambda:1 "},
		{sampler.DDIM{Eta: 0.5}, nil, "pred: is sampler.DDIM{Eta:0.5}"},
		{sampler.NoPredictor{}, nil, "pred: is sampler.NoPredictor"},
		{sampler.Heun{Churn: sampler.Churn{SChurn: 5}}, nil, "pred: is sampler.Heun{Churn:{SChurn:5"},
		{sampler.Euler{FixedStep: 0.1}, nil, "pred: is sampler.Euler"},
		{sampler.Heun{}, &sampler.Settings{Corrector: sampler.Langevin{}}, "Settings.Corrector: is sampler.Langevin"},
		{sampler.Heun{}, &sampler.Settings{Grid: []float64{1, 0}}, "Settings.Grid ends at 0"},
	} {
		err := sampler.Encode(context.Background(), x, g.problem(), c.pred, c.s)
		require.ErrorIs(t, err, sampler.ErrRange)
		require.ErrorContains(t, err, c.says)
	}
	require.ErrorIs(t, sampler.Encode(context.Background(), nil, g.problem(), sampler.Heun{}, nil), sampler.ErrUnset)
	require.Equal(t, []float64{1, 2}, x.RawRowView(0))
}

func TestBatchesAreTheRowsOfOneSample(t *testing.T) {
	t.Parallel()
	const total = 700
	ctx := context.Background()
	p := threeModes(t, sde.VP{})
	for _, k := range kinds {
		s := &sampler.Settings{Grid: grid.Default(p, 6), Corrector: k.corr, FirstRow: 5}
		want := mat.NewDense(total, 2, nil)
		require.NoError(t, sampler.Sample(ctx, want, p, k.pred, s))
		lo := 0
		for batch, err := range sampler.Batches(ctx, mat.NewDense(300, 2, nil), total, p, k.pred, s) {
			require.NoError(t, err)
			n, _ := batch.Dims()
			require.Equal(t, min(300, total-lo), n)
			sameBits(t, want.Slice(lo, lo+n, 0, 2).(*mat.Dense), batch)
			lo += n
		}
		require.Equal(t, total, lo)
		require.Equal(t, 5, s.FirstRow, "settings are not written to")
	}
}

func TestBatchesGoOnAfterFailedRowsAndEndWithOtherErrors(t *testing.T) {
	t.Parallel()
	g := standard(sde.VP{})
	boom := errors.New("boom")
	x := mat.NewDense(10, 2, nil)
	givesUp := predictor(func(s *sampler.Step) error {
		if s.Row0 == 10 && s.K == 0 {
			s.Fail(3, s.T, boom)
		}
		if s.Row0 == 20 {
			return boom
		}
		return sampler.DDIM{}.Predict(s)
	})
	var errs []error
	for batch, err := range sampler.Batches(context.Background(), x, 40, g.problem(), givesUp, nil) {
		errs = append(errs, err)
		require.Equal(t, len(errs) == 3, batch == nil)
	}
	require.Len(t, errs, 3)
	require.NoError(t, errs[0])
	var failed sampler.RowErrors
	require.ErrorAs(t, errs[1], &failed)
	require.Equal(t, 13, failed[0].Row)
	require.ErrorIs(t, errs[2], boom)
	require.NotErrorIs(t, errs[2], sampler.ErrNonFinite)
	count := 0
	for range sampler.Batches(context.Background(), x, 40, g.problem(), sampler.DDIM{}, nil) {
		count++
		break
	}
	require.Equal(t, 1, count)
	for _, err := range sampler.Batches(context.Background(), nil, 40, g.problem(), sampler.DDIM{}, nil) {
		require.ErrorIs(t, err, sampler.ErrUnset)
	}
}
