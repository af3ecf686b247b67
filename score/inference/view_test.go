package inference

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
)

// exact is the View of parameters whose w are N(mean, cov), with y = w − 1.
func exact(axes []axis, mean []float64, cov *mat.SymDense) *View {
	d := len(axes)
	at := &coordinates{axes: axes, center: make([]float64, d), root: mat.NewDense(d, d, nil), back: mat.NewDense(d, d, nil), shift: make([]float64, d)}
	shift, y := mat.NewDense(1, d, nil), make([]float64, d)
	for j := range d {
		at.root.Set(j, j, 1)
		at.back.Set(j, j, 1)
		shift.Set(0, j, 1)
		y[j] = mean[j] - 1
	}
	process := sde.EDM{}
	frame := sde.Frame{Shift: make([]float64, d), Scale: make([]float64, d)}
	for j := range d {
		frame.Scale[j] = 1
	}
	return &View{at: at, place: &place{shift: shift}, problem: sde.Problem{SDE: process, Score: gaussian(process, y, cov), Frame: frame, Conditional: true}}
}

// θ_1 = exp(w_1) is lognormal, θ_2 = w_2 normal, of correlation 0.
//
// Checks score/inference (5).
func TestDensityAndModeHaveTheJacobian(t *testing.T) {
	v := exact([]axis{{low: 0, high: math.Inf(1)}, {low: math.Inf(-1), high: math.Inf(1)}}, []float64{0.5, 2}, mat.NewSymDense(2, []float64{0.16, 0, 0, 1}))
	lognormal, normal := distuv.LogNormal{Mu: 0.5, Sigma: 0.4}, distuv.Normal{Mu: 2, Sigma: 1}
	theta := mat.NewDense(3, 2, []float64{1, 2, 1.6, 1, 4, 3})
	logs := make([]float64, 3)
	_, err := v.LogProb(t.Context(), logs, theta, &sampler.FlowSettings{RTol: 1e-7, ATol: 1e-7})
	require.NoError(t, err)
	for i := range 3 {
		require.InDelta(t, lognormal.LogProb(theta.At(i, 0))+normal.LogProb(theta.At(i, 1)), logs[i], 1e-3)
	}
	best, top, err := v.MAP(t.Context(), &MAPSettings{Draws: 100, Climbs: 4})
	require.NoError(t, err)
	mode := math.Exp(0.5 - 0.16)
	require.InDeltaSlice(t, []float64{mode, 2}, best, 2e-3)
	require.InDelta(t, lognormal.LogProb(mode)+normal.LogProb(2), top, 1e-3)

	_, _, err = v.MAP(t.Context(), &MAPSettings{Draws: -1})
	require.ErrorIs(t, err, ErrRange)
	require.ErrorContains(t, err, "MAPSettings.Draws: is -1")
}

// With draws from the exact posterior all weights are equal, but for the evidence.
func TestWeightsOfTheExactPosteriorAreEqual(t *testing.T) {
	v := exact([]axis{{low: math.Inf(-1), high: math.Inf(1)}}, []float64{0.75}, mat.NewSymDense(1, []float64{0.5}))
	v.prior = Normal{[]float64{0}, []float64{1}}
	theta := mat.NewDense(100, 1, nil)
	w, err := v.Weigh(t.Context(), theta, func(theta []float64) float64 { return distuv.Normal{Mu: theta[0], Sigma: 1}.LogProb(1.5) }, &sampler.FlowSettings{RTol: 1e-7, ATol: 1e-7})
	require.NoError(t, err)
	require.InDelta(t, 100, w.Effective, 0.01)
	require.InDelta(t, distuv.Normal{Mu: 0, Sigma: math.Sqrt2}.LogProb(1.5), w.LogEvidence, 2e-3)
	require.Less(t, w.StdErr, 0.01)

	v.prior = nil
	_, err = v.Weigh(t.Context(), theta, func([]float64) float64 { return 0 }, nil)
	require.ErrorIs(t, err, ErrUnsupported)
}

// Far out the score is no number: the flow of some draws of N(0, 1) that go there, or come
// from there, fails. The weights of all others are what they are without these.
func TestDrawsWhoseFlowFailsHaveNoWeight(t *testing.T) {
	long(t)
	v := exact([]axis{{low: math.Inf(-1), high: math.Inf(1)}}, []float64{0.75}, mat.NewSymDense(1, []float64{0.5}))
	v.prior, v.problem.Score, v.Warnings = Normal{[]float64{0}, []float64{1}}, frail{v.problem.Score}, []string{"far"}
	theta := mat.NewDense(400, 1, nil)
	w, err := v.Weigh(t.Context(), theta, func(theta []float64) float64 { return distuv.Normal{Mu: theta[0], Sigma: 1}.LogProb(1.5) }, &sampler.FlowSettings{RTol: 1e-7, ATol: 1e-7})
	var failed sampler.RowErrors
	require.ErrorAs(t, err, &failed)
	require.ErrorContains(t, err, "the View warns: far")
	good := 400 - len(failed)
	require.Positive(t, len(failed))
	require.Greater(t, good, 300)
	require.InDelta(t, good, w.Effective, 0.05)
	require.InDelta(t, distuv.Normal{Mu: 0, Sigma: math.Sqrt2}.LogProb(1.5), w.LogEvidence, 2e-3)
	require.Less(t, w.StdErr, 0.01)
	for _, e := range failed {
		require.Zero(t, w.W[e.Row])
		require.True(t, math.IsNaN(theta.At(e.Row, 0)))
	}
	w.W[0], w.W[399] = 0, 0
	again := mat.NewDense(400, 1, nil)
	for _, u := range []float64{0, 0.999999} {
		theta.Set(0, 0, math.NaN())
		theta.Set(399, 0, math.NaN())
		w.Resample(again, theta, u)
		_, _, bad := firstNonFinite(again)
		require.False(t, bad, "no draw without weight is taken")
	}
}

// Scores that are put together of many round more than one does. Defaults follow.
func TestManyObservationsAreScoredAtDefaults(t *testing.T) {
	v := exact([]axis{{low: math.Inf(-1), high: math.Inf(1)}}, []float64{0.75}, mat.NewSymDense(1, []float64{0.5}))
	v.prior = Normal{[]float64{0}, []float64{1}}
	v.problem.UnitRoundoff = 0x1p-24 * math.Sqrt(2*300)
	law := distuv.Normal{Mu: 0.75, Sigma: math.Sqrt(0.5)}
	logs := make([]float64, 1)
	_, err := v.LogProb(t.Context(), logs, one(0.3), nil)
	require.NoError(t, err)
	require.InDelta(t, law.LogProb(0.3), logs[0], 1e-3)
	best, top, err := v.MAP(t.Context(), &MAPSettings{Draws: 40, Climbs: 2})
	require.NoError(t, err)
	require.InDelta(t, 0.75, best[0], 1e-3)
	require.InDelta(t, law.LogProb(0.75), top, 1e-3)
	w, err := v.Weigh(t.Context(), mat.NewDense(20, 1, nil), func(theta []float64) float64 { return distuv.Normal{Mu: theta[0], Sigma: 1}.LogProb(1.5) }, nil)
	require.NoError(t, err)
	require.InDelta(t, 20, w.Effective, 0.01)
}

// frail is a score that is no number far out, and at one place nearby.
type frail struct{ sde.Scorer }

func (f frail) Score(dst, x *mat.Dense, t []float64) {
	f.Scorer.Score(dst, x, t)
	f.spoil(dst, x)
}

func (f frail) JVP(dst, jv, x, v *mat.Dense, t []float64) {
	score, _ := sde.As[tangent](f.Scorer)
	score.JVP(dst, jv, x, v, t)
	f.spoil(dst, x)
}

func (f frail) spoil(dst, x *mat.Dense) {
	for i := range x.RawMatrix().Rows {
		if v := x.At(i, 0); math.Abs(v) > 400 || v > 1.3 && v < 1.31 {
			dst.Set(i, 0, math.NaN())
		}
	}
}

func TestDensityOutsideTheBoundsNeedsNoFlow(t *testing.T) {
	v := exact([]axis{{low: 0, high: math.Inf(1)}}, []float64{0.5}, mat.NewSymDense(1, []float64{0.16}))
	v.problem.Score = frail{v.problem.Score}
	logs := make([]float64, 3)
	_, err := v.LogProb(t.Context(), logs, mat.NewDense(3, 1, []float64{-1, 1.6, -1e300}), nil)
	require.NoError(t, err)
	require.True(t, math.IsInf(logs[0], -1) && math.IsInf(logs[2], -1))
	require.InDelta(t, distuv.LogNormal{Mu: 0.5, Sigma: 0.4}.LogProb(1.6), logs[1], 1e-3)
}

// A density that is uniform between its bounds is so at them.
func TestDensityAtTheBoundsIsThatWithin(t *testing.T) {
	a, theta := axis{low: -2, high: 2}, make([]float64, 1000)
	for i := range theta {
		theta[i] = -2 + 4*(float64(i)+0.5)/1000
	}
	a.measure(theta)
	v := exact([]axis{a}, []float64{0}, mat.NewSymDense(1, []float64{1}))
	logs := make([]float64, 3)
	_, err := v.LogProb(t.Context(), logs, mat.NewDense(3, 1, []float64{-2, 2, 0.3}), nil)
	require.NoError(t, err)
	require.InDeltaSlice(t, []float64{-math.Log(4), -math.Log(4), -math.Log(4)}, logs, 2e-3)
}

func TestModeIsThatOfTheDrawsThatDoNotFail(t *testing.T) {
	v := exact([]axis{{low: math.Inf(-1), high: math.Inf(1)}}, []float64{1.75}, mat.NewSymDense(1, []float64{0.5}))
	v.Warnings = []string{"column 0 of x is odd"}
	v.problem.Score = frail{v.problem.Score}
	theta := mat.NewDense(200, 1, nil)
	err := v.Sample(t.Context(), theta, nil)
	var rows sampler.RowErrors
	require.ErrorAs(t, err, &rows)
	require.ErrorContains(t, err, "column 0 of x is odd")
	require.Less(t, len(rows), 150)
	best, _, err := v.MAP(t.Context(), &MAPSettings{Draws: 200, Climbs: 4})
	require.NoError(t, err)
	require.InDelta(t, 1.75, best[0], 0.02)
}

func TestResamplingTakesRowsByTheirWeights(t *testing.T) {
	w := &Weights{W: []float64{0.5, 0, 0.25, 0.25}}
	theta, dst := mat.NewDense(4, 1, []float64{1, 2, 3, 4}), mat.NewDense(8, 1, nil)
	w.Resample(dst, theta, 0.5)
	require.Equal(t, []float64{1, 1, 1, 1, 3, 3, 4, 4}, dst.RawMatrix().Data)
	require.Panics(t, func() { w.Resample(dst, mat.NewDense(3, 1, nil), 0) })
}

func TestShapesThatDoNotMatchPanic(t *testing.T) {
	v := exact([]axis{{low: 0, high: 1}}, []float64{0}, mat.NewSymDense(1, []float64{1}))
	require.Panics(t, func() { _ = v.Sample(t.Context(), mat.NewDense(2, 2, nil), nil) })
	require.Panics(t, func() { _, _ = v.LogProb(t.Context(), make([]float64, 3), mat.NewDense(2, 1, nil), nil) })
	require.Panics(t, func() { v.ToParameters(mat.NewDense(2, 1, nil), mat.NewDense(1, 1, nil)) })
}
