package sampler_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/posterior"
)

// steered runs Steered with the likelihood of an observation for the reward.
func steered(t *testing.T, p sde.Problem, o posterior.Observation, n, steps int, c sampler.Steered) (*mat.Dense, *sampler.Trace) {
	t.Helper()
	l, err := posterior.NewLikelihood(o, sde.Frame{})
	require.NoError(t, err)
	c.Reward, c.Trace = l, new(sampler.Trace)
	x := mat.NewDense(n, 2, nil)
	require.NoError(t, sampler.Sample(context.Background(), x, p, c, &sampler.Settings{Grid: grid.Conditional(p.SDE, steps), Seed: 7}))
	return x, c.Trace
}

// tempered returns log c of p(y|x)^{1/T} = c N(y; Ax, Tτ²).
func tempered(τ, temperature float64) float64 {
	return 0.5*math.Log(2*math.Pi*temperature*τ*τ) - 0.5*math.Log(2*math.Pi*τ*τ)/temperature
}

// Checks sampler (41).
func TestEvidenceOfTemperedRewardsIsUnbiased(t *testing.T) {
	arithmetic(t)
	const groups, number, steps, v, τ = 60, 24, 16, 0.5, 0.4
	law, err := dataset.NewIsotropicMixture([]float64{1}, mat.NewDense(1, 2, nil), []float64{math.Sqrt(v)}, nil)
	require.NoError(t, err)
	p := sde.Problem{SDE: sde.EDM{}, Score: sde.Analytic(sde.EDM{}, law.Diffuse), Prior: sde.Prior{Mean: []float64{0, 0}, Variance: []float64{v, v}}}
	for _, c := range []sampler.Steered{{Temperature: 4}, {Width: 0.4}, {Temperature: 3, Width: 1}} {
		c.Number = number
		temperature := max(c.Temperature, 1)
		variance := 1.09*varianceOfChain(p.SDE, v, steps) + temperature*τ*τ
		want := tempered(τ, temperature) - 0.5*(math.Log(2*math.Pi*variance)+1/variance)
		_, trace := steered(t, p, projected(τ, 1), groups*number, steps, c)
		ratios := make([]float64, groups)
		for g, v := range trace.LogEvidence {
			ratios[g] = math.Exp(v - want)
		}
		mean, std := stat.MeanStdDev(ratios, nil)
		t.Logf("T %g, W %g: %.4f ± %.4f", c.Temperature, c.Width, mean, std/math.Sqrt(groups))
		require.InDelta(t, 1, mean, 4*std/math.Sqrt(groups), "%+v", c)
		require.Less(t, std, 0.6, "%+v", c)
	}
}

// A likelihood to the power 1/T is one of T times the variance, whose posterior of a
// mixture is known: the same whatever the width, in other units too.
func TestSteeredParticlesFollowTheTemperedPosterior(t *testing.T) {
	arithmetic(t)
	const n, steps, τ = 1500, 50, 0.25
	law := threeLaw(t)
	o, frame := projected(τ, 0.1), sde.Frame{Shift: []float64{1e6, -3}, Scale: []float64{1e3, 1e-3}}
	framed := o
	framed.Operator = posterior.Matrix{A: mat.NewDense(1, 2, []float64{1e-3, 300})}
	framed.Y = mat.NewDense(1, 1, []float64{0.1 + 1e3 - 3*300})
	for _, c := range []struct {
		steered sampler.Steered
		sde     sde.SDE
	}{
		{sampler.Steered{Temperature: 4}, sde.EDM{}},
		{sampler.Steered{Temperature: 4, Width: 1}, sde.VP{}},
		{sampler.Steered{Temperature: 4, Width: 0.2}, sde.EDM{}},
	} {
		temperature := c.steered.Temperature
		post, log := posteriorOf(t, law, projected(τ*math.Sqrt(temperature), 0.1), 0)
		p := sde.Problem{SDE: c.sde, Score: sde.Analytic(c.sde, law.Diffuse)}
		x, trace := steered(t, p, o, n, steps, c.steered)
		var cov mat.SymDense
		post.Cov(&cov)
		for j, want := range post.Mean(nil) {
			mean, std := stat.MeanStdDev(mat.Col(nil, j, x), nil)
			sd := math.Sqrt(cov.At(j, j))
			require.InDelta(t, want, mean, 0.15*sd, "%+v", c)
			require.InDelta(t, sd, std, 0.15*sd, "%+v", c)
		}
		require.InDelta(t, log+tempered(τ, temperature), trace.LogEvidence[0], 4*trace.StdErr[0]+0.05, "%+v", c)
	}
	// Rewards are of the data, and the same in the coordinates of any frame.
	p := threeModes(t, sde.EDM{})
	c := sampler.Steered{Temperature: 4, Width: 0.5}
	x, trace := steered(t, p, o, 100, 12, c)
	p.Frame = frame
	y, framedTrace := steered(t, p, framed, 100, 12, c)
	frame.ToModel(y, y)
	require.InDeltaSlice(t, x.RawMatrix().Data, y.RawMatrix().Data, 1e-6)
	require.InDelta(t, trace.LogEvidence[0], framedTrace.LogEvidence[0], 1e-6)
}

// With a likelihood as narrow as a twentieth of the data the rewards of early times select
// rows of which nothing is left, unless they are tempered, as they are by default.
func TestFewParticlesFindANarrowReward(t *testing.T) {
	arithmetic(t)
	const groups, number, τ = 20, 128, 0.05
	p := threeModes(t, sde.EDM{})
	_, log := posteriorOf(t, threeLaw(t), projected(τ, 0.1), 0)
	l, err := posterior.NewLikelihood(projected(τ, 0.1), sde.Frame{})
	require.NoError(t, err)
	estimate := func(width float64) (mean, std float64, err error) {
		c := sampler.Steered{Reward: l, Width: width, Particles: sampler.Particles{Number: number, Trace: new(sampler.Trace)}}
		err = sampler.Sample(context.Background(), mat.NewDense(groups*number, 2, nil), p, c, &sampler.Settings{Grid: grid.Conditional(p.SDE, 40), Seed: 7})
		ratios := make([]float64, groups)
		for g, v := range c.Trace.LogEvidence {
			ratios[g] = math.Exp(v - log)
		}
		mean, std = stat.MeanStdDev(ratios, nil)
		return mean, std, err
	}
	for _, width := range []float64{0, τ} {
		mean, std, err := estimate(width)
		t.Logf("width %v: %.3f ± %.3f a run, %v", width, mean, std, err)
		require.NoError(t, err)
		require.InDelta(t, 1, mean, 0.25)
		require.Less(t, std, 0.6)
	}
	none, _, err := estimate(1e9)
	t.Logf("without: %.3f, %v", none, err)
	require.Less(t, none, 0.5)
	require.ErrorIs(t, err, sampler.ErrCollapsed)
}

func TestErrorOfTemperedParticlesFallsWithTheRootOfTheirNumber(t *testing.T) {
	arithmetic(t)
	p, o := threeModes(t, sde.EDM{}), projected(0.1, 0.1)
	spread := func(number, groups int) (mean, evidence float64) {
		x, trace := steered(t, p, o, groups*number, 24, sampler.Steered{Temperature: 2, Width: 0.15, Particles: sampler.Particles{Number: number}})
		means := make([]float64, groups)
		for g := range means {
			means[g] = stat.Mean(mat.Col(nil, 1, x.Slice(g*number, (g+1)*number, 0, 2)), nil)
			trace.LogEvidence[g] = math.Exp(trace.LogEvidence[g])
		}
		m, s := stat.MeanStdDev(trace.LogEvidence, nil)
		return stat.StdDev(means, nil), s / m
	}
	mean, evidence := spread(32, 100)
	meanOfMany, evidenceOfMany := spread(384, 30)
	t.Logf("mean %.3f to %.3f, evidence %.3f to %.3f", mean, meanOfMany, evidence, evidenceOfMany)
	require.InDelta(t, -0.5, math.Log(meanOfMany/mean)/math.Log(12), 0.2)
	require.InDelta(t, -0.5, math.Log(evidenceOfMany/evidence)/math.Log(12), 0.2)
}

func TestImpossibleTemperingIsNamed(t *testing.T) {
	t.Parallel()
	zero := reward(func([]float64) float64 { return 0 })
	for says, s := range map[string]sampler.Steered{
		"Steered.Temperature: is -1":  {Reward: zero, Temperature: -1},
		"Steered.Temperature: is NaN": {Reward: zero, Temperature: math.NaN()},
		"Steered.Width: is -0.5":      {Reward: zero, Width: -0.5},
		"Steered.Width: is +Inf":      {Reward: zero, Width: math.Inf(1)},
	} {
		err := s.Validate()
		require.ErrorIs(t, err, sampler.ErrRange)
		require.ErrorContains(t, err, says)
	}
}
