package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAdamFollowsItsDefinition compares 20 steps with the textbook form of
// the algorithm, which keeps unscaled moments and corrects them each step.
func TestAdamFollowsItsDefinition(t *testing.T) {
	forPaths(t, testAdam)
}

func testAdam(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	const n, rate, b1, b2, eps, decay = 7, 0.03, 0.85, 0.97, 1e-6, 0.1
	theta, m, v := guarded[float64](n), guarded[float64](n), guarded[float64](n)
	copy(theta.in, random[float64](rng, n))
	clear(m.in)
	clear(v.in)
	want := append([]float64(nil), theta.in...)
	first, second := make([]float64, n), make([]float64, n)
	single, m32, v32 := make([]float32, n), make([]float32, n), make([]float32, n)
	for i, x := range theta.in {
		single[i] = float32(x)
	}
	for step := 1; step <= 20; step++ {
		c1, c2 := 1-math.Pow(b1, float64(step)), 1-math.Pow(b2, float64(step))
		grad := random[float64](rng, n)
		for i, g := range grad {
			first[i] = b1*first[i] + (1-b1)*g
			second[i] = b2*second[i] + (1-b2)*g*g
			want[i] -= rate * decay * want[i]
			want[i] -= rate * (first[i] / c1) / (math.Sqrt(second[i]/c2) + eps)
		}
		s := AdamStep{Rate: rate, Beta1: b1, Beta2: b2, Eps: eps, Decay: decay, Correct1: c1, Correct2: c2}
		Adam(theta.in, m.in, v.in, grad, s)
		grad32 := make([]float32, n)
		for i, g := range grad {
			grad32[i] = float32(g)
		}
		Adam(single, m32, v32, grad32, s)
	}
	for i := range want {
		require.InDelta(t, want[i], theta.in[i], 1e-14)
		require.InDelta(t, first[i], m.in[i], 1e-14)
		require.InDelta(t, second[i], v.in[i], 1e-14)
		require.InDelta(t, want[i], float64(single[i]), 3e-6)
	}
	for _, a := range []area[float64]{theta, m, v} {
		a.requireBits(t, append([]float64(nil), a.in...)) // for the guards
	}
}

func TestAdamsFirstStepIsTheLearningRate(t *testing.T) {
	theta := []float32{1, 1, 1}
	m, v := make([]float32, 3), make([]float32, 3)
	Adam(theta, m, v, []float32{1e-3, -50, 0}, AdamStep{
		Rate: 0.25, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, Correct1: 1 - 0.9, Correct2: 1 - 0.999,
	})
	require.InDeltaSlice(t, []float32{0.75, 1.25, 1}, theta, 1e-4)
}

func TestAveragesStayBetween(t *testing.T) {
	shadow := []float32{0, 1, -2}
	EMA(shadow, []float32{1, 1, 2}, 0.75)
	require.Equal(t, []float32{0.25, 1, -1}, shadow)
	EMA(shadow, []float32{5, 6, 7}, 0)
	require.Equal(t, []float32{5, 6, 7}, shadow)
}

func testFusedAverage[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(23, 24))
	s := AdamStep{Rate: 0.1, Beta1: 0.9, Beta2: 0.99, Eps: 1e-6, Decay: 0.1, Correct1: 0.2, Correct2: 0.03}
	for _, n := range append(sizes, 100, 9001) {
		start := [][]T{random[T](rng, n), random[T](rng, n), random[T](rng, n), random[T](rng, n)}
		for i, v := range start[2] {
			start[2][i] = v * v
		}
		grad := random[T](rng, n)
		clone := func() (c [4]area[T]) {
			for i, x := range start {
				c[i] = guarded[T](n)
				copy(c[i].in, x)
			}
			return c
		}
		one, two, slow := clone(), clone(), clone()
		AdamEMA(one[0].in, one[1].in, one[2].in, grad, one[3].in, s, 0.99)
		Adam(two[0].in, two[1].in, two[2].in, grad, s)
		EMA(two[3].in, two[0].in, 0.99)
		t.Run("portable", func(t *testing.T) {
			take(t, portable)
			Adam(slow[0].in, slow[1].in, slow[2].in, grad, s)
			EMA(slow[3].in, slow[0].in, 0.99)
		})
		for i := range one {
			one[i].requireBits(t, slow[i].in)
			two[i].requireBits(t, slow[i].in)
		}
	}
}

func TestAdamAndTheAverageMayBeOnePass(t *testing.T) {
	forPaths(t, testFusedAverage[float32])
	forPaths(t, testFusedAverage[float64])
}

func TestKernelsDoNotAllocate(t *testing.T) {
	const r, k, n = 9, 7, 6
	x, w, g := make([]float32, r*k), make([]float32, k*n), make([]float32, r*n)
	forPaths(t, func(t *testing.T) {
		require.Zero(t, testing.AllocsPerRun(10, func() {
			MatMul(g, x, w, w, 1, r, k, n)
			MatMulT(x, g, w, r, k, n)
			MatTMul(w, x, g, r, k, n)
			Binary(OpMul, g, g, w, r, n, Full, Row)
			SumRows(w, g, r, n)
			SumCols(x, g, r, n)
			for op := Square; op <= ELU2; op++ {
				Unary(op, g, g, 1)
				MulUnary(op, x, x, x, 1)
			}
			Fill(g, 2)
			SumSquares(g)
			AdamEMA(w, w, w, w, w, AdamStep{Correct1: 1, Correct2: 1}, 0)
			Adam(w, w, w, w, AdamStep{Correct1: 1, Correct2: 1})
		}))
	})
}

// A gradient too large for its square to be a number is one of the largest that
// is not, on every path.
func testBoundedGradients[T Float](t *testing.T, huge, limit T) {
	s := AdamStep{Rate: 0.1, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, Correct1: 0.1, Correct2: 0.01}
	grad := []T{huge, -huge, limit, -limit, T(math.Inf(1)), 1, -2, 0, T(math.NaN())}
	bounded := []T{limit, -limit, limit, -limit, limit, 1, -2, 0, T(math.NaN())}
	theta, m, v := make([]T, 9), make([]T, 9), make([]T, 9)
	want, wantM, wantV := make([]T, 9), make([]T, 9), make([]T, 9)
	Adam(theta, m, v, grad, s)
	t.Run("portable", func(t *testing.T) {
		take(t, portable)
		Adam(want, wantM, wantV, bounded, s)
	})
	for i := range 8 {
		require.Equal(t, want[i], theta[i])
		require.Equal(t, wantM[i], m[i])
		require.Equal(t, wantV[i], v[i])
		require.LessOrEqual(t, math.Abs(float64(theta[i])), 0.101)
		require.False(t, math.IsInf(float64(v[i]), 0))
	}
	require.True(t, theta[8] != theta[8] && v[8] != v[8], "NaN remains")
}

func TestHugeGradientsCountAsTheLargestWithASquare(t *testing.T) {
	forPaths(t, func(t *testing.T) { testBoundedGradients[float32](t, 3e20, 0x1p63) })
	forPaths(t, func(t *testing.T) { testBoundedGradients[float64](t, 1e200, 0x1p511) })
}
