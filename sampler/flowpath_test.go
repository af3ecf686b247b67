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

// frozen is the score of a distribution on VE, where α is 1, that below the time at which
// σ is level stays what it is there.
type frozen struct {
	sde.Divergencer
	level float64
}

func (f frozen) times(t []float64) []float64 {
	at := make([]float64, len(t))
	for i, t := range t {
		at[i] = max(t, f.kink())
	}
	return at
}

func (f frozen) kink() float64 { return sde.TimeAt(sde.VE{}, -math.Log(f.level)) }

func (f frozen) Score(dst, x *mat.Dense, t []float64) { f.Divergencer.Score(dst, x, f.times(t)) }

func (f frozen) Divergence(dst *mat.Dense, div []float64, x *mat.Dense, t []float64) {
	f.Divergencer.Divergence(dst, div, x, f.times(t))
}

func TestStepsEndWhereAScoreHasAKink(t *testing.T) {
	long(t)
	p := threeModes(t, sde.VE{})
	f := frozen{p.Score.(sde.Divergencer), 0.2}
	x := dataset.Sample(threeLaw(t), 200)
	problem, silent := sde.Problem{SDE: p.SDE, Score: f, Breakpoints: []float64{f.kink()}}, sde.Problem{SDE: p.SDE, Score: f}
	logp := func(p sde.Problem, tol float64) []float64 {
		dst := make([]float64, 200)
		_, err := sampler.LogProb(context.Background(), dst, x, p, &sampler.FlowSettings{RTol: tol, ATol: tol})
		require.NoError(t, err)
		return dst
	}
	want, other := logp(problem, 1e-10), logp(silent, 1e-10)
	require.InDeltaSlice(t, want, other, 1e-5)
	const tol = 1e-6
	told, untold := logp(problem, tol), logp(silent, tol)
	for i, v := range want {
		told[i], untold[i] = math.Abs(told[i]-v), math.Abs(untold[i]-v)
		require.LessOrEqual(t, told[i], 40*tol*max(1, math.Abs(v)), "row %d", i)
	}
	t.Logf("mean error %.2g, %.2g by a solver that is not told", stat.Mean(told, nil), stat.Mean(untold, nil))
	require.Less(t, 3*stat.Mean(told, nil), stat.Mean(untold, nil))

	// And on the way back.
	y, density, again := mat.NewDense(100, 2, nil), make([]float64, 100), make([]float64, 100)
	s := &sampler.FlowSettings{RTol: tol, ATol: tol}
	_, err := sampler.SampleLogProb(context.Background(), y, density, problem, s)
	require.NoError(t, err)
	_, err = sampler.LogProb(context.Background(), again, y, problem, s)
	require.NoError(t, err)
	for i := range again {
		require.InDelta(t, again[i], density[i], 80*tol*max(1, math.Abs(again[i])))
	}
}

// Guidance on an interval of noise levels is a score that jumps: nothing of one side is
// seen by the steps of the other.
func TestStepsEndWhereAScoreJumps(t *testing.T) {
	long(t)
	p := threeModes(t, sde.VE{})
	wide := sde.Problem{SDE: p.SDE, Score: sde.Analytic(p.SDE, threeLaw(t).Noised(1, 1).Diffuse)}
	g, err := sde.Guide(p, wide, 3)
	require.NoError(t, err)
	g, err = sde.Within(g, p, 0.3, 3)
	require.NoError(t, err)
	x := dataset.Sample(threeLaw(t), 50)
	logp := func(tol float64) []float64 {
		dst := make([]float64, 50)
		_, err := sampler.LogProb(context.Background(), dst, x, g, &sampler.FlowSettings{RTol: tol, ATol: tol})
		require.NoError(t, err)
		return dst
	}
	const tol = 1e-5
	want, got := logp(1e-9), logp(tol)
	for i, v := range want {
		require.InDelta(t, v, got[i], 40*tol*max(1, math.Abs(v)), "row %d", i)
	}
}

// counted counts what is asked of a score.
type counted struct {
	d                   sde.Divergencer
	scores, divergences *int
}

func (c counted) Score(dst, x *mat.Dense, t []float64) {
	*c.scores++
	c.d.Score(dst, x, t)
}

func (c counted) Divergence(dst *mat.Dense, div []float64, x *mat.Dense, t []float64) {
	*c.divergences++
	c.d.Divergence(dst, div, x, t)
}

func TestDivergencesWithoutWeightAreNotEvaluated(t *testing.T) {
	t.Parallel()
	p := threeModes(t, sde.VP{})
	var scores, divergences int
	p.Score = counted{p.Score.(sde.Divergencer), &scores, &divergences}
	r, err := sampler.LogProb(context.Background(), make([]float64, 1), mat.NewDense(1, 2, []float64{0.3, 0.5}), p, nil)
	require.NoError(t, err)
	require.Equal(t, r.Total, scores+divergences)
	require.Equal(t, 2+5*scores, divergences, "five of the six stages of a step, and two to begin with")
}

// bundled is a score with JVPs.
type bundled struct {
	sde.Divergencer
	calls *int
}

func (b bundled) JVPs(dst *mat.Dense, jv []*mat.Dense, x *mat.Dense, v []*mat.Dense, t []float64) {
	*b.calls++
	for k := range v {
		b.JVP(dst, jv[k], x, v[k], t)
	}
}

func TestProbesShareAnEvaluationOfTheScore(t *testing.T) {
	t.Parallel()
	p := threeModes(t, sde.VP{})
	x := dataset.Sample(threeLaw(t), 30)
	s := &sampler.FlowSettings{Probes: 5, Seed: 3}
	want, r := logProbs(t, p, x, s)
	calls := 0
	p.Score = bundled{p.Score.(sde.Divergencer), &calls}
	got, again := logProbs(t, p, x, s)
	require.Equal(t, want, got)
	require.Equal(t, r.StdErr, again.StdErr)
	require.Positive(t, calls)
	require.Less(t, calls, r.Total)
}
