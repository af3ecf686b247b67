package inference

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

// Checks score/inference (1).
func TestAxesAreInverted(t *testing.T) {
	inf := math.Inf(1)
	rapid.Check(t, func(t *rapid.T) {
		low := rapid.Float64Range(-1e3, 1e3).Draw(t, "low")
		a := rapid.SampledFrom([]axis{{low: -inf, high: inf}, {low: low, high: inf}, {low: -inf, high: low}, {low: low, high: low + 2}, {low: low, high: low + 2, straight: true}}).Draw(t, "axis")
		u := rapid.Float64Range(-5, 5).Draw(t, "u")
		h, unit := 1e-5, 1.0
		if a.straight {
			u, h, unit = 0.5+u/10, 1e-3*bend, bend // at its ends it changes over bend
		}
		theta := a.fromFree(u)
		require.True(t, a.holds(theta))
		require.InDelta(t, u, a.toFree(theta), 1e-5*(1+math.Abs(low)))

		log, derivative := a.logSlope(u)
		up, _ := a.logSlope(u + h)
		down, _ := a.logSlope(u - h)
		require.InDelta(t, unit*(up-down)/(2*h), unit*derivative, 1e-6)
		if math.Abs(low) < 10 && math.Abs(u) < 3 {
			require.InDelta(t, math.Log(2*h/(a.fromFree(u+h)-a.fromFree(u-h))), log, 1e-4)
		}
	})
}

func TestBoundsThemselvesHaveCoordinates(t *testing.T) {
	for _, a := range []axis{{low: 0, high: 1}, {low: 1e6, high: 1e6 + 1e-3}, {low: 0, high: math.Inf(1)}, {low: math.Inf(-1), high: 0}, {low: -3, high: 3, straight: true}} {
		for _, theta := range []float64{a.low, a.high} {
			if !math.IsInf(theta, 0) {
				u := a.toFree(theta)
				require.True(t, finite(u))
				require.InDelta(t, theta, a.fromFree(u), 1e-12*math.Abs(theta)+1e-9)
			}
		}
	}
}

// pairsOf returns pairs of odd scales: parameters of deviations 1e-3 and 1e3, one at an
// offset of 1e6, observations that tell of the first.
func pairsOf(n int) (theta, x *mat.Dense) {
	rng := rand.New(rand.NewPCG(7, 7))
	theta, x = mat.NewDense(n, 3, nil), mat.NewDense(n, 2, nil)
	for i := range n {
		a, b, c := rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()
		theta.SetRow(i, []float64{1e-3 * a, 1e3 * (a + 0.5*b), 1e6 + c})
		x.SetRow(i, []float64{1e6 + a + 0.3*rng.NormFloat64(), 1e-3 * rng.NormFloat64()})
	}
	return theta, x
}

// Checks score/inference (2) and (3).
func TestCoordinatesAreInvertedAndWhite(t *testing.T) {
	theta, x := pairsOf(2000)
	low, high := unbounded(3)
	c, _, err := newCoordinates(low, high, theta, x, &sets{}, false)
	require.NoError(t, err)
	w, back := mat.NewDense(2000, 3, nil), mat.NewDense(2000, 3, nil)
	require.NoError(t, c.wide(w, theta))
	c.fromWide(back, w)
	for j, scale := range []float64{1e-3, 1e3, 1} {
		for i := range 2000 {
			require.InDelta(t, theta.At(i, j), back.At(i, j), 1e-6*scale)
		}
	}
	c.place(x).fromWide(w)
	m := momentsOf(w)
	for i := range 3 {
		require.InDelta(t, 0, m.mean[i], 1e-6)
		for j := range 3 {
			want := 0.0
			if i == j {
				want = 1
			}
			require.InDelta(t, want, m.cov.At(i, j), 5e-3)
		}
	}
	// What x explains of the first is 1/1.09 of its variance; the density says so.
	require.InDelta(t, 3*math.Log(1/1.0)-math.Log(1e-3)-math.Log(1e3), c.logSlope(theta.RawRowView(0)), 3)
}

// Checks score/inference (5).
func TestLogSlopeIsTheLogDeterminant(t *testing.T) {
	theta, x := pairsOf(500)
	for i := range 500 {
		theta.Set(i, 0, math.Exp(theta.At(i, 0)))
		theta.Set(i, 1, 2+math.Tanh(theta.At(i, 1)/1e3))
	}
	c, _, err := newCoordinates([]float64{0, 1, math.Inf(-1)}, []float64{math.Inf(1), 3, math.Inf(1)}, theta, x, &sets{}, false)
	require.NoError(t, err)
	at := theta.RawRowView(3)
	jacobian := mat.NewDense(3, 3, nil)
	for j := range 3 {
		h := []float64{1e-6, 1e-6, 1e-3}[j]
		up, down := mat.NewDense(1, 3, nil), mat.NewDense(1, 3, nil)
		step := mat.NewDense(1, 3, append([]float64(nil), at...))
		step.Set(0, j, at[j]+h)
		require.NoError(t, c.wide(up, step))
		step.Set(0, j, at[j]-h)
		require.NoError(t, c.wide(down, step))
		for i := range 3 {
			jacobian.Set(i, j, (up.At(0, i)-down.At(0, i))/(2*h))
		}
	}
	want, _ := mat.LogDet(jacobian)
	require.InDelta(t, want, c.logSlope(at), 1e-5)
	require.True(t, math.IsInf(c.logSlope([]float64{1, 4, 1e6}), -1))
}

func TestOddTablesHaveCoordinates(t *testing.T) {
	low, high := unbounded(2)
	for name, of := range map[string]struct{ theta, x *mat.Dense }{
		"constant parameter":        {mat.NewDense(5, 2, []float64{1, 7, 2, 7, 3, 7, 4, 7, 5, 7}), mat.NewDense(5, 1, []float64{1, 2, 3, 4, 5})},
		"constant observation":      {mat.NewDense(3, 2, []float64{1, 7, 2, 3, 3, 5}), mat.NewDense(3, 1, []float64{2, 2, 2})},
		"parameter given away":      {mat.NewDense(30, 2, nil), mat.NewDense(30, 2, nil)},
		"repeated parameter":        {mat.NewDense(30, 2, nil), mat.NewDense(30, 2, nil)},
		"observation at 1e6 ± 1e-6": {mat.NewDense(30, 2, nil), mat.NewDense(30, 2, nil)},
	} {
		n, _ := of.theta.Dims()
		if n == 30 {
			for i := range n {
				v := math.Sin(float64(i))
				of.theta.SetRow(i, []float64{v, math.Cos(float64(i))})
				of.x.SetRow(i, []float64{v, v})
				switch name {
				case "repeated parameter":
					of.theta.Set(i, 1, v)
				case "observation at 1e6 ± 1e-6":
					of.x.SetRow(i, []float64{1e6 + 1e-6*v, 0})
				}
			}
		}
		c, _, err := newCoordinates(low, high, of.theta, of.x, &sets{}, false)
		require.NoError(t, err, name)
		w, back := mat.NewDense(n, 2, nil), mat.NewDense(n, 2, nil)
		require.NoError(t, c.wide(w, of.theta), name)
		c.fromWide(back, w)
		require.InDeltaSlice(t, of.theta.RawMatrix().Data, back.RawMatrix().Data, 1e-6, name)
		_, _, bad := firstNonFinite(c.place(of.x).shift)
		require.False(t, bad, name)
	}
}

// Between bounds far apart the regression on x = θ + noise leaves the noise alone.
func TestStraightAxesLeaveTheNoiseOfALinearObservation(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	theta, x := mat.NewDense(3000, 2, nil), mat.NewDense(3000, 2, nil)
	for i := range 3000 {
		a, b := 20*rng.Float64()-10, rng.Float64()
		theta.SetRow(i, []float64{a, b})
		x.SetRow(i, []float64{a + 0.5*rng.NormFloat64(), rng.NormFloat64()})
	}
	c, _, err := newCoordinates([]float64{-10, 0}, []float64{10, 1}, theta, x, &sets{}, false)
	require.NoError(t, err)
	require.True(t, c.axes[0].straight)
	require.False(t, c.axes[1].straight)
	w := mat.NewDense(3000, 2, nil)
	require.NoError(t, c.wide(w, theta))
	c.place(x).fromWide(w)
	require.Less(t, mat.Max(w), 6.0, "of deviation 1")
}

// As many observations as there are rows to find the weights with, or nearly: what is left
// of new pairs has the deviation that the coordinates say, which is that of the exact
// posterior, for x = θ_1 sin(i/10) + θ_2 + N(0, 1) with θ ~ N(0, I).
func TestRegressionsOnManyColumnsAreNotTooSure(t *testing.T) {
	long(t)
	for _, c := range []struct {
		k, n   int
		within float64
	}{{50, 1000, 0.03}, {200, 1000, 0.06}, {10, 2000, 0.03}} {
		rng := rand.New(rand.NewPCG(3, 3))
		pairs := func(n int) (theta, x *mat.Dense) {
			theta, x = mat.NewDense(n, 2, nil), mat.NewDense(n, c.k, nil)
			for i := range n {
				a, b := rng.NormFloat64(), rng.NormFloat64()
				theta.SetRow(i, []float64{a, b})
				for j := range c.k {
					x.Set(i, j, a*math.Sin(0.1*float64(j))+b+rng.NormFloat64())
				}
			}
			return theta, x
		}
		theta, x := pairs(c.n)
		low, high := unbounded(2)
		at, y, err := newCoordinates(low, high, theta, x, &sets{}, false)
		require.NoError(t, err)
		require.InDelta(t, 1, momentsOf(y).cov.At(0, 0), 1e-9)

		precision := mat.NewSymDense(2, []float64{1, 0, 0, 1})
		for j := range c.k {
			precision.SymRankOne(precision, 1, mat.NewVecDense(2, []float64{math.Sin(0.1 * float64(j)), 1}))
		}
		var chol mat.Cholesky
		require.True(t, chol.Factorize(precision))
		var exact mat.SymDense
		require.NoError(t, chol.InverseTo(&exact))
		var cov mat.Dense
		cov.Mul(at.root, at.root.T())
		theta, x = pairs(4000)
		w := mat.NewDense(4000, 2, nil)
		require.NoError(t, at.wide(w, theta))
		at.place(x).fromWide(w)
		for j := range 2 {
			require.InDelta(t, 1, math.Sqrt(cov.At(j, j)/exact.At(j, j)), c.within+3/math.Sqrt(2*float64(c.n)), "k = %d, n = %d", c.k, c.n)
			require.InDelta(t, 1, math.Sqrt(momentsOf(w).cov.At(j, j)), c.within+3/math.Sqrt(8000.), "k = %d, n = %d", c.k, c.n)
		}
	}
}

// Of few pairs nine tenths of parameters lie where nine tenths of the draws do.
func TestFewPairsSayHowLittleTheyKnow(t *testing.T) {
	long(t)
	rng := rand.New(rand.NewPCG(7, 8))
	inf := math.Inf(1)
	for _, n := range []int{2, 3, 5, 20} {
		within, all := 0, 4000
		for range all {
			theta := mat.NewDense(n, 1, nil)
			for i := range n {
				theta.Set(i, 0, rng.NormFloat64())
			}
			c, _, err := newCoordinates([]float64{-inf}, []float64{inf}, theta, mat.NewDense(n, 1, nil), &sets{columns: 1}, false)
			require.NoError(t, err)
			if math.Abs(rng.NormFloat64()-c.center[0]) < 1.6449*c.root.At(0, 0) {
				within++
			}
		}
		require.InDelta(t, 0.91, float64(within)/float64(all), 0.05, "n = %d", n)
	}
}
