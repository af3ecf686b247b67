//go:build !purego

package noise

import "golang.org/x/sys/cpu"

// vectors are the vectors of the processor, as far as there is code for them.
// Only tests change it.
var vectors = best()

type vector uint8

const (
	scalar vector = iota
	avx2
	avx512
)

func best() vector {
	switch x := &cpu.X86; {
	case x.HasAVX512F && x.HasAVX512DQ:
		return avx512
	case x.HasAVX2:
		return avx2
	}
	return scalar
}

// boxMullers is boxMuller for a multiple of 8 pairs. It reports false if there
// are no vectors to do it with.
func boxMullers(z0, z1 []float64, a, b []uint64) bool {
	switch vectors {
	case avx512:
		boxMullerAVX512(z0, z1, a, b)
	case avx2:
		boxMullerAVX2(z0, z1, a, b)
	default:
		return false
	}
	return true
}
