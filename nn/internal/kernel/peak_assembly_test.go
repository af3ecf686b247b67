//go:build (amd64 || arm64) && !purego

package kernel

import (
	"testing"
	"time"
	"unsafe"
)

// reportRate runs f, which does flop operations, as a benchmark, and reports
// the operations a nanosecond (GFLOP/s) that it reaches at best and their share
// of the best that multiply-adds of type T reach in short runs between its own.
func reportRate[T Float](b *testing.B, flop float64, f func()) {
	if using == portable {
		b.ReportMetric(fastest(b, flop, f, nil), "GFLOP/s")
		return
	}
	var peak float64
	achieved := fastest(b, flop, f, func() {
		start := time.Now()
		flop := peakRun(b)
		peak = max(peak, flop/float64(time.Since(start).Nanoseconds()))
	})
	b.ReportMetric(achieved, "GFLOP/s")
	var x T
	b.ReportMetric(100*achieved/(peak*4/float64(unsafe.Sizeof(x))), "%peak")
}

func BenchmarkPeak(b *testing.B) {
	for _, p := range paths()[1:] {
		b.Run(pathNames[p], func(b *testing.B) {
			take(b, p)
			reportRate[float32](b, peakRun(b), func() { peakRun(b) })
		})
	}
}
