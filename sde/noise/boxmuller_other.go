//go:build !(amd64 || arm64) || purego

package noise

// There is no code with vectors.
func boxMullers(z0, z1 []float64, a, b []uint64) bool { return false }
