//go:build !purego

package kernel

import (
	"math/rand/v2"
	"testing"
)

// Without tiles, fused multiply-adds have their bits.
func TestFusedProductsHaveTheBitsOfTheDefinition(t *testing.T) {
	if best() != avx512 {
		t.Skip("no AVX-512")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for mode := range halfModes {
		for range 8 {
			depth, tiles, panels, width := 1+rng.IntN(3), 1+rng.IntN(2), 1+rng.IntN(2), 1+rng.IntN(2)
			rows, cols := tiles*halfRows, panels*halfSide
			a, b := make([]uint16, rows*depth*halfSide), make([]uint16, panels*depth*halfBlock)
			Round(a, halfNumbers(rng, len(a), mode))
			Round(b, halfNumbers(rng, len(b), mode))
			init := halfNumbers(rng, rows*cols, mode)
			want, got := make([]float32, rows*cols), make([]float32, rows*cols)
			multiplyHalfGo(want, cols, init, cols, halfSide, a, depth*halfSide, b, depth, tiles, panels, width)
			multiplyHalfFused(got, cols, init, cols, halfSide, a, depth*halfSide, b, depth, tiles, panels, width)
			sameBits32(t, want, got, mode)
		}
	}
}
