package score

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn/pool"
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

// Oracle is what models of a known distribution are measured against: clean rows
// with noise added, at the levels of KLBound, and the exact denoiser's answers to
// them. It does not depend on a model, so that a run can be watched at the price
// of the network alone. It is safe for concurrent use.
type Oracle struct {
	noisy, denoised [boundLevels]*mat.Dense // in the data's own coordinates
}

// NewOracle adds noise to the rows of clean, each row with noise of its own at
// every level that depends on the seed alone. diffuse(1, σ) is the denoiser of
// data with noise σ added, such as a dataset's method Diffuse has; Denoise is
// called from several goroutines. It panics when clean or diffuse is nil.
func NewOracle[D Denoiser](clean *mat.Dense, diffuse func(alpha, sigma float64) D, seed uint64) *Oracle {
	if clean == nil {
		panic("score: NewOracle: clean is nil, want rows")
	}
	if diffuse == nil {
		panic("score: NewOracle: diffuse is nil, want the exact denoisers")
	}
	n, d := clean.Dims()
	crew := pool.New(0)
	q := &Oracle{}
	for k := range boundLevels {
		x, denoised := mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
		σ, exact := levelAt(k), diffuse(1, levelAt(k))
		noise.White{Seed: seed}.Normal(x, noise.Draw{Purpose: noise.Perturb, Step: k, Slot: 2})
		crew.Each(grains(n), byRow(n, func(i int) {
			row := x.RawRowView(i)
			for j, v := range clean.RawRowView(i) {
				row[j] = v + σ*row[j]
			}
			exact.Denoise(denoised.RawRowView(i), row)
		}))
		q.noisy[k], q.denoised[k] = x, denoised
	}
	return q
}

// levelAt returns the k-th noise level.
func levelAt(k int) float64 { return boundLow * math.Exp(float64(k)*levelStep()) }

// levelStep is the distance of the levels in ln σ.
func levelStep() float64 { return math.Log(boundHigh/boundLow) / (boundLevels - 1) }

// KLBound returns an upper bound, in nats, of the Kullback–Leibler divergence
// of the model's reverse-time SDE from the data,
//
//	∫ E‖D − D*‖² / σ² d ln σ,   σ from 0.003 to 20,
//
// with x + σz in the data's own coordinates, the model's denoiser D and the
// exact one D* (Song et al. 2021). The integral is a trapezoidal sum
// over 44 levels spaced evenly in ln σ, the expectation a mean over the rows. A
// perfect model has bound 0. It does not bound the divergence of the probability
// flow.
//
// Where the process of the model does not reach a level, the score of its
// nearest level is taken. The model's scale has to be one number, or the noise
// would not be isotropic in its coordinates: an error wrapping ErrRange names the
// columns that differ, of which Settings.Scaling is the cure. KLBound panics when
// m is nil or the rows have another dimension.
func (q *Oracle) KLBound(m *Model) (float64, error) {
	n, d := q.noisy[0].Dims()
	scale, err := m.oneScale(d)
	if err != nil {
		return 0, err
	}
	x, s := mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
	total := 0.0
	for k := range boundLevels {
		σ := levelAt(k)
		t := sde.TimeAt(m.process, -math.Log(σ/scale))
		α, _ := m.process.Kernel(t)
		for i := range n {
			row := x.RawRowView(i)
			for j, v := range q.noisy[k].RawRowView(i) {
				row[j] = α * (v - m.shift[j]) / scale
			}
		}
		m.Unconditional().Score(s, x, []float64{t})
		sum := 0.0
		for i := range n {
			row, score := x.RawRowView(i), s.RawRowView(i)
			for j, want := range q.denoised[k].RawRowView(i) {
				D := m.shift[j] + scale*row[j]/α + σ*σ/scale*α*score[j]
				sum += (D - want) * (D - want)
			}
		}
		weight := levelStep()
		if k == 0 || k == boundLevels-1 {
			weight /= 2
		}
		total += weight * sum / float64(n) / (σ * σ)
	}
	return total, nil
}

// oneScale returns the scale of all d columns.
func (m *Model) oneScale(d int) (float64, error) {
	if m == nil {
		panic("score: KLBound: m is nil, want a Model")
	}
	if d != m.dim {
		panic(fmt.Sprintf("%s: clean has %d columns, the model has %d", badShape, d, m.dim))
	}
	for j, s := range m.scale {
		if s != m.scale[0] {
			return 0, fmt.Errorf("score: KLBound: the scale of column %d is %v, that of column 0 is %v, want one: train with Settings.Scaling CommonScale: %w", j, s, m.scale[0], ErrRange)
		}
	}
	return m.scale[0], nil
}

// KLBound returns Oracle.KLBound for the rows of clean. For several looks at a
// model, or several models, keep the Oracle.
func KLBound[D Denoiser](m *Model, clean *mat.Dense, diffuse func(alpha, sigma float64) D, seed uint64) (float64, error) {
	if clean == nil {
		panic("score: KLBound: clean is nil, want rows")
	}
	_, d := clean.Dims()
	if _, err := m.oneScale(d); err != nil { // before the work
		return 0, err
	}
	return NewOracle(clean, diffuse, seed).KLBound(m)
}
