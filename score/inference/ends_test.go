package inference

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// Parameters that are clamped next to a bound are as those that are clamped to it.
func TestWhatIsClampedNearABoundIsAtIt(t *testing.T) {
	inf := math.Inf(1)
	for _, of := range []struct{ low, high, mean, deviation float64 }{{0, inf, 1, 1}, {-inf, 0, -1, 1}, {0, 1, 0.5, 0.4}} {
		clamp := func(eps float64) (axis, []float64) {
			rng := rand.New(rand.NewPCG(1, 2))
			theta := make([]float64, 2000)
			for i := range theta {
				theta[i] = max(of.low+eps, min(of.high-eps, of.mean+of.deviation*rng.NormFloat64()))
			}
			a := axis{low: of.low, high: of.high}
			a.measure(theta)
			a.measureTails(theta)
			return a, theta
		}
		at, _ := clamp(0)
		require.Equal(t, of.low, at.ends.from)
		require.Equal(t, of.high, at.ends.to)
		for _, eps := range []float64{1e-300, 1e-12, 1e-6} {
			near, theta := clamp(eps)
			for _, v := range theta {
				u := near.toFree(v)
				clean := v
				if v == near.ends.from {
					clean = of.low
				} else if v == near.ends.to {
					clean = of.high
				}
				require.InDelta(t, at.toFree(clean), u, 1e-4, "eps %v: %v", eps, v)
				require.InDelta(t, v, near.fromFree(u), 1e-12)
			}
			require.Equal(t, max(of.low, near.ends.from), near.fromFree(-1e9))
			require.Equal(t, min(of.high, near.ends.to), near.fromFree(1e9))
			k := keptAxesOf([]axis{near})
			axes, err := k.axes(1)
			require.NoError(t, err)
			require.Equal(t, []axis{near}, axes)
		}
	}
	for name, numbers := range map[string][]float64{
		"none":         nil,
		"all the same": {1, 1, 1, 1, 1, 1, 1},
		"a grid":       {1, 1, 1, 1, 1, 1, 2, 2, 2},
		"a few":        {1, 1, 1, 2, 3, 4},
		"no ties":      {1, 2, 3, 4, 5, 6, 7},
	} {
		_, is := clamped(numbers)
		require.False(t, is, name)
	}
}
