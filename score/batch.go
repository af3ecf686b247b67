package score

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
)

// Coefficients of a row in a training batch, columns of one leaf.
const (
	colIn = iota
	colNoise
	colDenoiseX
	colDenoiseF
	colScoreX
	colScoreF
	colEpsX
	colEpsF
	colVelX
	colVelF
	colT
	colAlpha
	colSigma
	colG2
	colWeight
	batchCols
)

// columnNames are what errors call the columns.
var columnNames = [batchCols]string{
	"Coeffs.In", "Coeffs.Noise", "Coeffs.Skip", "Coeffs.Out", "the score's factor of x", "the score's factor of F",
	"the noise's factor of x", "the noise's factor of F", "the velocity's factor of x", "the velocity's factor of F",
	"the time", "α", "σ", "g²", "the weight",
}

// batcher makes training batches. With antithetic pairs the second half of a
// batch repeats the clean rows and times of the first with the noise negated.
type batcher struct {
	m     *Model
	data  Data
	s     *Settings
	clean *mat.Dense // distinct clean rows, then the further reference rows
	first *mat.Dense // the distinct clean rows
	rest  *mat.Dense // the further reference rows; nil when there are none
	own   int        // distinct clean rows
	z     *mat.Dense // noise of the distinct rows
	level []float64  // a uniform number for each distinct row
	times []float64
	rng   *stream
	crew  *crew
	each  func(i int) // row, bound once
	space []float64   // 2d numbers for each row

	// The leaves, batch rows each: clean target, noisy rows, noise, columns.
	x0, xt, zt, cols []float32
}

// stream is a generator pointed at one address after the other.
type stream struct {
	source noise.Stream
	rand   *rand.Rand
}

func newStream() *stream {
	s := &stream{}
	s.rand = rand.New(&s.source)
	return s
}

func (s *stream) at(seed uint64, at noise.Draw) *rand.Rand {
	s.source.Seek(seed, at)
	return s.rand
}

func newBatcher(m *Model, data Data, s *Settings, workers int) *batcher {
	own := s.Batch
	if !s.NoAntithetic {
		own = (s.Batch + 1) / 2
	}
	refs := max(s.References, own)
	b := &batcher{
		m: m, data: data, s: s, own: own, rng: newStream(), crew: newCrew(workers),
		clean: mat.NewDense(refs, m.dim, nil), z: mat.NewDense(own, m.dim, nil),
		level: make([]float64, 1), times: make([]float64, own),
		x0: make([]float32, s.Batch*m.dim), xt: make([]float32, s.Batch*m.dim), zt: make([]float32, s.Batch*m.dim),
		cols: make([]float32, s.Batch*batchCols), space: make([]float64, 2*s.Batch*m.dim),
	}
	b.first = b.clean.Slice(0, own, 0, m.dim).(*mat.Dense)
	if refs > own {
		b.rest = b.clean.Slice(own, refs, 0, m.dim).(*mat.Dense)
	}
	b.each = b.row
	return b
}

// fill makes the batch of a step.
func (b *batcher) fill(step int) error {
	if err := b.rows(b.first, step, 0, noise.Data); err != nil {
		return err
	}
	if b.rest != nil {
		if err := b.rows(b.rest, step, b.own, noise.Reference); err != nil {
			return err
		}
	}
	start, end := b.m.process.Span()
	noise.White{Seed: b.s.Seed}.Normal(b.z, noise.Draw{Purpose: noise.Perturb, Step: step})
	for i := range b.times {
		noise.Uniform(b.level, b.s.Seed, noise.Draw{Purpose: noise.Level, Step: step, Row: i})
		u := (float64(i) + b.level[0]) / float64(b.own)
		t := b.s.Times.At(b.m.process, u)
		if !(t >= start && t <= end) {
			return fmt.Errorf("score: Fit: step %d: %w: Settings.Times gives %v at quantile %v, want a time on [%v, %v]", step+1, ErrRange, t, u, start, end)
		}
		b.times[i] = t
	}
	b.crew.each(b.s.Batch, b.each)
	return nil
}

// rows draws clean rows from the data and maps them to model coordinates.
func (b *batcher) rows(x *mat.Dense, step, row int, purpose noise.Purpose) error {
	rng := b.rng.at(b.s.Seed, noise.Draw{Purpose: purpose, Step: step, Row: row})
	if err := b.data.Batch(x, nil, step, row, rng); err != nil {
		return fmt.Errorf("score: Fit: data at step %d: %w", step, err)
	}
	if i, j, bad := firstNonFinite(x); bad {
		return fmt.Errorf("score: Fit: data at step %d: %w: row %d, column %d is %v", step, ErrNonFinite, row+i, j, x.At(i, j))
	}
	b.m.toModel(x)
	return nil
}

// row fills row i of the batch.
func (b *batcher) row(i int) {
	d, k, sign := b.m.dim, i, 1.0
	if i >= b.own {
		k, sign = i-b.own, -1
	}
	p, t := b.m.process, b.times[k]
	α, σ := p.Kernel(t)
	x0, z := b.clean.RawRowView(k), b.z.RawRowView(k)
	xt, target, eff := b.xt[i*d:(i+1)*d], b.x0[i*d:(i+1)*d], b.zt[i*d:(i+1)*d]
	noisy, mean := b.space[2*i*d:(2*i+1)*d], b.space[(2*i+1)*d:(2*i+2)*d]
	for j := range d {
		noisy[j] = α*x0[j] + σ*sign*z[j]
	}
	if b.s.References > 0 {
		posteriorMean(mean, noisy, b.clean, α, σ)
	} else {
		copy(mean, x0)
	}
	for j := range d {
		xt[j], target[j] = float32(noisy[j]), float32(mean[j])
		eff[j] = float32((noisy[j] - α*mean[j]) / σ)
	}
	b.columns(b.cols[i*batchCols:(i+1)*batchCols], p, t)
}

// columns fills the coefficients of a time.
func (b *batcher) columns(c []float32, p sde.SDE, t float64) {
	α, σ := p.Kernel(t)
	f, g2 := p.Rates(t)
	k := b.m.precond.Coeffs(p, t)
	sx, sf := -k.Rest/(σ*σ), α*k.Out/(σ*σ)
	for i, v := range [batchCols]float64{
		colIn: k.In, colNoise: k.Noise, colDenoiseX: k.Skip, colDenoiseF: k.Out, colScoreX: sx, colScoreF: sf,
		colEpsX: k.Rest / σ, colEpsF: -α * k.Out / σ, colVelX: f - 0.5*g2*sx, colVelF: -0.5 * g2 * sf,
		colT: t, colAlpha: α, colSigma: σ, colG2: g2, colWeight: b.s.Weight.At(p, t),
	} {
		c[i] = float32(v)
	}
}

// posteriorMean writes into dst the mean of the reference rows under the
// weights softmax_j(−‖x − αr_j‖²/(2σ²)): the expectation of the clean row given
// the noisy one x when the data are the reference rows.
func posteriorMean(dst, x []float64, refs *mat.Dense, α, σ float64) {
	n, d := refs.Dims()
	raw := refs.RawMatrix().Data
	distance := func(j int) float64 {
		q := 0.0
		for k, r := range raw[j*d : (j+1)*d] {
			e := x[k] - α*r
			q += e * e
		}
		return q
	}
	nearest := math.Inf(1)
	for j := range n {
		nearest = min(nearest, distance(j))
	}
	clear(dst)
	const negligible = 40 // e⁻⁴⁰ of the largest weight
	total, h := 0.0, 1/(2*σ*σ)
	for j := range n {
		e := (distance(j) - nearest) * h
		if e > negligible {
			continue
		}
		w := math.Exp(-e)
		total += w
		for k, r := range raw[j*d : (j+1)*d] {
			dst[k] += w * r
		}
	}
	for k := range dst {
		dst[k] /= total
	}
}

// leaves returns the inputs of the training program and what an Objective
// sees of them.
func (b *batcher) leaves() (in []*ad.Expr, leaf Batch, col func(i int) *ad.Expr) {
	d := b.m.dim
	cols := ad.Input("columns", batchCols)
	leaf = Batch{X0: ad.Input("x0", d), Xt: ad.Input("xt", d), Z: ad.Input("z", d)}
	col = func(i int) *ad.Expr { return ad.Slice(cols, i, i+1) }
	leaf.T, leaf.Alpha, leaf.Sigma, leaf.G2, leaf.Weight = col(colT), col(colAlpha), col(colSigma), col(colG2), col(colWeight)
	return []*ad.Expr{leaf.X0, leaf.Xt, leaf.Z, cols}, leaf, col
}
