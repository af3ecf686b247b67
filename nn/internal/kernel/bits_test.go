package kernel

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// fingerprint hashes what every kernel makes of numbers of many sizes.
func fingerprint[T Float]() uint64 {
	h := fnv.New64a()
	put := func(x []T) {
		for _, v := range x {
			if v != v {
				v = 0 // a NaN has many bit patterns
			}
			h.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(float64(v))))
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	const size, r, k, n = 1000, 13, 17, 19
	x, y := make([]T, size), make([]T, size)
	for i := range x {
		x[i] = T(math.Ldexp(rng.Float64()-0.5, i%24-6))
	}
	Scale(y, x, -1)
	put(y)
	Binary(OpMul, y, y, x, 1, size, Full, Full)
	put(y)
	for op := Square; op <= ELU2; op++ {
		Unary(op, y, x, 0.3)
		put(y)
		MulUnary(op, y, x, x, 0.3)
		put(y)
	}
	MatMul(y, x, x[300:], x[700:], 1, r, k, n)
	put(y[:r*n])
	MatMulT(y, x, x[300:], r, k, n)
	put(y[:r*k])
	MatTMul(y, x, x[300:], r, k, n)
	put(y[:k*n])
	SumRows(y, x, r, n)
	SumCols(y[n:], x, r, n)
	put(y[:n+r])
	MatMul(y, x, []T{0.3}, y, size, size, 1, 1)
	put(y)
	theta, v := append([]T(nil), x...), make([]T, size)
	Fill(v, 1)
	Adam(theta, y, v, x, AdamStep{Rate: 0.1, Beta1: 0.9, Beta2: 0.99, Eps: 1e-6, Decay: 0.1, Correct1: 0.1, Correct2: 0.01})
	EMA(y, theta, 0.3)
	put(theta)
	put(y)
	put(v)
	return h.Sum64()
}

// TestBitsAreTheSameEverywhere holds on every architecture, with and without
// a fused multiply-add instruction. In float32 the portable path and assembly
// differ; in float64 they do not.
func TestBitsAreTheSameEverywhere(t *testing.T) {
	forPaths(t, func(t *testing.T) {
		want := uint64(0xb92d3fa41cd8ec4f)
		if using != portable {
			want = 0xe00b6c801b748e2e
		}
		require.Equal(t, want, fingerprint[float32](), "float32: %#x", fingerprint[float32]())
		require.Equal(t, uint64(0xb27f53c564b89355), fingerprint[float64](), "float64: %#x", fingerprint[float64]())
	})
}
