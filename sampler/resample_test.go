package sampler_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gradlogp/gradlogp/sampler"
)

var resamplers = []sampler.Resampler{sampler.Systematic{}, sampler.Stratified{}, sampler.Residual{}, sampler.Multinomial{}}

// Copies are expected in proportion to the weights, and no scheme is worse than the
// multinomial one.
func TestResamplingIsUnbiased(t *testing.T) {
	arithmetic(t)
	const n, draws = 12, 40_000
	w := []float64{0.3, 0, 0.01, 0.2, 0.05, 0, 0.04, 0.1, 0.15, 0.05, 0.1, 0}
	rng := rand.New(rand.NewPCG(1, 2))
	for _, r := range resamplers {
		dst, u := make([]int, n), make([]float64, n)
		sum, square := make([]float64, n), make([]float64, n)
		for range draws {
			for i := range u {
				u[i] = rng.Float64()
			}
			r.Ancestors(dst, w, u)
			copies := make([]float64, n)
			for _, i := range dst {
				copies[i]++
			}
			for i, c := range copies {
				sum[i] += c
				square[i] += (c - n*w[i]) * (c - n*w[i])
			}
		}
		for i := range w {
			multinomial := n * w[i] * (1 - w[i])
			require.InDelta(t, n*w[i], sum[i]/draws, 4*math.Sqrt(multinomial/draws)+1e-12, "%T, particle %d", r, i)
			if _, plain := r.(sampler.Multinomial); plain {
				require.InDelta(t, multinomial, square[i]/draws, 0.05*multinomial+1e-12, "particle %d", i)
			} else {
				require.LessOrEqual(t, square[i]/draws, 1.05*multinomial+1e-12, "%T, particle %d", r, i)
			}
		}
	}
}

func TestResamplersTakeAnyWeights(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "n")
		w, sum := make([]float64, n), 0.0
		for i := range w {
			if rapid.Bool().Draw(t, "alive") {
				w[i] = math.Exp(rapid.Float64Range(-300, 0).Draw(t, "log weight"))
			}
			sum += w[i]
		}
		if sum == 0 {
			w[n/2], sum = 1, 1
		}
		u := make([]float64, n)
		for i := range w {
			w[i] /= sum
			u[i] = rapid.SampledFrom([]float64{0, 1 - 0x1p-53, 0.5, 0.1}).Draw(t, "u")
		}
		for _, r := range resamplers {
			dst := make([]int, n)
			r.Ancestors(dst, w, u)
			for k, i := range dst {
				require.True(t, w[i] > 0, "%T: the dead do not rise", r)
				require.True(t, k == 0 || i >= dst[k-1], "%T: in order", r)
			}
		}
	})
}

// The share of the weights decides how often a particle lives on.
func ExampleSystematic() {
	ancestors := make([]int, 5)
	sampler.Systematic{}.Ancestors(ancestors, []float64{0.6, 0.05, 0.35, 0, 0}, []float64{0.4, 0, 0, 0, 0})
	fmt.Println(ancestors)
	// Output: [0 0 0 2 2]
}

// Weights as a run makes them, exp(−log n), are equal up to rounding, which costs no copy.
func TestEqualWeightsKeepEveryParticle(t *testing.T) {
	arithmetic(t)
	for n := 1; n <= 500; n++ {
		w, u, dst := make([]float64, n), make([]float64, n), make([]int, n)
		for i := range w {
			w[i], u[i] = math.Exp(-math.Log(float64(n))), 0.5
		}
		sampler.Residual{}.Ancestors(dst, w, u)
		for i, from := range dst {
			require.Equal(t, i, from, "of %d", n)
		}
	}
}
