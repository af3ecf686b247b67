//go:build !purego

package kernel

import "testing"

// peakRun does multiply-adds of float32 for some 10 µs and returns their number,
// counted as two operations each.
func peakRun(tb testing.TB) (flop float64) {
	if using == portable {
		tb.Fatal("the portable path has no peak")
	}
	const n = 1000
	peakNEON(n)
	return n * 24 * 4 * 2
}
