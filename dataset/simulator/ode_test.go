package simulator

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// δX − γ log X + βY − α log Y does not change along a solution, and θ is from the prior.
func TestLotkaVolterraKeepsItsInvariant(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	theta := make([]float64, 4)
	for range 200 {
		lotkaPrior.Sample(theta, rng)
		invariant := func(x, y float64) float64 {
			return theta[3]*x - theta[2]*math.Log(x) + theta[1]*y - theta[0]*math.Log(y)
		}
		s := bilinear{a: theta[0], b: -theta[2], c: -theta[1], d: theta[3]}
		require.NoError(t, s.solve(30, 1, lotkaEvery, lotkaTimes, func(_ int, x, y float64) {
			want := invariant(30, 1)
			require.InDelta(t, want, invariant(x, y), 1e-7*(1+math.Abs(want)))
		}))
	}
}

// By the classical method of order 4 with steps of a thousandth of the interval.
func TestSolutionsAreThoseOfSmallSteps(t *testing.T) {
	for _, c := range []struct {
		bilinear
		u, v, every float64
	}{
		{bilinear{a: 0.9, b: -0.9, c: -0.05, d: 0.05}, 30, 1, lotkaEvery},
		{bilinear{b: -0.125, c: -0.4, d: 0.4}, 1 - 1e-6, 1e-6, sirEvery},
	} {
		u, v := c.u, c.v
		slope := func(u, v float64) (float64, float64) { return c.a*u + c.c*u*v, c.b*v + c.d*u*v }
		last := 0
		require.NoError(t, c.solve(u, v, c.every, 10, func(k int, gotU, gotV float64) {
			for range 1000 * (k - last) {
				h := c.every / 1000
				a1, b1 := slope(u, v)
				a2, b2 := slope(u+h/2*a1, v+h/2*b1)
				a3, b3 := slope(u+h/2*a2, v+h/2*b2)
				a4, b4 := slope(u+h*a3, v+h*b3)
				u += h / 6 * (a1 + 2*a2 + 2*a3 + a4)
				v += h / 6 * (b1 + 2*b2 + 2*b3 + b4)
			}
			last = k
			require.InEpsilon(t, u, gotU, 1e-7)
			require.InEpsilon(t, v, gotV, 1e-7)
		}))
		require.Equal(t, 9, last)
	}
}

func TestExplodingDynamicsAreAnError(t *testing.T) {
	for _, theta := range [][]float64{{1e9, 1, 1e9, 1}, {1, 1, 1, 1e300}} {
		x := make([]float64, 20)
		require.ErrorIs(t, LotkaVolterra{}.Simulate(x, theta, rand.New(rand.NewPCG(1, 2))), ErrLimit)
		require.Equal(t, math.Inf(-1), LotkaVolterra{}.LogLikelihood(x, theta))
		for i := range x {
			x[i] = 1
		}
		require.Equal(t, math.Inf(-1), LotkaVolterra{}.LogLikelihood(x, theta))
	}
	err := LotkaVolterra{}.Simulate(make([]float64, 20), []float64{1, 0, 1, 1}, rand.New(rand.NewPCG(1, 2)))
	require.ErrorIs(t, err, ErrRange)
	require.ErrorContains(t, err, "theta[1]: is 0, want > 0")
}
