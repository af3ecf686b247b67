//go:build !purego

package kernel

import "testing"

// peakRun does multiply-adds of float32 on the current path for some 10 µs and
// returns their number, counted as two operations each.
func peakRun(tb testing.TB) (flop float64) {
	const n = 1000
	switch using {
	case avx2:
		peakAVX2(n)
		return n * 12 * 8 * 2
	case avx512:
		peakAVX512(n)
		return n * 24 * 16 * 2
	}
	tb.Fatal("the portable path has no peak")
	return 0
}
