//go:build !amd64 || purego

package kernel

import "testing"

func paths() []path { return []path{portable} }

func take(testing.TB, path) {}

// reportRate reports operations a nanosecond (GFLOP/s) of a benchmark that
// does flop of them in a round.
func reportRate[T Float](b *testing.B, flop float64) {
	b.ReportMetric(flop*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
}
