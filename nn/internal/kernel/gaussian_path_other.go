//go:build !(amd64 || arm64) || purego

package kernel

// There is no assembly.
func gaussianFast(sums, refs, at []float32, d int) bool { return false }
