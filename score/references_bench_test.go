package score

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/nn/pool"
)

// clusters is a mixture of six normals in d columns, whose deviations fall from 0.5 to
// 0.05 along axes that are those of the columns.
func clusters(b *testing.B, d int, src rand.Source) *dataset.Mixture {
	const k = 6
	rng := rand.New(rand.NewPCG(1, uint64(d)))
	weights, means, covs := make([]float64, k), mat.NewDense(k, d, nil), make([]*mat.SymDense, k)
	for i := range k {
		weights[i], covs[i] = 1, mat.NewSymDense(d, nil)
		for j := range d {
			means.Set(i, j, rng.NormFloat64())
			covs[i].SetSym(j, j, 0.25*math.Pow(0.01, float64((j+i)%d)/float64(d)))
		}
	}
	law, err := dataset.NewMixture(weights, means, covs, src)
	require.NoError(b, err)
	return law
}

// BenchmarkTarget makes the batches of a run, without a step of the network, with each
// kind of target. noise is the mean of (1 + 1/σ²)‖x̄ − E[x₀ | x_t]‖²/d, what the target
// adds to the loss.
func BenchmarkTarget(b *testing.B) {
	kinds := []struct {
		name string
		s    Settings
	}{
		{"plain", Settings{References: None}},
		{"references=1024", Settings{References: 1024}},
		{"references=4096", Settings{References: 4096}},
		{"pool=1024", Settings{Pool: Pool{Rows: 1024}}},
		{"pool=4096", Settings{Pool: Pool{Rows: 4096}}},
		{"pool=16384", Settings{Pool: Pool{Rows: 16384}}},
	}
	for _, d := range []int{1, 2, 3, 4, 8, 16, 64} {
		law := clusters(b, d, nil)
		for _, c := range kinds {
			b.Run(fmt.Sprintf("d=%d/%s", d, c.name), func(b *testing.B) {
				m, err := New(d, &Config{})
				require.NoError(b, err)
				c.s.Workers, c.s.Times = 1, LogNormal{Mean: -2, Std: 1.4}
				s, err := c.s.withDefaults()
				require.NoError(b, err)
				maker := newBatcher(m, Draws(d, func(src rand.Source) *dataset.Mixture { return clusters(b, d, src) }), &s, pool.New(1))
				maker.inputs()
				step := 0
				for b.Loop() {
					require.NoError(b, maker.fill(step))
					step++
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*s.Batch), "ns/row")
				b.ReportMetric(noiseOf(maker, law), "noise")
			})
		}
	}
}

// noiseOf is the noise of the targets of twenty batches.
func noiseOf(b *batcher, law *dataset.Mixture) float64 {
	sum, d := 0.0, b.m.dim
	const batches = 20
	for step := range batches {
		if err := b.fill(step); err != nil {
			panic(err)
		}
		for i := range b.s.Batch {
			σ := b.times[i%b.own]
			y := b.noisy.RawRowView(i)
			score := law.Diffuse(1, σ).ScoreInput(nil, y)
			for j, s := range score {
				off := float64(b.x0[i*d+j]) - (y[j] + σ*σ*s)
				sum += (1 + 1/(σ*σ)) * off * off
			}
		}
	}
	return sum / float64(batches*b.s.Batch*d)
}
