package inference

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// metered returns n pairs of θ ~ N(0, 1) and x = (θ + δ N(0, 1), log δ), log δ ~ U(low, 0) in
// units of its own: the posterior is normal, of deviation δ/√(1 + δ²).
func metered(n int, low, unit, offset float64) (theta, x *mat.Dense) {
	rng := rand.New(rand.NewPCG(5, 5))
	theta, x = mat.NewDense(n, 1, nil), mat.NewDense(n, 2, nil)
	for i := range n {
		v, l := rng.NormFloat64(), low*rng.Float64()
		theta.Set(i, 0, offset+unit*v)
		x.SetRow(i, []float64{offset + unit*(v+math.Exp(l)*rng.NormFloat64()), l})
	}
	return theta, x
}

// Checks score/inference (2) and (4).
func TestCoordinatesOfNarrowPosteriorsAreNarrow(t *testing.T) {
	low, high := unbounded(1)
	for _, unit := range []float64{1e-3, 1, 1e3} {
		theta, x := metered(5000, -7, unit, 1e3*unit)
		c, y, err := newCoordinates(low, high, theta, x, &sets{columns: 2}, false)
		require.NoError(t, err)
		require.NotNil(t, c.trends[0].slopes)
		for _, l := range []float64{-6.5, -4, -2, -0.1} {
			at := c.place(mat.NewDense(1, 2, []float64{1e3*unit + 0.5*unit, l}))
			delta := math.Exp(l)
			gain := 1 / (1 + delta*delta)
			for _, z := range []float64{-2, 0, 2} {
				exact := mat.NewDense(1, 1, []float64{1e3*unit + unit*(gain*0.5+z*delta*math.Sqrt(gain))})
				w := mat.NewDense(1, 1, nil)
				require.NoError(t, c.wide(w, exact))
				at.fromWide(w)
				require.InDelta(t, z, w.At(0, 0), 0.15, "log δ = %v", l)
			}
		}
		require.InDelta(t, 0, stat.ExKurtosis(y.RawMatrix().Data, nil), 0.3, "of all that is learned")
	}
}

func TestDeviationsThatAreAboutTheSameAreLeftAlone(t *testing.T) {
	low, high := unbounded(1)
	for _, n := range []int{300, 5000} {
		for _, l := range []float64{0, -0.5} {
			theta, x := metered(n, l, 1, 0)
			c, _, err := newCoordinates(low, high, theta, x, &sets{columns: 2}, false)
			require.NoError(t, err)
			require.Nil(t, c.trends[0].slopes, n)
		}
	}
}

// Two parameters between bounds whose posteriors are narrow are uniform on lines of x.
func TestNarrowPosteriorsAtBoundsStayWithinThem(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	const n = 4000
	theta, x := mat.NewDense(n, 1, nil), mat.NewDense(n, 2, nil)
	for i := range n {
		v, l := 6*rng.Float64()-3, -7*rng.Float64()
		theta.Set(i, 0, v)
		x.SetRow(i, []float64{v + math.Exp(l)*rng.NormFloat64(), l})
	}
	c, y, err := newCoordinates([]float64{-3}, []float64{3}, theta, x, &sets{columns: 2}, false)
	require.NoError(t, err)
	require.True(t, c.trends[0].inside)
	require.False(t, c.axes[0].straight)
	require.Less(t, mat.Max(y), 12.0)
	require.Greater(t, mat.Min(y), -12.0)
	for _, at := range []float64{-3.5, -3, -2.999, 0, 2.99, 3, 4} {
		p := c.place(mat.NewDense(1, 2, []float64{at, -6}))
		for _, z := range []float64{-3, 0, 3} {
			w := mat.NewDense(1, 1, []float64{z})
			p.toWide(w)
			got := mat.NewDense(1, 1, nil)
			c.fromWide(got, w)
			require.InDelta(t, max(-3, min(3, at)), got.At(0, 0), 0.15, "x = %v", at)
			back := mat.NewDense(1, 1, nil)
			require.NoError(t, c.wide(back, got))
			p.fromWide(back)
			if math.Abs(at) < 2.9 {
				require.InDelta(t, z, back.At(0, 0), 1e-6)
			}
		}
	}
}

// Parameters that are constant, counts, given away by x, or unrelated to it, next to one that x
// tells of now better, now worse.
func TestOddParametersHaveFiniteCoordinates(t *testing.T) {
	for _, n := range []int{5, 50, 250, 3000} {
		one, x := metered(n, -7, 1, 0)
		theta := mat.NewDense(n, 5, nil)
		for i := range n {
			v := one.At(i, 0)
			theta.SetRow(i, []float64{v, 7, math.Round(v), x.At(i, 0), math.Sin(1e3 * v)})
		}
		low, high := unbounded(5)
		c, y, err := newCoordinates(low, high, theta, x, &sets{columns: 2}, false)
		require.NoError(t, err)
		_, _, bad := firstNonFinite(y)
		require.False(t, bad, n)
		p := c.place(mat.NewDense(2, 2, []float64{1e9, -1e9, 0, -3}))
		w, back := mat.DenseCopyOf(theta.Slice(0, 2, 0, 5)), mat.NewDense(2, 5, nil)
		require.NoError(t, c.wide(w, w))
		p.fromWide(w)
		p.toWide(w)
		c.fromWide(back, w)
		back.Sub(back, theta.Slice(0, 2, 0, 5))
		require.Less(t, mat.Norm(back, 2), 1e-3, n)
	}
}

// Of few parameters a straight axis is taken where x tells of them at all, of many only where
// it tells most.
func TestAxesOfFewParametersAreStraightSooner(t *testing.T) {
	for d, want := range map[int]bool{2: true, 4: false} {
		rng := rand.New(rand.NewPCG(7, 1))
		theta, x := mat.NewDense(2000, d, nil), mat.NewDense(2000, d, nil)
		theta.Apply(func(_, _ int, _ float64) float64 { return rng.Float64() }, theta)
		x.Apply(func(i, j int, _ float64) float64 { return theta.At(i, j) + 0.2*rng.NormFloat64() }, x)
		c, _, err := newCoordinates(make([]float64, d), slices.Repeat([]float64{1}, d), theta, x, &sets{columns: d}, false)
		require.NoError(t, err)
		for _, a := range c.axes {
			require.Equal(t, want, a.straight, "%d parameters", d)
		}
	}
}
