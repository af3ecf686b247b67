//go:build !(amd64 || arm64) || purego

package kernel

import "testing"

func paths() []path { return []path{portable} }

func take(testing.TB, path) {}

// reportRate runs f, which does flop operations, as a benchmark, and reports
// operations a nanosecond (GFLOP/s).
func reportRate[T Float](b *testing.B, flop float64, f func()) {
	b.ReportMetric(fastest(b, flop, f, nil), "GFLOP/s")
}
