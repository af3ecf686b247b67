//go:build !purego

package noise

import "testing"

// forVectors runs f with the only kind of vectors.
func forVectors(t *testing.T, f func(t *testing.T)) { t.Run("neon", f) }
