package inference

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/score"
)

// θ ~ N(0, 1) cut at nothing, x = θ + N(0, 1): the posterior is N(x/2, ½), the emulator
// N(θ, 1), the marginal of x N(0, 2).
func TestJointModelIsPosteriorAndEmulator(t *testing.T) {
	long(t)
	prior := Normal{[]float64{0}, []float64{1}}
	pairs, err := Simulate(t.Context(), prior, shifted{1}, 1, 4000, nil)
	require.NoError(t, err)
	s := &Settings{Net: nn.RecipeColumns(2, 24), Seed: 1, Workers: 1}
	s.Training = score.Settings{Steps: 400, Batch: 128, References: score.None}
	j, err := FitJoint(t.Context(), prior, pairs.Theta, pairs.X, s)
	require.NoError(t, err)

	const n = 1000
	filled := func(v float64) *mat.Dense {
		m := mat.NewDense(n, 1, nil)
		for i := range n {
			m.Set(i, 0, v)
		}
		return m
	}
	nan := math.NaN()
	for name, c := range map[string]struct{ theta, x, thetaMean, xMean, thetaSD, xSD float64 }{
		"posterior": {nan, 1.5, 0.75, 1.5, math.Sqrt(0.5), 0},
		"emulator":  {-1, nan, -1, -1, 0, 1},
		"pairs":     {nan, nan, 0, 0, 1, math.Sqrt2},
	} {
		theta, x := filled(c.theta), filled(c.x)
		require.NoError(t, j.Sample(t.Context(), theta, x, nil))
		a, b := momentsOf(theta), momentsOf(x)
		require.InDelta(t, c.thetaMean, a.mean[0], 0.25, name)
		require.InDelta(t, c.xMean, b.mean[0], 0.25, name)
		require.InDelta(t, c.thetaSD, math.Sqrt(a.cov.At(0, 0)), 0.3, name)
		require.InDelta(t, c.xSD, math.Sqrt(b.cov.At(0, 0)), 0.3, name)
	}

	// Whatever has been learned, densities are normalised.
	const points, width = 80, 0.125
	line, fixed, logs := mat.NewDense(points, 1, nil), mat.NewDense(points, 1, nil), make([]float64, points)
	for i := range points {
		line.Set(i, 0, (float64(i)-points/2)*width)
		fixed.Set(i, 0, 1)
	}
	for name, c := range map[string]struct{ theta, x, given *mat.Dense }{
		"posterior": {line, fixed, one(nan, 1)},
		"emulator":  {fixed, line, one(1, nan)},
		"evidence":  {fixed, line, one(math.Inf(1), nan)},
	} {
		_, err = j.LogProb(t.Context(), logs, c.theta, c.x, c.given, nil)
		require.NoError(t, err)
		sum := 0.0
		for _, l := range logs {
			sum += math.Exp(l) * width
		}
		require.InDelta(t, 1, sum, 0.03, name)
	}
}

// A run of a Joint can be split over calls.
func TestJointSamplesByParts(t *testing.T) {
	nan := math.NaN()
	j, err := together()
	require.NoError(t, err)
	rows := func() (theta, x *mat.Dense) {
		theta, x = mat.NewDense(6, 2, nil), mat.NewDense(6, 2, nil)
		for i := range 6 {
			theta.SetRow(i, []float64{nan, nan})
			x.SetRow(i, []float64{float64(i), nan})
		}
		return theta, x
	}
	theta, x := rows()
	require.NoError(t, j.Sample(t.Context(), theta, x, nil))
	theta2, x2 := rows()
	for first := 0; first < 6; first += 3 {
		s := &SampleSettings{}
		s.FirstRow, s.TotalRows = first, 6
		require.NoError(t, j.Sample(t.Context(), theta2.Slice(first, first+3, 0, 2).(*mat.Dense), x2.Slice(first, first+3, 0, 2).(*mat.Dense), s))
	}
	require.True(t, mat.Equal(theta, theta2))
	require.True(t, mat.Equal(x, x2))
	s := &SampleSettings{}
	s.FirstRow = math.MaxInt
	require.ErrorIs(t, j.Sample(t.Context(), theta, x, s), ErrRange)
	s.FirstRow = -1
	require.ErrorIs(t, j.Sample(t.Context(), theta, x, s), ErrRange)
}

// What is nearer to a bound than anything that was learned from is answered as the bound is.
func TestJointAtABoundIsThatNearIt(t *testing.T) {
	nan := math.NaN()
	j, err := together()
	require.NoError(t, err)
	draw := func(at float64) *mat.Dense {
		theta, x := one(at, 0), one(nan, nan)
		require.NoError(t, j.Sample(t.Context(), theta, x, nil))
		require.Equal(t, at, theta.At(0, 0))
		return x
	}
	require.True(t, mat.Equal(draw(0), draw(1e-9)))
	require.True(t, mat.Equal(draw(0), draw(1e-300)))
	require.False(t, mat.Equal(draw(0), draw(5)))
}

func TestFewPairsOfAJointAreWarnedOf(t *testing.T) {
	j, err := together()
	require.NoError(t, err)
	require.Contains(t, j.Warnings[0], "pairs of parameters and observations are learned by heart")
}
