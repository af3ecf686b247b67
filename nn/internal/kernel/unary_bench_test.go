package kernel

import (
	"fmt"
	"testing"
)

func benchmarkUnary[T Float](b *testing.B) {
	const n = 1024
	x, dst := make([]T, n), make([]T, n)
	for i := range x {
		x[i] = T(8*float64(i*379%n)/n - 4)
	}
	for op := Neg; op <= ELU2; op++ {
		b.Run(fmt.Sprint(op), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Unary(op, dst, x, 1)
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/n, "ns/element")
		})
		b.Run(fmt.Sprint("Mul", op), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				MulUnary(op, dst, x, x, 1)
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/n, "ns/element")
		})
	}
}

func BenchmarkUnaryFloat32(b *testing.B) { benchmarkUnary[float32](b) }
func BenchmarkUnaryFloat64(b *testing.B) { benchmarkUnary[float64](b) }
