//go:build (amd64 || arm64) && !purego

package kernel

import "testing"

// paths returns the paths that this machine has, portable first.
func paths() []path {
	if best() == neon {
		return []path{portable, neon}
	}
	return []path{portable, avx2, avx512}[:best()+1]
}

// take switches every kernel to p until the end of the test or benchmark.
func take(tb testing.TB, p path) {
	before := using
	using = p
	tb.Cleanup(func() { using = before })
}
