package kernel

import (
	"fmt"
	"testing"
)

func benchmarkMatMul[T Float](b *testing.B) {
	const r = 64
	for _, s := range [][2]int{{58, 58}, {66, 116}, {116, 116}, {128, 128}, {2, 116}, {116, 2}, {116, 1}, {3, 116}, {256, 256}} {
		k, n := s[0], s[1]
		x, w, g := make([]T, r*k), make([]T, k*n), make([]T, r*n)
		for _, v := range [][]T{x, w, g} {
			Fill(v, 0.5)
		}
		dw, dx := make([]T, k*n), make([]T, r*k)
		for _, c := range []struct {
			name string
			run  func()
		}{
			{"MatMul", func() { MatMul(g, x, w, nil, 0, r, k, n) }},
			{"MatMulT", func() { MatMulT(dx, g, w, r, k, n) }},
			{"MatTMul", func() { MatTMul(dw, x, g, r, k, n) }},
		} {
			b.Run(fmt.Sprintf("%s/%dx%dx%d", c.name, r, k, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					c.run()
				}
				b.ReportMetric(2*float64(r*k*n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}

func BenchmarkMatMulFloat32(b *testing.B) { benchmarkMatMul[float32](b) }
func BenchmarkMatMulFloat64(b *testing.B) { benchmarkMatMul[float64](b) }
