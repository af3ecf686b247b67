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
		dw, dx := make([]T, k*n), make([]T, r*k)
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
			{"MatTMul", func(i, rows int) { MatTMul(dw, x[i*k:], g[i*n:], rows, k, n) }},
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

// BenchmarkCopy is what products with one to three columns are measured
// against: they cannot be faster than reading and writing the large operand.
func BenchmarkCopy(b *testing.B) {
	const r, k = 64, 116
	x, dst := make([]float32, r*k), make([]float32, r*k)
	b.ReportMetric(fastest(b, r*k*4, func() { copy(dst, x) }, nil), "GB/s")
}
