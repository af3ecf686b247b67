package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// sizes have remainders of every kind after division into tiles.
var sizes = []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 33}

// area is a slice with numbers around it that no kernel may touch.
type area[T Float] struct{ all, in []T }

const margin = 9

func guarded[T Float](n int) area[T] {
	all := make([]T, n+2*margin)
	for i := range all {
		all[i] = T(1000 + i)
	}
	return area[T]{all, all[margin : margin+n : margin+n]}
}

// requireBits compares the slice with want to the bit, any NaN being like any
// other, and the numbers around it with what they were. It is called so often
// that looking for its callers, as t.Helper does, would take most of the time.
func (a area[T]) requireBits(t *testing.T, want []T) {
	requireBits(t, a.in, want)
	a.requireGuards(t)
}

// requireGuards compares the numbers around the slice with what they were.
func (a area[T]) requireGuards(t *testing.T) {
	for i, v := range a.all {
		if inside := i >= margin && i < margin+len(a.in); !inside && v != T(1000+i) {
			require.Failf(t, "the guard was overwritten", "number %d around the slice is %v, want %v", i, v, T(1000+i))
		}
	}
}

func requireBits[T Float](t *testing.T, got, want []T) {
	if len(got) != len(want) {
		require.Failf(t, "different lengths", "%d numbers, want %d", len(got), len(want))
	}
	for i := range want {
		g, w := float64(got[i]), float64(want[i])
		if math.IsNaN(g) && math.IsNaN(w) {
			continue
		}
		if math.Float64bits(g) != math.Float64bits(w) {
			require.Failf(t, "different bits", "element %d is %v, want %v", i, g, w)
		}
	}
}

func random[T Float](rng *rand.Rand, n int) []T {
	x := make([]T, n)
	for i := range x {
		x[i] = T(rng.NormFloat64())
	}
	return x
}
