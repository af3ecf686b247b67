//go:build !purego

package noise

import (
	"fmt"
	"testing"
)

// forVectors runs f as a subtest with each kind of vectors that this machine
// has.
func forVectors(t *testing.T, f func(t *testing.T)) {
	for v := avx2; v <= best(); v++ {
		t.Run(fmt.Sprintf("avx%d", 256<<(v-avx2)), func(t *testing.T) {
			vectors = v
			defer func() { vectors = best() }()
			f(t)
		})
	}
}
