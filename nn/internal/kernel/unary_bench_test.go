package kernel

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// reportElements runs f, which computes n elements, as a benchmark and reports
// how many it does in a nanosecond at best, when nothing else has the core.
func reportElements(b *testing.B, n int, f func()) {
	b.ReportAllocs()
	best := math.Inf(1)
	for b.Loop() {
		start := time.Now()
		f()
		best = min(best, float64(time.Since(start).Nanoseconds()))
	}
	b.ReportMetric(float64(n)/best, "elements/ns")
}

func benchmarkUnary[T Float](b *testing.B) {
	const n = 2048
	x, y := make([]T, n), make([]T, n)
	for i := range x {
		x[i] = T(8*float64(i*379%n)/n - 4)
	}
	for op := Square; op <= ELU2; op++ {
		b.Run(fmt.Sprint(op), func(b *testing.B) {
			reportElements(b, n, func() { Unary(op, y, x, 1) })
		})
		b.Run(fmt.Sprint("Mul", op), func(b *testing.B) {
			reportElements(b, n, func() { MulUnary(op, y, x, x, 1) })
		})
	}
}

func BenchmarkUnaryFloat32(b *testing.B) { forPathsBench(b, benchmarkUnary[float32]) }
func BenchmarkUnaryFloat64(b *testing.B) { benchmarkUnary[float64](b) }

// BenchmarkVectors has a block of 64 rows of 128 and, for the optimiser, as
// many parameters as three hidden layers of 128 and as stay in no cache.
func BenchmarkVectors(b *testing.B) {
	forPathsBench(b, func(b *testing.B) {
		const r, n = 64, 128
		x, y, z := make([]float32, r*n), make([]float32, r*n), make([]float32, r*n)
		for _, k := range []struct {
			name string
			f    func()
		}{
			{"add", func() { Binary(OpAdd, z, x, y, r, n, Full, Full) }},
			{"mulrow", func() { Binary(OpMul, z, x, y, r, n, Full, Row) }},
			{"mulcolumn", func() { Binary(OpMul, z, x, y, r, n, Full, Column) }},
			{"addrow2", func() { Binary(OpAdd, z, x, y, r*n/2, 2, Full, Row) }},
			{"mulcolumn2", func() { Binary(OpMul, z, x, y, r*n/2, 2, Full, Column) }},
			{"scale", func() { Scale(z, x, 2) }},
			{"fill", func() { Fill(z, 2) }},
			{"sumrows", func() { SumRows(y, x, r, n) }},
			{"sumrows116", func() { SumRows(y, x, r, 116) }},
			{"sumcols", func() { SumCols(y, x, r, n) }},
			{"sumcols2", func() { SumCols(y, x, r*n/2, 2) }},
			{"sumsquares", func() { SumSquares(x) }},
		} {
			b.Run(k.name, func(b *testing.B) { reportElements(b, r*n, k.f) })
		}
		s := AdamStep{Rate: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, Correct1: 0.5, Correct2: 0.5}
		for _, n := range []int{1 << 10, 41_000, 1 << 24} {
			var p [5][]float32
			for i := range p {
				p[i] = make([]float32, n)
				Fill(p[i], 0.5)
			}
			b.Run(fmt.Sprint("adam", n), func(b *testing.B) {
				reportElements(b, n, func() { Adam(p[0], p[1], p[2], p[3], s) })
			})
			b.Run(fmt.Sprint("adamema", n), func(b *testing.B) {
				reportElements(b, n, func() { AdamEMA(p[0], p[1], p[2], p[3], p[4], s, 0.999) })
			})
			b.Run(fmt.Sprint("copy", n), func(b *testing.B) {
				reportElements(b, n, func() { copy(p[0], p[1]) })
			})
		}
	})
}
