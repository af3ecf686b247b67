package score

import (
	"context"
	"fmt"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn/pool"
	"github.com/gradlogp/gradlogp/sde/noise"
)

// batcher makes training batches. With antithetic pairs the second half of a
// batch repeats the clean rows and times of the first with the noise negated.
type batcher struct {
	ctx   context.Context // of the run; nil for none
	m     *Model
	data  Data
	s     *Settings
	clean *mat.Dense // distinct clean rows, then the further reference rows
	first *mat.Dense // the distinct clean rows
	rest  *mat.Dense // the further reference rows; nil when there are none
	own   int        // distinct clean rows
	z     *mat.Dense // noise of the distinct rows
	times []float64  // of the distinct rows
	at    []instant  // the process at these times
	rng   *stream
	crew  *pool.Crew
	step  int
	noisy *mat.Dense
	mean  *mat.Dense // y = x_t/α, then the posterior means

	posterior *posterior  // nil for the plain target and with a pool
	pool      *references // nil without
	good      []bool      // of the pool, the rows that have a mean, when averaged
	distinct  *distinct   // serves first and rest together; nil for other Data than rows and without a pool
	lesson    *lesson     // nil without a teacher
	ways      *ways       // nil but for Trajectories
	levels    *levelBatch // nil for one level for all columns

	// For a model with conditions: those of the clean rows, their groups, nil
	// when the target does not tell groups apart, and the distinct rows whose
	// condition is dropped.
	cond, firstCond, restCond *mat.Dense
	group                     []int
	dropped                   []bool

	// What is ready for fill, and what went wrong.
	ready, averaged bool
	err             error
	coeffs          []float32 // columns of the distinct rows

	ahead  func()              // prepares the next step, bound once
	target func(worker, i int) // likewise

	// The leaves, batch rows each: clean target, noisy rows, noise, columns, encoded
	// conditions.
	x0, xt, zt, cols, given []float32
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

func newBatcher(m *Model, data Data, s *Settings, crew *pool.Crew) *batcher {
	own := s.Batch
	if !s.Independent {
		own = (s.Batch + 1) / 2
	}
	refs, groups := own, 0
	if m.cond != nil {
		groups = m.cond.groups()
	}
	averaged := s.Teacher == nil && (m.cond == nil || groups > 0) // as far as teacher and conditions go
	if averaged {
		refs = max(s.References, s.Pool.Rows, own)
	}
	if m.levels {
		refs = max(refs, poolOf*own)
	}
	pooled := refs
	set, some := data.(rows)
	if some = some && averaged && s.Pool.Rows > 0 && set.len() <= mostDistinct; some {
		pooled = min(refs, set.len())
		refs = max(pooled, own)
	}
	b := &batcher{
		m: m, data: data, s: s, own: own, rng: newStream(), crew: crew,
		clean: mat.NewDense(refs, m.dim, nil), z: mat.NewDense(own, m.dim, nil),
		times: make([]float64, own), at: make([]instant, own),
		x0: make([]float32, s.Batch*m.dim), xt: make([]float32, s.Batch*m.dim), zt: make([]float32, s.Batch*m.dim),
		noisy: mat.NewDense(s.Batch, m.dim, nil), mean: mat.NewDense(s.Batch, m.dim, nil),
	}
	b.cols, b.coeffs = make([]float32, s.Batch*b.columnsOf()), make([]float32, own*b.columnsOf())
	targeted := b.targeted
	if m.levels {
		b.levels, targeted = newLevelBatch(m), b.targetedByColumn
	}
	switch {
	case s.Teacher != nil:
		b.lesson = newLesson(b)
		if _, ok := s.Objective.(Trajectories); ok {
			b.ways = newWays(b)
		}
	case !averaged:
	case s.Pool.Rows > 0:
		b.pool, b.good = newReferences(s.Pool, pooled, own, s.Batch, m.dim, groups, m.levels), make([]bool, s.Batch)
	case s.References > 0:
		b.posterior = newPosterior(m.dim, refs, s.Batch, groups, m.levels)
	}
	b.first = b.clean.Slice(0, own, 0, m.dim).(*mat.Dense)
	if refs > own {
		b.rest = b.clean.Slice(own, refs, 0, m.dim).(*mat.Dense)
	}
	if m.cond != nil {
		b.addConditions(refs, groups)
	}
	if some {
		b.distinct = newDistinct(set, pooled, b.clean, b.cond)
	}
	b.ahead, b.target = func() { b.prepare(b.step + 1) }, byRow(s.Batch, targeted)
	return b
}

// grain is the number of rows that a goroutine takes at a time.
const grain = 16

// grains returns the number of grains of n rows.
func grains(n int) int { return (n + grain - 1) / grain }

// byRow returns the function that calls f for the rows of a grain of n rows.
func byRow(n int, f func(i int)) func(worker, i int) {
	return func(_, g int) {
		for i := g * grain; i < min((g+1)*grain, n); i++ {
			f(i)
		}
	}
}

// fill makes the batch of a step.
func (b *batcher) fill(step int) error {
	if !b.ready || b.step != step {
		b.prepare(step)
	}
	b.ready = false
	if b.err != nil {
		return b.err
	}
	if b.posterior != nil && !b.averaged {
		b.posterior.run(b.crew)
	}
	if b.lesson != nil {
		b.teach()
	}
	b.crew.Each(grains(b.s.Batch), b.target)
	return nil
}

// prepare does what fill need not wait for. It leaves the leaves alone, so that
// one goroutine can do it beside the step before, which the weights keep busy
// long enough. For many workers the averages of the references are left to
// fill, where they share them.
func (b *batcher) prepare(step int) {
	const few = 2
	b.step, b.ready, b.averaged = step, true, b.crew.Workers() <= few
	if b.err = b.gather(step); b.err != nil || !b.averaged {
		return
	}
	if b.posterior != nil {
		b.posterior.run(nil)
	}
	if b.pool != nil {
		for i := range b.good {
			b.good[i] = b.pool.average(i)
		}
	}
}

// gather collects the rows of a step and their noise.
func (b *batcher) gather(step int) error {
	if err := b.cleanRows(step); err != nil {
		return err
	}
	for j := range b.group {
		b.group[j] = b.m.cond.group(b.cond.RawRowView(j))
	}
	if b.posterior != nil {
		b.posterior.load(b.clean, b.group)
	}
	noise.White{Seed: b.s.Seed}.Rows(b.z.RawMatrix().Data, b.m.dim, noise.Draw{Purpose: noise.Perturb, Step: step})
	if b.levels != nil {
		b.levels.next = 0
	}
	if b.pool != nil {
		b.pool.begin()
	}
	if b.ways != nil {
		if err := b.ways.renew(b, step); err != nil {
			return err
		}
	}
	for i := range b.own {
		b.times[i] = b.s.Times.Quantile(b.m.process, b.level(i))
		b.drop(i)
		if err := b.onSpan(b.times[i], b.level(i)); err != nil {
			return err
		}
		if b.ways != nil {
			b.ways.choose(b, i)
		}
		if b.levels == nil {
			b.noised(i)
		} else if err := b.noisedByColumn(i); err != nil {
			return err
		}
	}
	if b.pool != nil {
		b.pool.load(b.clean, b.group)
	}
	return nil
}

// onSpan checks a time that Settings.Times gives.
func (b *batcher) onSpan(t, quantile float64) error {
	if start, end := b.m.process.Span(); !(t >= start && t <= end) {
		return fmt.Errorf("score: Fit: step %d: Settings.Times: gives %v at quantile %v, want a time on [%v, %v]: %w", b.step+1, t, quantile, start, end, ErrRange)
	}
	return nil
}

// level returns the quantile of the time of a distinct row, drawn from the
// row's share of the unit interval.
func (b *batcher) level(i int) float64 {
	var u [1]float64
	noise.Uniform(u[:], b.s.Seed, noise.Draw{Purpose: noise.Level, Step: b.step, Row: i})
	return (float64(i) + u[0]) / float64(b.own)
}

// inputs returns the storage of the leaves.
func (b *batcher) inputs() [][]float32 {
	in := [][]float32{b.x0, b.xt, b.zt, b.cols}
	if b.m.cond != nil {
		b.given = make([]float32, b.s.Batch*b.m.cond.width)
		in = append(in, b.given)
	}
	return in
}

// noised makes the noisy rows i and, with antithetic pairs, own + i.
func (b *batcher) noised(i int) {
	p := &b.at[i]
	*p = newInstant(b.m.process, b.times[i])
	α, σ := p.α, p.σ
	width := b.columnsOf()
	b.columns(b.coeffs[i*width:(i+1)*width], p)
	if b.m.maps {
		b.mapColumns(b.coeffs[i*width:(i+1)*width], i)
	}
	x0, z := b.clean.RawRowView(i), b.z.RawRowView(i)
	square := 0.0
	for _, v := range z {
		square += v * v
	}
	for r, sign := i, 1.0; r < b.s.Batch; r, sign = r+b.own, -1 {
		noisy, y := b.noisy.RawRowView(r), b.mean.RawRowView(r)
		for j := range x0 {
			noisy[j] = α*x0[j] + σ*sign*z[j]
			y[j] = noisy[j] / α
		}
		if b.pool != nil {
			b.pool.set(r, i, y, square/2, b.groupOf(i), σ/α)
		}
		if b.ways.on(b, r) {
			b.ways.place(b, r)
		}
		if b.posterior != nil {
			b.posterior.set(r, y, σ/α, square/2) // the row's own clean row has exponent 0
			if g := b.groupOf(i); g >= 0 {
				b.posterior.within(r, g, square/2)
			}
		}
	}
}

// groupOf returns the group of a distinct row, −1 for one that averages over all.
func (b *batcher) groupOf(i int) int {
	if b.group == nil || b.dropped[i] {
		return -1
	}
	return b.group[i]
}

// cleanTarget returns the target of noisy row i, which came from the clean row k.
func (b *batcher) cleanTarget(i, k int) []float64 {
	mean, ok := b.mean.RawRowView(i), false
	switch {
	case b.posterior != nil:
		ok = b.posterior.mean(mean, i)
	case b.pool != nil && b.averaged:
		ok = b.good[i]
	case b.pool != nil:
		ok = b.pool.average(i)
	}
	if !ok {
		copy(mean, b.clean.RawRowView(k))
	}
	return mean
}

// targeted fills the leaves of row i.
func (b *batcher) targeted(i int) {
	d, k := b.m.dim, i
	if i >= b.own {
		k -= b.own
	}
	mean := b.mean.RawRowView(i)
	if b.lesson == nil {
		mean = b.cleanTarget(i, k)
	}
	b.encode(i)
	width := b.columnsOf()
	copy(b.cols[i*width:(i+1)*width], b.coeffs[k*width:])
	α, σ := b.at[k].α, b.at[k].σ
	for j, v := range b.noisy.RawRowView(i) {
		b.xt[i*d+j], b.x0[i*d+j], b.zt[i*d+j] = float32(v), float32(mean[j]), float32((v-α*mean[j])/σ)
	}
}
