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

// From exactly p_T every method, whatever its noise, tends to exactly p_u: the
// Bures distance to it is the whole error. Here are the variants that samplertest
// does not measure.
func TestWeakOrdersOfNoisyVariants(t *testing.T) {
	long(t)
	for _, m := range []struct {
		pred       sampler.Predictor
		draws      int
		order, tol float64
	}{
		{sampler.RungeKutta{Churn: sampler.Churn{SChurn: 2}}, 1, 1, 0.05},
		{sampler.RungeKutta{Alpha: 1, Churn: sampler.Churn{SChurn: 20}}, 1, 2, 0.1},
		{sampler.Heun{Churn: sampler.Churn{SChurn: 20}}, 1, 2, 0.1},
		{sampler.DPM2{Churn: sampler.Churn{SChurn: 20}}, 1, 2, 0.1},
		{sampler.DPM2Ancestral{Eta: 0.5}, 1, 2, 0.1},
		{sampler.DPMpp2SAncestral{Eta: 0.5}, 1, 2, 0.1},
		{sampler.DPMppSDE{}, 2, 2, 0.1},
		{sampler.DPMppSDE{R: 0.7}, 2, 2, 0.1},
		{sampler.DPMppSDE{Eta: 0.5}, 2, 2, 0.1},
		{sampler.DPMppSDE{Independent: true}, 2, 1, 0.1},
		{sampler.DPMpp2MSDE{Eta: 0.5}, 1, 2, 0.1},
	} {
		t.Run(fmt.Sprintf("%T%+v", m.pred, m.pred), func(t *testing.T) {
			g := gauss{SDE: sde.VP{}, m: [2]float64{0.7, -0.4}, a: 0.5, d: 0.288}
			prior := sde.Prior{Mean: g.m[:], Variance: []float64{g.a, g.d}}
			var errors []float64
			for _, n := range []int{100, 200, 400} {
				times := grid.UniformLogSNR(g.SDE, 1, 1e-3, n+1)
				end := g.at(times[n])
				exact := moments{mat.NewVecDense(2, []float64{end.alpha * g.m[0], end.alpha * g.m[1]}), inverse(end.k)}
				s := sampler.Settings{Grid: times, Prior: prior, Final: sampler.FinalState}
				errors = append(errors, bures(measured(t, g, m.pred, s, m.draws, 0), exact))
			}
			t.Logf("errors %.3g, orders %.3f", errors, slopes(errors))
			for _, order := range slopes(errors) {
				require.InDelta(t, m.order, order, m.tol)
			}
		})
	}
}

// With one Brownian path for all grids the samples of finer and finer grids
// converge one by one. With independent draws they do not: only distributions do.
func TestSamplesConvergeAlongABrownianPath(t *testing.T) {
	long(t)
	const rows, from, to = 40, 0.8, 0.05
	p := threeModes(t, sde.VP{})
	start := mat.NewDense(rows, 2, nil)
	noise.White{Seed: 1}.Normal(start, noise.Draw{Purpose: noise.Prior})
	differences := func(pred sampler.Predictor, source noise.Source) (d []float64) {
		var last *mat.Dense
		for _, n := range []int{25, 50, 100, 200} {
			x := mat.DenseCopyOf(start)
			require.NoError(t, sampler.Continue(context.Background(), x, p, pred, &sampler.Settings{
				Grid: grid.UniformLogSNR(p, from, to, n+1), Final: sampler.FinalState, Noise: source,
			}))
			if last != nil {
				d = append(d, medianDistance(x, last))
			}
			last = x
		}
		return d
	}
	for _, pred := range []sampler.Predictor{sampler.EulerMaruyama{}, sampler.DPMppSDE{}} {
		d := differences(pred, noise.Brownian{Seed: 2})
		t.Logf("%T: differences %.3g, orders %.3f", pred, d, slopes(d))
		require.Greater(t, slopes(d)[1], 0.8)
		d = differences(pred, noise.White{Seed: 2})
		t.Logf("%T: independent %.3g", pred, d)
		require.Greater(t, d[2], 0.05)
	}
}

// Independent noises lose the covariance of a step with its middle, which the
// single steps of this variance show.
//
// Checks sampler (26) to (28).
func TestOneStepOfDPMppSDEHasTheRightCovariance(t *testing.T) {
	t.Parallel()
	g := gauss{SDE: sde.EDM{}, a: 0.5, d: 0.288}
	prior := sde.Prior{Mean: g.m[:], Variance: []float64{g.a, g.d}}
	local := func(pred sampler.Predictor) []float64 {
		var errors []float64
		for _, h := range []float64{0.2, 0.1, 0.05} {
			times := []float64{1, math.Exp(-h)}
			end := g.at(times[1])
			exact := moments{mat.NewVecDense(2, nil), inverse(end.k)}
			got := measured(t, g, pred, sampler.Settings{Grid: times, Prior: prior, Final: sampler.FinalState}, 2, 0)
			errors = append(errors, bures(got, exact))
		}
		return slopes(errors)
	}
	require.InDelta(t, 3, local(sampler.DPMppSDE{})[1], 0.2)
	require.InDelta(t, 2, local(sampler.DPMppSDE{Independent: true})[1], 0.2)
}

// unable is a process that cannot say what lies beyond its span.
type unable struct{ sde.SDE }

func (p unable) Kernel(t float64) (alpha, sigma float64) {
	if start, end := p.Span(); t < start || t > end {
		return math.NaN(), math.NaN()
	}
	return p.SDE.Kernel(t)
}

// Churn rises above the span and ancestral steps go below it. A process that
// has nothing there, and no inverse in closed form, is sampled all the same.
func TestNoiseAtTheEndsOfTheSpan(t *testing.T) {
	long(t)
	for _, p := range []sde.SDE{sde.VP{}, unable{sde.VP{}}, sde.EDM{}, unable{sde.EDM{}}, sde.VE{}, unable{sde.VE{}}} {
		g := gauss{SDE: p, m: [2]float64{0.7, -0.4}, a: 0.5, d: 0.288}
		prior := sde.Prior{Mean: g.m[:], Variance: []float64{g.a, g.d}}
		from, to := p.Span()
		times := grid.UniformLogSNR(p, to, from, 101)
		end := g.at(times[100])
		exact := moments{mat.NewVecDense(2, []float64{end.alpha * g.m[0], end.alpha * g.m[1]}), inverse(end.k)}
		for _, pred := range []sampler.Predictor{
			sampler.Heun{Churn: sampler.Churn{SChurn: 40}}, sampler.DPM2{Churn: sampler.Churn{SChurn: 40}}, sampler.DPM2Ancestral{},
			sampler.DPMpp2SAncestral{}, sampler.DPMppSDE{}, sampler.DPMFast{Eta: 1}, sampler.DPMpp2MSDE{},
		} {
			s := sampler.Settings{Grid: times, Prior: prior, Final: sampler.FinalState}
			off := bures(measured(t, g, pred, s, 2, 0), exact)
			require.Less(t, off, 0.02, "%T %T", p, pred)
		}
	}
}
