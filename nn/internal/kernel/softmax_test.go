package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// testSoftmax compares rows whose numbers lie ever farther apart with the definition.
func testSoftmax[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(57, 58))
	least, tolerance := 0x1p-126, 2e-6
	if size[T]() == 8 {
		least, tolerance = 0x1p-1022, 1e-14
	}
	for _, r := range sizes {
		for _, n := range sizes[1:] {
			for _, scale := range []T{1, 30, 1000} {
				x := random[T](rng, r*n)
				for i := range x {
					x[i] *= scale
				}
				dst := guarded[T](r * n)
				Softmax(dst.in, x, r, n)
				for i := range r {
					row, y := x[i*n:][:n], dst.in[i*n:][:n]
					most, sum, total := row[0], 0.0, 0.0
					for _, v := range row {
						most = max(most, v)
					}
					for _, v := range row {
						sum += math.Exp(float64(v - most))
					}
					for j, v := range row {
						got, want := float64(y[j]), math.Exp(float64(v-most))/sum
						if d := v - most; d < -44 {
							want = 0
						}
						require.InDelta(t, want, got, tolerance*want)
						require.False(t, got != 0 && got < least, "a denormal number")
						total += got
					}
					require.InDelta(t, 1, total, tolerance*4)
				}
				dst.requireGuards(t)
				Softmax(x, x, r, n)
				dst.requireBits(t, x)
			}
		}
	}
}

func TestSoftmaxIsItsDefinitionWithoutDenormalNumbers(t *testing.T) {
	forPaths(t, testSoftmax[float32])
	testSoftmax[float64](t)
}

func testSoftmaxOfOddRows[T Float](t *testing.T) {
	inf, nan := T(math.Inf(1)), T(math.NaN())
	for _, n := range []int{3, 16, 21} {
		row := func(at int, v ...T) []T {
			x := make([]T, n)
			copy(x[at:], v)
			return x
		}
		for _, x := range [][]T{row(0, nan), row(n-1, nan), row(1, inf), row(0, -inf, nan)} {
			Softmax(x, x, 1, n)
			for _, y := range x {
				require.True(t, y != y, "%v", x)
			}
		}
		x := row(n-2, -inf)
		Softmax(x, x, 1, n)
		for j, y := range x {
			want := 1 / T(n-1)
			if j == n-2 {
				want = 0
			}
			require.InDelta(t, want, y, 1e-7)
		}
	}
}

// Minus infinity masks; other numbers that are not finite leave nothing of a row.
func TestSoftmaxOfRowsThatAreNotFinite(t *testing.T) {
	forPaths(t, testSoftmaxOfOddRows[float32])
	testSoftmaxOfOddRows[float64](t)
}

func TestSoftmaxHasTheSameBitsOnAllAssemblyPaths(t *testing.T) {
	rng := rand.New(rand.NewPCG(59, 60))
	x := random[float32](rng, 7*137)
	var want []float32
	forAssembly(t, func(t *testing.T) {
		got := make([]float32, len(x))
		Softmax(got, x, 7, 137)
		if want == nil {
			want = got
		}
		require.Equal(t, want, got)
	})
}

func testSoftmaxSlope[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(67, 68))
	tolerance := 1e-5
	if size[T]() == 8 {
		tolerance = 1e-14
	}
	for _, r := range sizes {
		for _, n := range sizes[1:] {
			g, y := random[T](rng, r*n), random[T](rng, r*n)
			dst := guarded[T](r * n)
			SoftmaxSlope(dst.in, g, y, r, n)
			for i := range r {
				sum := 0.0
				for j := range n {
					sum += float64(g[i*n+j]) * float64(y[i*n+j])
				}
				for j := range n {
					require.InDelta(t, float64(y[i*n+j])*(float64(g[i*n+j])-sum), dst.in[i*n+j], tolerance*(1+math.Abs(sum)))
				}
			}
			dst.requireGuards(t)
			on := func(p path) []T {
				take(t, p)
				to := append([]T(nil), g...)
				SoftmaxSlope(to, to, y, r, n)
				return to
			}
			for _, p := range paths() {
				dst.requireBits(t, on(p))
			}
		}
	}
}

// It is arithmetic, and has the same bits on all paths.
func TestSoftmaxSlopeIsTheDerivative(t *testing.T) {
	testSoftmaxSlope[float32](t)
	testSoftmaxSlope[float64](t)
}
