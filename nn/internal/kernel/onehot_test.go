package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func testProductsWithLabels[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(41, 2))
	numbers := func(n int) []T {
		v := make([]T, n)
		for i := range v {
			v[i] = T(rng.NormFloat64())
		}
		return v
	}
	for _, s := range []struct{ r, k, n, first int }{{1, 1, 1, 0}, {5, 3, 7, 0}, {64, 40, 116, 0}, {33, 300, 64, 2}, {9, 20000, 3, 20000}} {
		labels, x := make([]T, s.r), make([]T, s.r*s.k)
		for i := range labels {
			class := rng.IntN(min(s.k, 8)+1) - 1
			if labels[i] = T(s.first + class); class >= 0 {
				x[i*s.k+class] = 1
			}
		}
		got := numbers(s.r * s.k)
		OneHot(got, labels, s.r, s.k, s.first)
		require.Equal(t, x, got)

		w := numbers(s.k * s.n)
		w[0] = T(math.Copysign(0, -1))
		for _, initRows := range []int{0, 1, s.r} {
			var init []T
			if initRows > 0 {
				init = numbers(initRows * s.n)
			}
			want, got := make([]T, s.r*s.n), numbers(s.r*s.n)
			MatMul(want, x, w, init, initRows, s.r, s.k, s.n)
			MatMulOneHot(got, labels, w, init, initRows, s.r, s.k, s.n, s.first)
			require.Equal(t, bitsOf(want), bitsOf(got), "%v, %d rows to begin with", s, initRows)
		}
		g := numbers(s.r * s.n)
		g[0] = T(math.Copysign(0, -1))
		for _, part := range [][2]int{{0, s.k}, {s.k / 3, s.k}, {0, 1}} {
			for _, set := range []bool{false, true} {
				want := numbers(s.k * s.n)
				got := append([]T(nil), want...)
				MatTMulRows(want, x, g, s.r, s.k, s.n, part[0], part[1], set, make([]T, MatTMulSpace[T](s.k, s.n)))
				MatTMulOneHotRows(got, labels, g, s.r, s.n, s.first, part[0], part[1], set)
				require.Equal(t, bitsOf(want), bitsOf(got), "%v, rows %v", s, part)
			}
		}
	}
}

func bitsOf[T Float](v []T) []uint64 {
	b := make([]uint64, len(v))
	for i, x := range v {
		b[i] = math.Float64bits(float64(x))
	}
	return b
}

func TestProductsWithLabelsHaveTheBitsOfTheMatrix(t *testing.T) {
	forPaths(t, func(t *testing.T) {
		testProductsWithLabels[float32](t)
		testProductsWithLabels[float64](t)
	})
}
