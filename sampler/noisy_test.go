package sampler_test

import (
	"context"
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

// Every slip to a neighbouring method or option shows: a predictor agrees with
// its own recursion and with no other.
func TestStochasticAndMultistepMethodsAreToldApart(t *testing.T) {
	t.Parallel()
	p := processes(31)[0]
	times := p.times[:len(p.times)-2]
	prior, start := priorOf(p.g, times[0])
	var want []moments
	for _, m := range unfolded {
		want = append(want, unfold(p.g, times, start, m.step))
	}
	for i, m := range unfolded {
		got := measured(t, p.g, m.pred, sampler.Settings{Grid: times, Prior: prior, Final: sampler.FinalState}, m.draws, 0)
		for j, w := range want {
			if i == j {
				require.Less(t, got.relative(w), 1e-11)
			} else {
				require.Greater(t, got.relative(w), 1e-6, "%T%+v is not %T%+v", m.pred, m.pred, unfolded[j].pred, unfolded[j].pred)
			}
		}
	}
}

func TestNoisyMethodsDoNotDependOnWorkersOrBatches(t *testing.T) {
	t.Parallel()
	const rows = 700
	p := threeModes(t, sde.VP{})
	for _, m := range unfolded {
		for _, source := range []noise.Source{noise.White{Seed: 4}, noise.Antithetic{Source: noise.White{Seed: 4}}} {
			s := sampler.Settings{Grid: grid.Default(p, 6), Noise: source, Workers: 1}
			want := mat.NewDense(rows, 2, nil)
			require.NoError(t, sampler.Sample(context.Background(), want, p, m.pred, &s))
			s.Workers = 3
			x := mat.NewDense(rows, 2, nil)
			require.NoError(t, sampler.Sample(context.Background(), x, p, m.pred, &s))
			sameBits(t, want, x, "%T", m.pred)
			for _, lo := range []int{0, 7, 500} {
				s.FirstRow = lo
				x := mat.NewDense(min(130, rows-lo), 2, nil)
				require.NoError(t, sampler.Sample(context.Background(), x, p, m.pred, &s))
				sameBits(t, x, want.Slice(lo, lo+x.RawMatrix().Rows, 0, 2).(*mat.Dense), "%T", m.pred)
			}
		}
	}
}

func TestNoisyMethodsDoNotAllocate(t *testing.T) {
	if racing {
		t.Skip("the race detector allocates")
	}
	g := standard(sde.VP{})
	x := mat.NewDense(70, 2, nil)
	for _, m := range unfolded {
		allocs := func(n int) float64 {
			s := &sampler.Settings{Grid: grid.Default(g, n), Workers: 1}
			return testing.AllocsPerRun(3, func() {
				require.NoError(t, sampler.Sample(context.Background(), x, g.problem(), m.pred, s))
			})
		}
		require.Equal(t, allocs(8), allocs(40), "%T: more steps, more allocations", m.pred)
	}
}

// With a last point at σ = 0 every method ends at a denoised state, without an
// evaluation there; the counts are those of the table.
func TestEvaluationsOfKDiffusionsMethods(t *testing.T) {
	t.Parallel()
	g := standard(sde.EDM{})
	churn := sampler.Churn{SChurn: 20}
	times := grid.Default(g, 20)
	for _, c := range []struct {
		pred       sampler.Predictor
		calls, end int // with a last point in the span, and at 0
	}{
		{sampler.RungeKutta{}, 19, 20},
		{sampler.RungeKutta{Alpha: 0.5, Churn: churn}, 38, 39},
		{sampler.Heun{Churn: churn}, 38, 39},
		{sampler.DPM2{}, 38, 39},
		{sampler.DPM2{Churn: churn}, 38, 39},
		{sampler.DPMpp2S{}, 38, 39},
		{sampler.EulerAncestral{}, 19, 20},
		{sampler.DPM2Ancestral{}, 38, 39},
		{sampler.DPMpp2SAncestral{}, 38, 39},
		{sampler.DPMppSDE{}, 38, 39},
		{sampler.DPMpp2MSDE{}, 19, 20},
		{sampler.DPMpp3M{}, 19, 20},
		{sampler.DPMpp3MSDE{}, 19, 20},
		{sampler.LMS{}, 19, 20},
		{sampler.DPMFast{}, 56, 58},
	} {
		for _, times := range [][]float64{times, append(times[:20:20], 0)} {
			score := &counting{Scorer: g, times: map[float64]int{}}
			x := mat.NewDense(3, 2, nil)
			s := &sampler.Settings{Grid: times, Final: sampler.FinalState, Workers: 1}
			require.NoError(t, sampler.Sample(context.Background(), x, sde.Problem{SDE: g.SDE, Score: score}, c.pred, s))
			want := c.calls
			if len(times) == 21 {
				want = c.end
			}
			require.Equal(t, want, score.calls, "%T %+v", c.pred, c.pred)
			require.Zero(t, score.times[0])
		}
	}
}

// Checks sampler (30).
func TestDPMFastSpendsItsEvaluations(t *testing.T) {
	t.Parallel()
	g := standard(sde.VP{})
	for n := 1; n < 14; n++ {
		fast := sampler.DPMFast{Evaluations: n}
		score := &counting{Scorer: g, times: map[float64]int{}}
		x := mat.NewDense(1, 2, nil)
		s := &sampler.Settings{Grid: grid.UniformLogSNR(g, 0.9, 0.05, fast.Steps()+1), Final: sampler.FinalState}
		require.NoError(t, sampler.Sample(context.Background(), x, sde.Problem{SDE: g.SDE, Score: score}, fast, s))
		require.Equal(t, n, score.calls)
	}
}

// DDIM's η = 1 and the Euler-ancestral step are one formula, LMS-1 and Euler's
// step in σ/α another, and RungeKutta on σ = t is Heun.
func TestMethodsKnownUnderTwoNames(t *testing.T) {
	t.Parallel()
	edm, vp := standard(sde.EDM{}), standard(sde.VP{})
	churn := sampler.Churn{SChurn: 30, STmin: 0.1}
	for _, c := range []struct {
		g    gauss
		a, b sampler.Predictor
	}{
		{vp, sampler.DDIM{Eta: 1}, sampler.EulerAncestral{}},
		{vp, sampler.DDIM{Eta: 0.3}, sampler.EulerAncestral{Eta: 0.3}},
		{vp, sampler.DDIM{}, sampler.LMS{Order: 1}},
		{vp, sampler.Euler{}, sampler.RungeKutta{}},
		{edm, sampler.Heun{Churn: churn}, sampler.RungeKutta{Alpha: 1, Churn: churn}},
	} {
		x, y := mat.NewDense(50, 2, nil), mat.NewDense(50, 2, nil)
		s := &sampler.Settings{Grid: grid.Default(c.g, 12)}
		require.NoError(t, sampler.Sample(context.Background(), x, c.g.problem(), c.a, s))
		require.NoError(t, sampler.Sample(context.Background(), y, c.g.problem(), c.b, s))
		require.InDeltaSlice(t, x.RawMatrix().Data, y.RawMatrix().Data, 1e-10, "%T and %T", c.a, c.b)
	}
}

func TestImpossibleSettingsOfKDiffusionsMethodsAreNamed(t *testing.T) {
	t.Parallel()
	nan, inf := math.NaN(), math.Inf(1)
	g := standard(sde.VP{})
	for _, c := range []struct {
		text string
		pred sampler.Predictor
	}{
		{"Heun.Churn.SChurn: is -1", sampler.Heun{Churn: sampler.Churn{SChurn: -1}}},
		{"DPM2.Churn.STmin: is NaN", sampler.DPM2{Churn: sampler.Churn{STmin: nan}}},
		{"RungeKutta.Churn.SNoise: is +Inf", sampler.RungeKutta{Churn: sampler.Churn{SNoise: inf}}},
		{"RungeKutta.Alpha: is 1.5", sampler.RungeKutta{Alpha: 1.5}},
		{"EulerAncestral.Eta: is -1", sampler.EulerAncestral{Eta: -1}},
		{"DPM2Ancestral.SNoise: is NaN", sampler.DPM2Ancestral{SNoise: nan}},
		{"DPMpp2SAncestral.Eta: is +Inf", sampler.DPMpp2SAncestral{Eta: inf}},
		{"DPMppSDE.Eta: is -0.5", sampler.DPMppSDE{Eta: -0.5}},
		{"DPMppSDE.R: is 1,", sampler.DPMppSDE{R: 1}},
		{"DPMpp2MSDE.SNoise: is -1", sampler.DPMpp2MSDE{SNoise: -1}},
		{"DPMpp3MSDE.Eta: is NaN", sampler.DPMpp3MSDE{Eta: nan}},
		{"LMS.Order: is 5", sampler.LMS{Order: 5}},
		{"DPMFast.Eta: is -1", sampler.DPMFast{Eta: -1}},
		{"DPMFast.Evaluations: is 10 on a grid of 39 steps, want 0 or from 114 to 116", sampler.DPMFast{Evaluations: 10}},
		{"DPMFast.Evaluations: is -3", sampler.DPMFast{Evaluations: -3}},
		{"DPMAdaptive.Order: is 4", sampler.DPMAdaptive{Order: 4}},
		{"DPMAdaptive.RTol: is -1", sampler.DPMAdaptive{RTol: -1}},
		{"DPMAdaptive.Threshold: is NaN", sampler.DPMAdaptive{Threshold: nan}},
		{"DPMAdaptive.FirstStep: is +Inf", sampler.DPMAdaptive{FirstStep: inf}},
		{"DPMAdaptive.P, I, D: are 0, -1, 0", sampler.DPMAdaptive{I: -1}},
		{"DPMAdaptive.MaxEvaluations: is -1", sampler.DPMAdaptive{MaxEvaluations: -1}},
		{"DPMAdaptive.Eta: is -1", sampler.DPMAdaptive{Eta: -1}},
	} {
		x := mat.NewDense(2, 2, nil)
		err := sampler.Sample(context.Background(), x, g.problem(), c.pred, nil)
		require.ErrorIs(t, err, sampler.ErrRange, c.text)
		require.ErrorContains(t, err, c.text)
		require.Zero(t, mat.Norm(x, 1), fmt.Sprint(c.pred))
	}
}
