package inference

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/score"
)

func TestRecipesSuitTheSimulations(t *testing.T) {
	for _, c := range []struct {
		n, d, steps int
		regularize  float64
	}{
		{250, 2, 2000, 0.3}, {10_000, 2, 10_000, 0.03}, {10_000, 10, 4000, 0.1}, {1000, 10, 2000, 0.3}, {1_000_000, 3, 20_000, 0.02},
	} {
		r := Recommend(c.n, c.d, 8)
		require.Equal(t, c.steps, r.Steps)
		require.Equal(t, c.regularize, r.Regularize)
	}
	s := score.Settings{Steps: 7}
	Recommend(100, 2, 2).fill(&s)
	require.Equal(t, 7, s.Steps)
	require.Equal(t, 0.3, s.Regularize)
	require.Nil(t, s.Optimizer)

	s = score.Settings{}
	Recommend(10_000, 10, 10).fill(&s)
	require.Equal(t, &optim.Adam[float32]{WeightDecay: 1}, s.Optimizer)
}

// Ten pairs say little, and draws say no more than that.
func TestFewSimulationsGiveWidePosteriors(t *testing.T) {
	long(t)
	for _, n := range []int{3, 5, 10, 40} {
		post, err := Infer(t.Context(), standard, shifted{1}, 2, n, &Settings{Seed: uint64(n), Workers: 1})
		require.NoError(t, err)
		require.Contains(t, post.Warnings[0], fmt.Sprintf("only %d pairs", n))
		v, err := post.Given(one(0.4, 0.6))
		require.NoError(t, err)
		theta := mat.NewDense(200, 2, nil)
		require.NoError(t, v.Sample(t.Context(), theta, nil))
		m := momentsOf(theta)
		for j, exact := range []float64{0.2, 0.3} {
			sd := math.Sqrt(m.cov.At(j, j))
			require.True(t, sd > 0.55 && sd < 3, "n = %d: %v", n, sd)
			require.InDelta(t, exact, m.mean[j], 2*sd)
		}
	}
	require.Equal(t, []int{1, 1, 20, 2000, 2000, 20_000}, []int{
		Recommend(3, 2, 2).Steps, Recommend(100, 2, 2).Steps, Recommend(101, 2, 2).Steps, Recommend(200, 2, 2).Steps, Recommend(300, 2, 2).Steps, Recommend(1<<28, 2, 2).Steps,
	})
}

func TestWarningsHaveTheNamesOfInference(t *testing.T) {
	for of, want := range map[string]string{
		"condition column 4: constant":                     "x, column 4: constant",
		"column 1: spread by less":                         "theta, parameter 1: spread by less",
		"by heart; try Settings.Regularize or fewer Steps": "by heart; try Settings.Training.Regularize or fewer Settings.Training.Steps",
	} {
		require.Equal(t, want, inWordsOfInference(of))
	}
}

// blank is a prior without a density.
type blank struct{ Normal }

func (blank) LogProb([]float64) float64 { return math.NaN() }

func TestPriorsWithoutADensityAreNamed(t *testing.T) {
	_, err := Infer(t.Context(), blank{standard}, shifted{1}, 2, 20, nil)
	require.ErrorIs(t, err, ErrNonFinite)
	require.ErrorContains(t, err, "prior: LogProb is NaN at its own draw [")

	theta := mat.NewDense(3, 2, []float64{1, 2, 3, 4, 5, 7})
	_, err = Fit(t.Context(), blank{standard}, theta, theta, quick())
	require.ErrorIs(t, err, ErrNonFinite)
	require.ErrorContains(t, err, "inference: Fit: prior: LogProb is NaN at row 0 of theta, [1 2]")

	post, err := learned()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "posterior")
	require.NoError(t, post.SaveFile(path))
	_, err = Open(path, blank{standard})
	require.ErrorIs(t, err, ErrNonFinite)
	require.ErrorContains(t, err, "prior: LogProb is NaN at its own draw [")
}

// babble has parameters that x tells nothing of, in many columns.
type babble struct{}

func (babble) Simulate(x, _ []float64, rng *rand.Rand) error {
	for j := range x {
		x[j] = rng.NormFloat64()
	}
	return nil
}

// From columns of pure noise the network learns pairs by heart, and the posterior is what the
// regression knows, which is the prior.
func TestColumnsOfNoiseLeaveTheRegression(t *testing.T) {
	long(t)
	s := &Settings{Seed: 2, Net: nn.RecipeMLP(2, 32), Embed: nn.Linear{Out: 16}}
	s.Training.Steps, s.Training.Regularize = 100, score.None
	post, err := Infer(t.Context(), standard, babble{}, 50, 1000, s)
	require.NoError(t, err)
	require.Zero(t, post.Result.BestStep)
	require.Contains(t, fmt.Sprint(post.Warnings), "nothing is learned that holds for held-out rows")
	v, err := post.Given(mat.NewDense(1, 50, nil))
	require.NoError(t, err)
	theta := mat.NewDense(1000, 2, nil)
	require.NoError(t, v.Sample(t.Context(), theta, nil))
	m := momentsOf(theta)
	for j := range 2 {
		require.InDelta(t, 0, m.mean[j], 0.15)
		require.InDelta(t, 1, math.Sqrt(m.cov.At(j, j)), 0.1)
	}
}
