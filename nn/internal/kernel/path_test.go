package kernel

import (
	"testing"
	"time"
)

var pathNames = [...]string{"portable", "avx2", "avx512"}

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
// short enough for some of them to have the core to themselves.
func fastest(b *testing.B, amount float64, f func()) float64 {
	start := time.Now()
	f()
	batch := 1 + int(20*time.Microsecond/(time.Since(start)+1))
	var best float64
	for b.Loop() {
		start := time.Now()
		for range batch {
			f()
		}
		best = max(best, amount*float64(batch)/float64(time.Since(start).Nanoseconds()))
	}
	return best
}
