package kernel

import (
	"fmt"
	"testing"
)

// products lists r, k and n.
var products = [][3]int{
	{64, 128, 128}, {512, 128, 128}, {512, 512, 512}, {1024, 512, 512},
	{64, 116, 116}, {64, 66, 116}, {64, 58, 58}, {64, 8, 58},
	{64, 1, 116}, {64, 2, 116}, {64, 3, 116}, {64, 116, 1}, {64, 116, 2}, {64, 116, 3}, {64, 116, 8},
	{1, 128, 128}, {8, 128, 128},
}

func benchmarkMatMul[T Float](b *testing.B) {
	for _, s := range products {
		r, k, n := s[0], s[1], s[2]
		x, w, g := make([]T, r*k), make([]T, k*n), make([]T, r*n)
		for _, v := range [][]T{x, w, g} {
			Fill(v, 0.5)
		}
		dw, dx, space := make([]T, k*n), make([]T, r*k), make([]T, MatTMulSpace[T](k, n))
		packed, packedT := make([]T, PackedSize(k, n)), make([]T, PackedSize(n, k))
		Pack(packed, w, k, n)
		PackT(packedT, w, k, n)
		// A step works on blocks of rows.
		blocks := func(f func(i, rows int)) {
			for i := 0; i < r; i += 64 {
				f(i, min(64, r-i))
			}
		}
		for _, c := range []struct {
			name string
			run  func(i, rows int)
		}{
			{"MatMulPacked", func(i, rows int) { MatMulPacked(g[i*n:], x[i*k:], packed, nil, 0, rows, k, n) }},
			{"MatMulTPacked", func(i, rows int) { MatMulTPacked(dx[i*k:], g[i*n:], packedT, rows, k, n) }},
			{"MatTMul", func(i, rows int) { MatTMulRows(dw, x[i*k:], g[i*n:], rows, k, n, 0, k, false, space) }},
			{"MatMul", func(i, rows int) { MatMul(g[i*n:], x[i*k:], w, nil, 0, rows, k, n) }},
			{"MatMulT", func(i, rows int) { MatMulT(dx[i*k:], g[i*n:], w, rows, k, n) }},
		} {
			b.Run(fmt.Sprintf("%s/%dx%dx%d", c.name, r, k, n), func(b *testing.B) {
				b.ReportAllocs()
				reportRate[T](b, 2*float64(r*k*n), func() { blocks(c.run) })
			})
		}
	}
}

func BenchmarkMatMulFloat32(b *testing.B) { forPathsBench(b, benchmarkMatMul[float32]) }
func BenchmarkMatMulFloat64(b *testing.B) { forPathsBench(b, benchmarkMatMul[float64]) }

// steps lists blocks of rows, k and n as the layers of a training step have
// them.
var steps = [][3]int{
	{128, 1024, 1024}, {128, 512, 512}, {128, 784, 1024}, {128, 1024, 784},
	{64, 256, 256}, {64, 128, 128}, {64, 116, 116}, {64, 848, 1024},
}

// benchmarkStep takes matrices in turn, so that large ones are not in a cache
// when they are used.
func benchmarkStep[T Float](b *testing.B) {
	for _, s := range steps {
		r, k, n := s[0], s[1], s[2]
		const layers = 4
		var x, g, packed, packedT, dw [layers][]T
		space := make([]T, MatTMulSpace[T](k, n))
		for i := range layers {
			for _, v := range []struct {
				to   *[layers][]T
				size int
			}{{&x, r * k}, {&g, r * n}, {&packed, PackedSize(k, n)}, {&packedT, PackedSize(n, k)}, {&dw, k * n}} {
				v.to[i] = make([]T, v.size)
				Fill(v.to[i], 0.5)
			}
		}
		for _, c := range []struct {
			name string
			run  func(i, next int)
		}{
			{"MatMulPacked", func(i, next int) { MatMulPacked(g[next], x[i], packed[i], nil, 0, r, k, n) }},
			{"MatMulTPacked", func(i, next int) { MatMulTPacked(x[next], g[i], packedT[i], r, k, n) }},
			{"MatTMul", func(i, _ int) { MatTMulRows(dw[i], x[i], g[i], r, k, n, 0, k, false, space) }},
			{"MatTMulSet", func(i, _ int) { MatTMulRows(dw[i], x[i], g[i], r, k, n, 0, k, true, space) }},
		} {
			b.Run(fmt.Sprintf("%s/%dx%dx%d", c.name, r, k, n), func(b *testing.B) {
				i := 0
				reportRate[T](b, 2*float64(r*k*n), func() {
					next := (i + 1) % layers
					c.run(i, next)
					i = next
				})
			})
		}
	}
}

func BenchmarkStepFloat32(b *testing.B) { forPathsBench(b, benchmarkStep[float32]) }
func BenchmarkStepFloat64(b *testing.B) { forPathsBench(b, benchmarkStep[float64]) }

// BenchmarkPack reads and writes a matrix once.
func BenchmarkPack(b *testing.B) {
	for _, s := range [][2]int{{128, 128}, {512, 512}, {1024, 1024}, {784, 1024}} {
		k, n := s[0], s[1]
		const layers = 4
		var w, packed [layers][]float32
		for i := range layers {
			w[i], packed[i] = make([]float32, k*n), make([]float32, max(PackedSize(k, n), PackedSize(n, k)))
			Fill(w[i], 0.5)
		}
		for _, c := range []struct {
			name string
			run  func(dst, w []float32, k, n int)
		}{
			{"Pack", Pack[float32]},
			{"PackT", PackT[float32]},
			{"copy", func(dst, w []float32, _, _ int) { copy(dst, w) }},
		} {
			b.Run(fmt.Sprintf("%s/%dx%d", c.name, k, n), func(b *testing.B) {
				i := 0
				b.ReportMetric(fastest(b, float64(k*n*4), func() {
					c.run(packed[i], w[i], k, n)
					i = (i + 1) % layers
				}, nil), "GB/s")
			})
		}
	}
}

// BenchmarkCopy is what products with one to three columns are measured
// against: they cannot be faster than reading and writing the large operand.
func BenchmarkCopy(b *testing.B) {
	const r, k = 64, 116
	x, dst := make([]float32, r*k), make([]float32, r*k)
	b.ReportMetric(fastest(b, r*k*4, func() { copy(dst, x) }, nil), "GB/s")
}
