package inference

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sampler"
)

// Measurements with a meter that tells how good it is: one may be fifty times better than another.
func TestNarrowPosteriorsAreLearnedAsWellAsWideOnes(t *testing.T) {
	long(t)
	theta, x := metered(3000, -4, 1, 0)
	s := quick()
	post, err := Fit(t.Context(), Normal{[]float64{0}, []float64{1}}, theta, x, s)
	require.NoError(t, err)
	exact := func(x ...float64) (mean, deviation float64) { // of measurements and log δ by turns
		precision := 1.0
		for i := 0; i < len(x); i += 2 {
			p := math.Exp(-2 * x[i+1])
			precision += p
			mean += p * x[i]
		}
		return mean / precision, 1 / math.Sqrt(precision)
	}
	check := func(v *View, x ...float64) {
		mean, deviation := exact(x...)
		draws := mat.NewDense(500, 1, nil)
		require.NoError(t, v.Sample(t.Context(), draws, nil))
		m := momentsOf(draws)
		require.InDelta(t, mean, m.mean[0], 0.25*deviation, x)
		require.InDelta(t, 1, math.Sqrt(m.cov.At(0, 0))/deviation, 0.15, x)

		at, log := one(mean), []float64{0}
		_, err := v.LogProb(t.Context(), log, at, nil)
		require.NoError(t, err)
		require.InDelta(t, -math.Log(deviation)-math.Log(2*math.Pi)/2, log[0], 0.25, x)
		top, _, err := v.MAP(t.Context(), &MAPSettings{Draws: 64, Climbs: 2})
		require.NoError(t, err)
		require.InDelta(t, mean, top[0], 0.4*deviation, x)

		w, err := v.Weigh(t.Context(), draws, func(theta []float64) float64 {
			sum := 0.0
			for i := 0; i < len(x); i += 2 {
				z := (x[i] - theta[0]) * math.Exp(-x[i+1])
				sum -= z*z/2 + x[i+1]
			}
			return sum
		}, &sampler.FlowSettings{})
		require.NoError(t, err)
		require.Greater(t, w.Effective, 350.0, x)
	}
	for _, x := range [][]float64{{0.7, -0.1}, {0.7, -2}, {-0.3, -3.8}} {
		v, err := post.Given(one(x...))
		require.NoError(t, err)
		check(v, x...)
	}
	all := []float64{0.7, -0.5, 0.72, -3, 0.69, -3.8}
	v, err := post.GivenAll(t.Context(), mat.NewDense(3, 2, all), nil)
	require.NoError(t, err)
	check(v, all...)

	path := filepath.Join(t.TempDir(), "narrow")
	require.NoError(t, post.SaveFile(path))
	again, err := OpenWith(path, post.Prior, s)
	require.NoError(t, err)
	want, got := mat.NewDense(5, 1, nil), mat.NewDense(5, 1, nil)
	v, err = post.Given(one(0.7, -2))
	require.NoError(t, err)
	require.NoError(t, v.Sample(t.Context(), want, nil))
	v, err = again.Given(one(0.7, -2))
	require.NoError(t, err)
	require.NoError(t, v.Sample(t.Context(), got, nil))
	require.Equal(t, want, got)
}
