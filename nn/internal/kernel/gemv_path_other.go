//go:build purego || !amd64

package kernel

// gemv leaves all columns to others.
func gemv[T Float](dst, x, packed, init []T, k, n int) int { return 0 }
