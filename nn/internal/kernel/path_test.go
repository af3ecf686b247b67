package kernel

import (
	"testing"
	"time"
)

var pathNames = [...]string{"portable", "avx2", "avx512", "neon"}

// forPaths runs f as a subtest on every path that this machine has.
func forPaths(t *testing.T, f func(t *testing.T)) {
	for _, p := range paths() {
		t.Run(pathNames[p], func(t *testing.T) {
			take(t, p)
			f(t)
		})
	}
}

// forAssembly is forPaths without the portable path.
func forAssembly(t *testing.T, f func(t *testing.T)) {
	for _, p := range paths()[1:] {
		t.Run(pathNames[p], func(t *testing.T) {
			take(t, p)
			f(t)
		})
	}
}

// forPathsBench is forPaths for benchmarks.
func forPathsBench(b *testing.B, f func(b *testing.B)) {
	for _, p := range paths() {
		b.Run(pathNames[p], func(b *testing.B) {
			take(b, p)
			f(b)
		})
	}
}

// fastest runs f as a benchmark and returns how much of amount it does in a
// nanosecond at best, in runs of about 20 µs: long enough for the clock, and
// short enough for some of them to have the core to themselves. Between the
// runs it calls between, if that is not nil, more often after a long run.
func fastest(b *testing.B, amount float64, f, between func()) float64 {
	start := time.Now()
	f()
	batch := 1 + int(20*time.Microsecond/(time.Since(start)+1))
	best, total, runs := 0.0, time.Duration(0), 0
	for b.Loop() {
		start := time.Now()
		for range batch {
			f()
		}
		took := time.Since(start)
		best = max(best, amount*float64(batch)/float64(took.Nanoseconds()))
		total, runs = total+took, runs+batch
		if between != nil {
			for range 1 + min(20, took/(20*time.Microsecond)) {
				between()
			}
		}
	}
	b.ReportMetric(float64(total.Nanoseconds())/float64(runs), "ns/op")
	return best
}
