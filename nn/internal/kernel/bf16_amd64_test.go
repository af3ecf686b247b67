//go:build !purego

package kernel

import (
	"math/rand/v2"
	"testing"
)

// Without tiles and pairs, fused multiply-adds have their bits.
func TestFusedProductsHaveTheBitsOfTheDefinition(t *testing.T) {
	if best() != avx512 {
		t.Skip("no AVX-512")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for mode := range halfModes {
		for range 8 {
			depth, width := 1+rng.IntN(3), 1+rng.IntN(2)
			a, b := make([]uint16, halfRows*depth*halfSide), make([]uint16, depth*halfBlock)
			Round(a, halfNumbers(rng, len(a), mode))
			Round(b, halfNumbers(rng, len(b), mode))
			init := halfNumbers(rng, halfRows*halfSide, mode)
			want, got := make([]float32, halfRows*halfSide), make([]float32, halfRows*halfSide)
			fused := func(f func(c *byte, cr int, init *byte, ir int, a *byte, ar int, b *byte, depth, groups, width int), order Order) {
				multiplyHalfGo(order, want, halfSide, init, halfSide, 0, a, depth*halfSide, b, depth, 1, 1, width)
				f(bytes(got), 4*halfSide, bytes(init), 4*halfSide, words(a), 2*depth*halfSide, words(b), depth, halfRows/4, width)
				sameBits32(t, want, got, mode)
			}
			fused(multiplyHalves, Tiles)
			fused(multiplyHalfPairs, Pairs)
		}
	}
}
