package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/score"
)

// model is one family's model of the setup it was made for.
type model interface {
	size() int // numbers in its networks
	train(ctx context.Context, steps int) error
	// sample fills the rows of dst with draws in the data's units.
	sample(ctx context.Context, dst *mat.Dense, seed uint64) error
	// logProb writes log-densities, or bounds below them, of rows in the data's units.
	logProb(ctx context.Context, dst []float64, x *mat.Dense) error
	evaluations() int // of networks for a draw
}

var errNoDensity = errors.New("no density")

// family makes models whose hidden layers have a width.
type family struct {
	name  string
	start func(s *setup, width int) model
	nats  string // what logProb is
}

// families lists them, ours first.
func families() []family {
	return []family{
		{"score", newScore, "exact"},
		{"energy", newEnergy, "exact"},
		{"vae", newVAE, "bound"},
		{"gan", newGAN, "none"},
		{"mdn", newMDN, "exact"},
	}
}

// familyNamed returns the family of a name.
func familyNamed(name string) (family, error) {
	var known []string
	for _, f := range families() {
		if f.name == name {
			return f, nil
		}
		known = append(known, f.name)
	}
	return family{}, fmt.Errorf("unknown family %q, want one of %q", name, known)
}

// widest returns the model of the largest width with at most so many weights.
func (f family) widest(s *setup, weights int) model {
	best := f.start(s, 8)
	for width := 12; ; width += 4 {
		m := f.start(s, width)
		if m.size() > weights {
			return best
		}
		best = m
	}
}

// setup is what all families are given alike.
type setup struct {
	dim, batch, workers int
	seed                uint64
	data                score.Data
	held                score.Data // held-out rows, where there are so few that they could be learned by heart; else nil
	mean, deviation     []float64
}

// newSetup measures the columns on rows of the data, which does not serve them again.
func newSetup(data score.Data, rows *mat.Dense, batch, workers int, seed uint64) *setup {
	_, d := rows.Dims()
	s := &setup{dim: d, batch: batch, workers: workers, seed: seed, data: data}
	for j := range d {
		mean, deviation := stat.MeanStdDev(mat.Col(nil, j, rows), nil)
		s.mean, s.deviation = append(s.mean, mean), append(s.deviation, deviation)
	}
	return s
}

// standardise writes the rows of x with mean 0 and deviation 1 into dst.
func (s *setup) standardise(dst []float32, x *mat.Dense) {
	n, d := x.Dims()
	for i := range n {
		for j, v := range x.RawRowView(i) {
			dst[i*d+j] = float32((v - s.mean[j]) / s.deviation[j])
		}
	}
}

// restore is the way back.
func (s *setup) restore(dst *mat.Dense, x []float32) {
	dst.Apply(func(i, j int, _ float64) float64 {
		return s.mean[j] + s.deviation[j]*float64(x[i*s.dim+j])
	}, dst)
}

// logVolume is what a log-density loses from standardised rows to those of the data.
func (s *setup) logVolume() float64 {
	var sum float64
	for _, v := range s.deviation {
		sum += math.Log(v)
	}
	return sum
}

// features are those of nn.RecipeMLP: waves in few dimensions, for every family.
func (s *setup) features() nn.Module {
	if s.dim <= 3 {
		return nn.Fourier{}
	}
	return nil
}

// perceptron is the network of all families: three hidden layers and SiLU.
func perceptron(width, out int, features nn.Module) nn.Module {
	return nn.MLP{Hidden: []int{width, width, width}, Out: out, Features: features}
}

// schedule is that of score.Fit with another peak.
func schedule(peak float64, steps int) optim.Rate {
	warm := min(500, steps/8)
	return optim.WarmUp{Steps: warm, Then: optim.Cosine{Peak: peak, Floor: peak / 100, Steps: steps - warm}}
}

// halfLog2π is the constant of the normal law.
const halfLog2π = 0.91893853320467274178

// normals returns n draws of the standard normal law.
func normals(rng *rand.Rand, n int) []float32 {
	z := make([]float32, n)
	for i := range z {
		z[i] = float32(rng.NormFloat64())
	}
	return z
}
