//go:build !purego

package kernel

import (
	"sync"
	"testing"
	"time"
	"unsafe"
)

// peakRate returns the greatest number of multiply-adds of float32, counted as
// two operations each, that one core does in a nanosecond on the current path:
// the best of many short runs, taken once per path in a process.
func peakRate(tb testing.TB) float64 {
	switch using {
	case avx2:
		return peakRateAVX2()
	case avx512:
		return peakRateAVX512()
	}
	tb.Fatal("the portable path has no peak")
	return 0
}

var (
	peakRateAVX2   = sync.OnceValue(func() float64 { return rate(peakAVX2, 12*8*2) })
	peakRateAVX512 = sync.OnceValue(func() float64 { return rate(peakAVX512, 24*16*2) })
)

func rate(run func(n int), flop float64) float64 {
	const n = 2000
	var best float64
	for range 2000 {
		start := time.Now()
		run(n)
		best = max(best, flop*n/float64(time.Since(start).Nanoseconds()))
	}
	return best
}

// reportRate runs f, which does flop operations, as a benchmark, and reports
// operations a nanosecond (GFLOP/s) and their share of the peak in the type T.
// It times short runs and takes the best, like the peak itself.
func reportRate[T Float](b *testing.B, flop float64, f func()) {
	achieved := fastest(b, flop, f)
	b.ReportMetric(achieved, "GFLOP/s")
	if using != portable {
		var x T
		b.ReportMetric(100*achieved/(peakRate(b)*4/float64(unsafe.Sizeof(x))), "%peak")
	}
}

func BenchmarkPeak(b *testing.B) {
	for _, p := range paths()[1:] {
		b.Run(pathNames[p], func(b *testing.B) {
			take(b, p)
			for b.Loop() {
			}
			b.ReportMetric(peakRate(b), "GFLOP/s")
		})
	}
}
