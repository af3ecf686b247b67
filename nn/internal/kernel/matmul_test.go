package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// accumulate is one accumulation as the package comment defines it.
func accumulate[T Float](s, x, y T) T {
	if unsafe.Sizeof(s) == 8 {
		return T(math.FMA(float64(x), float64(y), float64(s)))
	}
	p := float32(x) * float32(y)
	return T(float32(float64(p) + float64(s)))
}

// product returns init + Σ_l a(i,l) b(l,j), one l after the other.
func product[T Float](init []T, m, k, n int, a, b func(i, j int) T) []T {
	out := append([]T(nil), init...)
	for i := range m {
		for j := range n {
			for l := range k {
				out[i*n+j] = accumulate(out[i*n+j], a(i, l), b(l, j))
			}
		}
	}
	return out
}

func forShapes(f func(r, k, n int)) {
	for _, r := range sizes {
		for _, k := range sizes {
			for _, n := range sizes {
				f(r, k, n)
			}
		}
	}
	f(64, 58, 61)
}

func testProducts[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	forShapes(func(r, k, n int) {
		x, w, g := random[T](rng, r*k), random[T](rng, k*n), random[T](rng, r*n)
		xAt := func(i, l int) T { return x[i*k+l] }
		wAt := func(l, j int) T { return w[l*n+j] }

		dst := guarded[T](r * n)
		MatMul(dst.in, x, w, nil, 0, r, k, n)
		dst.requireBits(t, product(make([]T, r*n), r, k, n, xAt, wAt))

		bias := random[T](rng, n)
		var spread []T
		for range r {
			spread = append(spread, bias...)
		}
		MatMul(dst.in, x, w, bias, 1, r, k, n)
		dst.requireBits(t, product(spread, r, k, n, xAt, wAt))

		full := random[T](rng, r*n)
		want := product(full, r, k, n, xAt, wAt)
		MatMul(dst.in, x, w, full, r, r, k, n)
		dst.requireBits(t, want)
		copy(dst.in, full)
		MatMul(dst.in, x, w, dst.in, r, r, k, n)
		dst.requireBits(t, want)

		dst = guarded[T](r * k)
		MatMulT(dst.in, g, w, r, k, n)
		dst.requireBits(t, product(make([]T, r*k), r, n, k,
			func(i, j int) T { return g[i*n+j] }, func(j, l int) T { return w[l*n+j] }))

		dst = guarded[T](k * n)
		sum := random[T](rng, k*n)
		copy(dst.in, sum)
		MatTMul(dst.in, x, g, r, k, n)
		dst.requireBits(t, product(sum, k, r, n,
			func(l, i int) T { return x[i*k+l] }, func(i, j int) T { return g[i*n+j] }))
	})
}

func TestProductsAccumulateInOrder(t *testing.T) {
	t.Run("float32", testProducts[float32])
	t.Run("float64", testProducts[float64])
}

func TestRowsOfAProductAreIndependent(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	const r, k, n = 33, 17, 13
	x, w, g := random[float32](rng, r*k), random[float32](rng, k*n), random[float32](rng, r*n)
	all, allT := make([]float32, r*n), make([]float32, r*k)
	MatMul(all, x, w, nil, 0, r, k, n)
	MatMulT(allT, g, w, r, k, n)
	for rows := 1; rows <= r; rows++ {
		for from := 0; from+rows <= r; from += rows {
			part := make([]float32, rows*n)
			MatMul(part, x[from*k:], w, nil, 0, rows, k, n)
			requireBits(t, part, all[from*n:(from+rows)*n])
			part = make([]float32, rows*k)
			MatMulT(part, g[from*n:], w, rows, k, n)
			requireBits(t, part, allT[from*k:(from+rows)*k])
		}
	}
}

func TestGradientOfRowsContinues(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 9))
	const r, k, n = 21, 7, 10
	x, g := random[float32](rng, r*k), random[float32](rng, r*n)
	whole, parts := make([]float32, k*n), make([]float32, k*n)
	MatTMul(whole, x, g, r, k, n)
	MatTMul(parts, x, g, 8, k, n)
	MatTMul(parts, x[8*k:], g[8*n:], r-8, k, n)
	requireBits(t, parts, whole)
}

func TestZeroTimesNaNIsNaN(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		for _, size := range []int{1, 2, 3, 5, 8} {
			r, k, n := size, size, size
			w := make([]float32, k*n)
			for i := range w {
				w[i] = float32(bad)
			}
			dst := make([]float32, r*n)
			MatMul(dst, make([]float32, r*k), w, nil, 0, r, k, n)
			requireAllNaN(t, dst)
			clear(dst)
			MatMulT(dst, make([]float32, r*n), w, r, k, n)
			requireAllNaN(t, dst)
			clear(dst)
			MatTMul(dst, make([]float32, r*k), w, r, k, n)
			requireAllNaN(t, dst)
		}
	}
}

func requireAllNaN(t *testing.T, x []float32) {
	t.Helper()
	for i, v := range x {
		require.True(t, v != v, "element %d is %v", i, v)
	}
}

func TestOneNaNStaysInItsRow(t *testing.T) {
	const r, k, n = 7, 5, 6
	x, w := make([]float64, r*k), make([]float64, k*n)
	Fill(x, 1)
	Fill(w, 1)
	x[3*k+2] = math.NaN()
	dst := make([]float64, r*n)
	MatMul(dst, x, w, nil, 0, r, k, n)
	for i := range dst {
		require.Equal(t, i/n == 3, math.IsNaN(dst[i]), "element %d", i)
	}
}
