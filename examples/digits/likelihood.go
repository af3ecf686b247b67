package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/examples/internal/digits"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/score"
)

// estimate is a mean with its standard error.
type estimate struct{ mean, err float64 }

func (e estimate) String() string { return fmt.Sprintf("%.3f ± %.3f", e.mean, e.err) }

// estimateOf returns that of the numbers.
func estimateOf(v []float64) estimate {
	mean, std := stat.MeanStdDev(v, nil)
	return estimate{mean, std / math.Sqrt(float64(len(v)))}
}

// bits returns how many bits a pixel the model needs for images with their labels: the
// probability of an image is that of its intervals, and by Jensen's inequality
//
//	−log P(v) ≤ −E[log p(x)] − Σ_j log spread(v_j),   x uniform in the intervals,
//
// of which each image has one x. Its density p is that of the probability flow, with
// the divergence by one random probe. The error is that over the images, and counts both.
func (j *job) bits(m *score.Model, s digits.Set) (estimate, error) {
	s = s.First(j.bitsOf)
	x, rng := s.Blank(s.Len()).X, rand.New(rand.NewPCG(j.seed, 4))
	for i := range s.Len() {
		s.Scatter(x.RawRowView(i), s.X.RawRowView(i), rng)
	}
	logp := make([]float64, s.Len())
	_, err := sampler.LogProb(context.Background(), logp, x, m.Given(s.Labels).Problem(),
		&sampler.FlowSettings{Probes: 1, RTol: 1e-3, ATol: 1e-3, Seed: j.seed, Workers: j.workers})
	if err != nil {
		return estimate{}, err
	}
	for i := range logp {
		for _, v := range s.X.RawRowView(i) {
			logp[i] += math.Log(s.Spread(v))
		}
		logp[i] = sampler.BitsPerDim(logp[i], s.Pixels(), 1)
	}
	return estimateOf(logp), nil
}

// bitsAlone returns how many bits a pixel the same images need when every pixel has
// the frequencies of its shades among training images of the class, and knows nothing
// of the other pixels. Each shade has been seen half a time more than it was.
func (j *job) bitsAlone(train, s digits.Set) estimate {
	s = s.First(j.bitsOf)
	count, of := make(map[[3]int]float64), make([]float64, s.Classes)
	for i := range train.Len() {
		k := train.Label(i)
		of[k]++
		for p, v := range train.X.RawRowView(i) {
			count[[3]int{k, p, int(v)}]++
		}
	}
	bits := make([]float64, s.Len())
	for i := range bits {
		k := s.Label(i)
		for p, v := range s.X.RawRowView(i) {
			bits[i] -= math.Log2((count[[3]int{k, p, int(v)}] + 0.5) / (of[k] + 0.5*float64(s.Shades)))
		}
		bits[i] /= float64(s.Pixels())
	}
	return estimateOf(bits)
}
