//go:build !purego

package noise

// boxMullers is boxMuller for a multiple of 8 pairs, with the bits that it has on amd64:
// there the compiler fuses no product and sum, as it does for arm64.
func boxMullers(z0, z1 []float64, a, b []uint64) bool {
	boxMullerNEON(z0, z1, a, b)
	return true
}
