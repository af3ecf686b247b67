package kernel

import "testing"

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
