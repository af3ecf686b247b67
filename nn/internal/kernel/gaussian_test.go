package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// gaussianCase is blocks of rows, and what GaussianSums takes them at.
func gaussianCase(rng *rand.Rand, d, blocks int, spread float32) (sums, refs, at []float32) {
	refs, at = random[float32](rng, blocks*GaussianBlock*d), random[float32](rng, 2*d+1)
	for k := range d {
		at[k] *= spread
		at[d+k] *= spread
	}
	return random[float32](rng, (d+1)*GaussianBlock), refs, at
}

func TestGaussianSumsAreTheirDefinition(t *testing.T) {
	forPaths(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(71, 72))
		for _, d := range []int{1, 2, 3, 4, 7, 40} {
			for _, blocks := range []int{0, 1, 2, 5} {
				for _, spread := range []float32{0.1, 1, 10} {
					sums, refs, at := gaussianCase(rng, d, blocks, spread)
					want := make([]float64, len(sums))
					for i, s := range sums {
						want[i] = float64(s)
					}
					scale := 1.0
					for j := range blocks * GaussianBlock {
						e := float64(at[2*d])
						row := refs[j/GaussianBlock*GaussianBlock*d+j%GaussianBlock:]
						for k := range d {
							e -= math.Pow(float64(at[k])*float64(row[k*GaussianBlock])-float64(at[d+k]), 2)
						}
						w := math.Exp2(e)
						if e < -gaussianLimit {
							w = 0
						}
						scale = max(scale, w*max(1, -e))
						for k := range d {
							want[k*GaussianBlock+j%GaussianBlock] += w * float64(row[k*GaussianBlock])
						}
						want[d*GaussianBlock+j%GaussianBlock] += w
					}
					got := guarded[float32](len(sums))
					copy(got.in, sums)
					GaussianSums(got.in, refs, at, d)
					got.requireGuards(t)
					for i := range want {
						require.InDelta(t, want[i], got.in[i], 1e-5*scale, "%d columns, %d blocks: %d", d, blocks, i)
					}
				}
			}
		}
	})
}

// Rows far away and rows that are no numbers have no weight; weights too large for
// their sums are held back.
func TestGaussianSumsOfOddRows(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	forPaths(t, func(t *testing.T) {
		for _, d := range []int{1, 2, 3, 5} {
			refs, at := make([]float32, d*GaussianBlock), make([]float32, 2*d+1)
			for k := range d {
				at[k] = 1
			}
			refs[1], refs[2], refs[3], refs[4] = 1e18, inf, nan, -9
			sums := make([]float32, (d+1)*GaussianBlock)
			GaussianSums(sums, refs, at, d)
			for l := range GaussianBlock {
				want := float32(0x1.000002p0)
				if l > 0 && l < 5 {
					want = 0
				}
				require.Equal(t, want, sums[d*GaussianBlock+l])
			}
			clear(sums)
			at[2*d] = 1e9
			GaussianSums(sums, refs[:0], at, d)
			require.Equal(t, make([]float32, len(sums)), sums)
			GaussianSums(sums, refs, at, d)
			require.Equal(t, float32(0x1.000002p64), sums[d*GaussianBlock])
		}
	})
}

func TestGaussianSumsHaveTheSameBitsOnAllPaths(t *testing.T) {
	for _, d := range []int{1, 2, 3, 4, 9} {
		for _, spread := range []float32{0.3, 3, 30} {
			rng := rand.New(rand.NewPCG(73, uint64(d)))
			start, refs, at := gaussianCase(rng, d, (1<<13)/(GaussianBlock*d)+3, spread)
			var want []float32
			forPaths(t, func(t *testing.T) {
				got := append([]float32(nil), start...)
				GaussianSums(got, refs, at, d)
				if want == nil {
					want = got
				}
				requireBits(t, got, want)
			})
		}
	}
}

func TestWeightsOfGaussianSumsAreWithinTheirBounds(t *testing.T) {
	for e := -gaussianLimit - 1.0; e < gaussianLimit; e += 1.0 / 1024 {
		want := math.Exp2(e)
		if e < -gaussianLimit {
			want = 0
		}
		require.InDelta(t, want, gaussianWeight(float32(e)), 3e-7*want)
	}
}

func BenchmarkGaussianSums(b *testing.B) {
	for _, d := range []int{1, 2, 3, 4, 8, 16, 64} {
		b.Run(fmt.Sprintf("d=%d", d), func(b *testing.B) {
			forPathsBench(b, func(b *testing.B) {
				const blocks = 16
				sums, refs, at := gaussianCase(rand.New(rand.NewPCG(75, 76)), d, blocks, 1)
				b.ReportMetric(1/fastest(b, blocks*GaussianBlock, func() { GaussianSums(sums, refs, at, d) }, nil), "ns/pair")
			})
		})
	}
}
