package inference

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/score"
)

// A file whose numbers fit each other but no prior answers with errors, and does not panic.
func TestFilesOfOtherUnitsThanThePriorDoNotPanic(t *testing.T) {
	post, err := learned()
	require.NoError(t, err)
	var k kept
	require.NoError(t, json.Unmarshal([]byte(post.model.Metadata[metadata]), &k))
	k.Root, k.Back = []float64{1e300, 0, 0, 1e-300}, []float64{1e-300, 0, 0, 1e300}
	k.Center = []float64{0, 0}
	c, wide, err := k.coordinates(post.model.Dim())
	require.NoError(t, err)
	strange := &Posterior{Prior: standard, model: post.model, at: c, wide: wide}
	v, err := strange.GivenAll(t.Context(), mat.NewDense(2, 2, []float64{0.1, 0.2, 0.3, 0.4}), &AllSettings{Draws: 20})
	if err == nil {
		require.NotEmpty(t, v.Warnings)
		_ = v.Sample(t.Context(), mat.NewDense(3, 2, nil), nil)
	}
	dst := []float64{1, 2}
	solve(dst, new(mat.Cholesky), []float64{1, 2})
	require.True(t, math.IsNaN(dst[0]) && math.IsNaN(dst[1]))
}

// The posterior of θ given x is that of θ in other units: only the units of the draws change.
func TestUnitsDoNotMatter(t *testing.T) {
	fit := func(of, by float64) (mean, deviation float64) {
		rng := rand.New(rand.NewPCG(5, 5))
		theta, x := mat.NewDense(400, 1, nil), mat.NewDense(400, 1, nil)
		for i := range 400 {
			z := rng.NormFloat64()
			theta.Set(i, 0, of*z)
			x.Set(i, 0, by*(z+rng.NormFloat64()))
		}
		s := quick()
		s.Net, s.Embed = nn.MLP{Hidden: []int{8}}, nn.Linear{Out: 2}
		s.Training = score.Settings{Steps: 60, Batch: 64}
		post, err := Fit(t.Context(), nil, theta, x, s)
		require.NoError(t, err)
		v, err := post.Given(one(by))
		require.NoError(t, err)
		require.Empty(t, v.Warnings)
		draws := mat.NewDense(400, 1, nil)
		require.NoError(t, v.Sample(t.Context(), draws, nil))
		draws.Scale(1/of, draws)
		m := momentsOf(draws)
		return m.mean[0], math.Sqrt(m.cov.At(0, 0))
	}
	mean, deviation := fit(1, 1)
	for _, c := range [][2]float64{{1, 1e200}, {1, 1e-170}, {1, 1e300}, {1, 1e-300}, {1e-170, 1}, {1e200, 1}, {1e6, 1e-3}} {
		m, d := fit(c[0], c[1])
		require.InDelta(t, mean, m, 0.02, c)
		require.InDelta(t, deviation, d, 0.02, c)
	}
}

func TestColumnsThatOverflowAreNamed(t *testing.T) {
	wide := mat.NewDense(3, 2, []float64{0, -math.MaxFloat64, 0, 0, 1, math.MaxFloat64})
	plain := mat.NewDense(3, 2, []float64{1, 2, 3, 4, 5, 7})
	_, err := Fit(t.Context(), nil, plain, wide, quick())
	require.ErrorIs(t, err, ErrRange)
	require.ErrorContains(t, err, "x: column 1: lies from")
	_, err = Fit(t.Context(), nil, wide, plain, quick())
	require.ErrorIs(t, err, ErrRange)
	require.ErrorContains(t, err, "theta: column 1: lies from")
	_, err = FitJoint(t.Context(), nil, plain, wide, quick())
	require.ErrorContains(t, err, "x: column 1: lies from")
	_, err = FitJoint(t.Context(), nil, wide, plain, quick())
	require.ErrorContains(t, err, "theta: column 1: lies from")
	_, err = Simulate(t.Context(), Uniform{[]float64{-math.MaxFloat64 / 4}, []float64{math.MaxFloat64 / 4}}, shifted{1}, 1, 10, nil)
	require.ErrorIs(t, err, ErrRange)
}

func TestAJointNamesWhatIsWrong(t *testing.T) {
	_, err := FitJoint(t.Context(), nil, one(1), one(2), nil)
	require.ErrorIs(t, err, ErrShape)
	require.ErrorContains(t, err, "has 1 rows, want at least 2")
	_, err = FitJoint(t.Context(), nil, mat.NewDense(2, 1, []float64{1, 2}), mat.NewDense(2, 2, []float64{1, math.NaN(), 2, math.NaN()}), &Settings{Net: nn.RecipeColumns(3, 4)})
	require.ErrorIs(t, err, ErrRange)
	require.ErrorContains(t, err, "x: column 1: has no number")

	j, err := together()
	require.NoError(t, err)
	d, k := j.Dims()
	require.Equal(t, []int{2, 2}, []int{d, k})
	nan, inf := math.NaN(), math.Inf(1)
	theta, x := mat.NewDense(2, 2, []float64{1, nan, 1e6, nan}), mat.NewDense(2, 2, []float64{0.5, inf, nan, -1e9})
	warnings := j.Outside(theta, x)
	require.Len(t, warnings, 2)
	require.Contains(t, warnings[0], "parameter 0: row 1 is 1e+06, the simulations lie from")
	require.Contains(t, warnings[1], "column 1 of x: row 1 is -1e+09")

	err = j.Sample(t.Context(), one(1, 0), one(1, -inf), nil)
	require.ErrorIs(t, err, ErrNonFinite)
	require.ErrorContains(t, err, "x: row 0, column 1: is −Inf")
	_, err = j.LogProb(t.Context(), []float64{0}, one(-inf, 0), one(1, 1), one(nan, nan, 1, 1), nil)
	require.ErrorIs(t, err, ErrNonFinite)
	_, err = j.LogProb(t.Context(), []float64{0}, one(1, 0), one(0.5, 1), one(nan, nan, 0.7, 1), nil)
	require.ErrorIs(t, err, ErrRange)
	require.ErrorContains(t, err, "given: row 0, column 2: is 0.7, want 0.5")
}

func TestSettingsThatWouldFailLaterAreRefused(t *testing.T) {
	post, err := learned()
	require.NoError(t, err)
	two := mat.NewDense(2, 2, []float64{0.1, 0.2, 0.3, 0.4})
	for _, method := range []Method{GAUSS, JAC, FNPE} {
		_, err = post.GivenAll(t.Context(), two, &AllSettings{Method: method, Workers: -1})
		require.ErrorIs(t, err, ErrRange)
		var none context.Context
		_, err = post.GivenAll(none, two, &AllSettings{Method: method})
		require.ErrorIs(t, err, ErrRange)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = post.GivenAll(ctx, two, &AllSettings{Method: method})
		require.ErrorIs(t, err, context.Canceled)
	}
	v, err := post.Given(one(0, 0))
	require.NoError(t, err)
	_, _, err = v.MAP(t.Context(), &MAPSettings{Draws: 1})
	require.ErrorIs(t, err, ErrRange)
	require.ErrorContains(t, err, "MAPSettings.Draws: is 1, want more than the 2 parameters")
}

func TestWeightsOfLargeLogarithmsSumToOne(t *testing.T) {
	for _, at := range []float64{0, -1e17, 1e17, -1e300, math.MaxFloat64} {
		logs := make([]float64, 50)
		for i := range logs {
			logs[i] = at
		}
		logs[3] = math.Inf(-1)
		w, err := weightsOf(logs, len(logs))
		require.NoError(t, err)
		require.InDelta(t, 49, w.Effective, 1e-9)
		require.InDelta(t, 1./49, w.W[0], 1e-12)
		require.InDelta(t, at+math.Log(49./50), w.LogEvidence, 1e-12*math.Abs(at)+1e-12)
	}
}

func TestALikelihoodCannotChangeTheDraws(t *testing.T) {
	post, err := learned()
	require.NoError(t, err)
	v, err := post.Given(one(0.3, 0.2))
	require.NoError(t, err)
	weigh := func(spoil bool) (*mat.Dense, *Weights) {
		theta := mat.NewDense(20, 2, nil)
		w, err := v.Weigh(t.Context(), theta, func(theta []float64) float64 {
			l := -theta[0] * theta[0]
			if spoil {
				theta[0], theta[1] = 1e9, math.NaN()
			}
			return l
		}, nil)
		require.NoError(t, err)
		return theta, w
	}
	want, wantWeights := weigh(false)
	got, gotWeights := weigh(true)
	require.True(t, mat.Equal(want, got))
	require.Equal(t, wantWeights.W, gotWeights.W)
}

// Counts with hardly a training: no climb on what is no density ends at infinity.
func TestAPeakOfCountsIsAParameter(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 3))
	theta, x := mat.NewDense(1000, 1, nil), mat.NewDense(1000, 1, nil)
	for i := range 1000 {
		v := float64(rng.IntN(3))
		theta.Set(i, 0, v)
		x.Set(i, 0, v+0.2*rng.NormFloat64())
	}
	post, err := Fit(t.Context(), half{}, theta, x, quick())
	require.NoError(t, err)
	for _, at := range []float64{0.1, 1, 2} {
		v, err := post.Given(one(at))
		require.NoError(t, err)
		best, _, err := v.MAP(t.Context(), &MAPSettings{Draws: 64})
		require.NoError(t, err)
		require.Less(t, math.Abs(best[0]-at), 1.0)
	}
}
