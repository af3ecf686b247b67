package score

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
)

// Denoiser is the exact answer that a model is measured against.
type Denoiser interface {
	// Denoise returns E[x₀ | x_t = x], in dst when it is not nil.
	Denoise(dst, x []float64) []float64
}

// The noise levels of KLBound, in the data's own units.
const (
	boundLow    = 0.003
	boundHigh   = 20.0
	boundLevels = 44
)

// KLBound returns an upper bound, in nats, of the Kullback–Leibler divergence
// of the model's reverse-time SDE from the data,
//
//	∫ E‖D − D*‖² / σ² d ln σ,   σ from 0.003 to 20,
//
// with x + σz in the data's own coordinates, the model's denoiser D and the
// exact one D* (Song et al. 2021, NeurIPS). The integral is a trapezoidal sum
// over 44 levels spaced evenly in ln σ, the expectation a mean over the rows of
// clean, each with noise of its own at every level that depends on the seed
// alone. A perfect model has bound 0. It does not bound the divergence of the
// probability flow.
//
// exact(σ) is the denoiser of data with noise σ added. Where the process of the
// model does not reach a level, the score of its nearest level is taken. The
// model's scale has to be one number, or the noise would not be isotropic in
// its coordinates: otherwise KLBound panics, as it does when clean has another
// dimension.
func KLBound(m *Model, clean *mat.Dense, exact func(sigma float64) Denoiser, seed uint64) float64 {
	n, d := clean.Dims()
	if d != m.dim {
		panic(badShape)
	}
	scale := m.scale[0]
	for j, s := range m.scale {
		if s != scale {
			panic(fmt.Sprintf("score: KLBound: scale of column %d is %v, that of column 0 is %v", j, s, scale))
		}
	}
	x, z, s := mat.NewDense(n, d, nil), mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
	dstar := make([]float64, d)
	noisy := make([]float64, d)
	step := math.Log(boundHigh/boundLow) / (boundLevels - 1)
	total := 0.0
	for k := range boundLevels {
		σ := boundLow * math.Exp(float64(k)*step)
		t := sde.TimeAt(m.process, -math.Log(σ/scale))
		α, _ := m.process.Kernel(t)
		noise.White{Seed: seed}.Normal(z, noise.Draw{Purpose: noise.Perturb, Step: k, Slot: 2})
		for i := range n {
			for j, v := range clean.RawRowView(i) {
				x.Set(i, j, α*(v+σ*z.At(i, j)-m.shift[j])/scale)
			}
		}
		m.Score(s, x, []float64{t})
		law := exact(σ)
		sum := 0.0
		for i := range n {
			for j, v := range clean.RawRowView(i) {
				noisy[j] = v + σ*z.At(i, j)
			}
			law.Denoise(dstar, noisy)
			for j := range d {
				D := m.shift[j] + scale*x.At(i, j)/α + σ*σ/scale*α*s.At(i, j)
				sum += (D - dstar[j]) * (D - dstar[j])
			}
		}
		weight := step
		if k == 0 || k == boundLevels-1 {
			weight /= 2
		}
		total += weight * sum / float64(n) / (σ * σ)
	}
	return total
}
