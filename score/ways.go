package score

import (
	"cmp"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
)

// The ways of a store go from the noise level highestWay to lowestWay, or as far as the span
// has them, and on to the data.
const (
	highestWay = 80
	lowestWay  = 0.002
)

// ways are trajectories of a teacher in store: which ones at a step, and what they are,
// depends on the seed and the step only.
type ways struct {
	o       Trajectories
	teacher *Model
	times   []float64   // of the points, the last being 0
	at      []instant   // likewise
	rows    *mat.Dense  // a way a row, its points one after the other, in model coordinates
	cond    *mat.Dense  // its conditions; nil for a model without
	dropped []bool      // whether it does without them
	filled  int         // the step up to which the store is renewed; −1 before the first
	of      []wayPoints // what the distinct rows of a batch are
	slot    []int       // the way that a row of the batch is on
}

// wayPoints are two points of ways, from one to a later one; from < 0 is a row on no way.
type wayPoints struct{ from, to int }

func newWays(b *batcher) *ways {
	o, _ := b.s.Objective.(Trajectories)
	w := &ways{o: o, teacher: b.s.Teacher, filled: -1, of: make([]wayPoints, b.own), slot: make([]int, b.s.Batch)}
	w.o.Steps = cmp.Or(o.Steps, 32)
	points := w.o.Steps + 1
	if w.o.Kept == 0 {
		w.o.Kept = max(min(32*b.s.Batch, (1<<23)/(points*b.m.dim)), 64)
	}
	w.o.Fresh = min(cmp.Or(o.Fresh, max(1, b.s.Batch/32)), w.o.Kept)
	w.o.Kept -= w.o.Kept % w.o.Fresh // every one is renewed in turn
	start, end := b.m.process.Span()
	low := max(lowestWay, math.Exp(-sde.LogSNR(b.m.process, start)))
	high := min(highestWay, math.Exp(-sde.LogSNR(b.m.process, end)))
	const ρ = 7
	for i := range w.o.Steps {
		u := float64(i) / float64(w.o.Steps-1)
		level := math.Pow((1-u)*math.Pow(high, 1./ρ)+u*math.Pow(low, 1./ρ), ρ)
		w.times = append(w.times, timeAt(b.m.process, math.Log(level)))
	}
	w.times = append(w.times, 0)
	for _, t := range w.times {
		w.at = append(w.at, newInstant(b.m.process, t))
	}
	last := &w.at[points-1]
	last.α, last.σ = 1, 0 // the data, whatever noise the process has at 0
	w.rows = mat.NewDense(w.o.Kept, points*b.m.dim, nil)
	if b.m.cond != nil {
		w.cond, w.dropped = b.m.conditionsOf(w.o.Kept), make([]bool, w.o.Kept)
	}
	return w
}

// renew brings the store to a step.
func (w *ways) renew(b *batcher, step int) error {
	if w.filled < 0 {
		if err := w.follow(b, 0, 0, w.o.Kept); err != nil {
			return err
		}
		w.filled = max(0, step-w.o.Kept/w.o.Fresh) // older ones have been replaced
	}
	for ; w.filled < step; w.filled++ {
		s := w.filled + 1
		first := s * w.o.Fresh % w.o.Kept
		if err := w.follow(b, s, first, w.o.Fresh); err != nil {
			return err
		}
	}
	return nil
}

// follow replaces n ways from the first on by those of a step.
func (w *ways) follow(b *batcher, step, first, n int) error {
	const atOnce = 2048
	for n > atOnce {
		if err := w.follow(b, step, first, atOnce); err != nil {
			return err
		}
		first, n = first+atOnce, n-atOnce
	}
	d := b.m.dim
	x, field, next := mat.NewDense(n, d, nil), mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
	var cond *mat.Dense
	if w.cond != nil {
		cond = w.cond.Slice(first, first+n, 0, b.m.cond.count()).(*mat.Dense)
	}
	clean := mat.NewDense(n, d, nil)
	rowsOfCond := b.m.conditionsOf(n)
	if err := b.pairs(clean, rowsOfCond, step, b.own+first, noise.Reference); err != nil {
		return err
	}
	if cond != nil {
		cond.Copy(rowsOfCond)
		for i := range n {
			var u [1]float64
			noise.Uniform(u[:], b.s.Seed, noise.Draw{Purpose: noise.Level, Step: step, Row: first + i, Slot: 5})
			w.dropped[first+i] = u[0] < b.s.DropCond
		}
	}
	noise.White{Seed: b.s.Seed}.Rows(x.RawMatrix().Data, d, noise.Draw{Purpose: noise.Perturb, Step: step, Row: first, Slot: 2})
	α, σ := w.at[0].α, w.at[0].σ
	for i := range n {
		row := x.RawRowView(i)
		for j, v := range clean.RawRowView(i) {
			row[j] = v + σ/α*row[j] // x/α
		}
	}
	w.keep(first, 0, x)
	for k := range w.o.Steps {
		if b.ctx != nil && b.ctx.Err() != nil {
			return b.ctx.Err() // to fill a store takes many seconds
		}
		from, to := &w.at[k], &w.at[k+1]
		ς, ςn := from.σ/from.α, to.σ/to.α
		w.field(field, x, k, first)
		step := func(i int, h float64, f *mat.Dense) {
			out, row, g := next.RawRowView(i), x.RawRowView(i), f.RawRowView(i)
			for j := range out {
				out[j] = row[j] + h*g[j]
			}
		}
		for i := range n {
			step(i, ςn-ς, field)
		}
		if ςn > 0 { // Heun's second half
			second := mat.NewDense(n, d, nil)
			w.field(second, next, k+1, first)
			field.Add(field, second)
			for i := range n {
				step(i, (ςn-ς)/2, field)
			}
		}
		x, next = next, x
		w.keep(first, k+1, x)
	}
	return nil
}

// field writes dx'/dς = (x' − D)/ς = −σs of x' = x/α at a point.
func (w *ways) field(dst, x *mat.Dense, point, first int) {
	α, σ := w.at[point].α, w.at[point].σ
	n, d := x.Dims()
	scaled, s := mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
	scaled.Scale(α, x)
	w.score(s, scaled, w.times[point], first)
	dst.Scale(-σ, s)
}

// score is the teacher's under the conditions of the ways from the first on, or without for
// those that do without: one evaluation a way.
func (w *ways) score(dst, x *mat.Dense, t float64, first int) {
	without := &View{m: w.teacher, alone: true}
	if w.cond == nil {
		without.Score(dst, x, []float64{t})
		return
	}
	n, d := x.Dims()
	_, k := w.cond.Dims()
	given := &View{m: w.teacher, alone: true, cond: w.cond.Slice(first, first+n, 0, k).(*mat.Dense)}
	var rows [2][]int
	for i := range n {
		part := 0
		if w.dropped[first+i] {
			part = 1
		}
		rows[part] = append(rows[part], i)
	}
	for part, rows := range rows {
		if len(rows) == 0 {
			continue
		}
		some, s := mat.NewDense(len(rows), d, nil), mat.NewDense(len(rows), d, nil)
		for k, i := range rows {
			some.SetRow(k, x.RawRowView(i))
		}
		if part == 0 {
			given.Select(rows).Score(s, some, []float64{t})
		} else {
			without.Score(s, some, []float64{t})
		}
		for k, i := range rows {
			dst.SetRow(i, s.RawRowView(k))
		}
	}
}

// keep stores a point of the ways from the first on.
func (w *ways) keep(first, point int, x *mat.Dense) {
	n, d := x.Dims()
	for i := range n {
		copy(w.rows.RawRowView(first + i)[point*d:(point+1)*d], x.RawRowView(i))
	}
}

// choose makes a distinct row of a batch one on two ways, or one on none.
func (w *ways) choose(b *batcher, i int) {
	var u [5]float64
	noise.Uniform(u[:], b.s.Seed, noise.Draw{Purpose: noise.Level, Step: b.step, Row: i, Slot: 4})
	if u[0] < shareOf(w.o.Same, 0.25) {
		w.of[i].from = -1
		return
	}
	last := w.o.Steps
	from := int(u[1] * float64(last))
	to := last
	if data := shareOf(w.o.Data, 0.5); u[2] >= data {
		to = from + 1 + int((u[2]-data)/(1-data)*float64(last-from))
	}
	w.of[i] = wayPoints{from, to}
	b.times[i] = w.times[from]
	for k, r := 0, i; r < b.s.Batch; k, r = k+1, r+b.own {
		w.slot[r] = int(u[3+k] * float64(w.o.Kept))
	}
}

// on reports whether a row of the batch is on a way.
func (w *ways) on(b *batcher, row int) bool { return w != nil && w.of[row%b.own].from >= 0 }

// place writes where a row of the batch is, and the clean row from which the mean field
// points away, with which the loss has it for its target.
func (w *ways) place(b *batcher, row int) {
	p, v, d := w.of[row%b.own], b.m.variance(), b.m.dim
	all := w.rows.RawRowView(w.slot[row])
	from, to := &w.at[p.from], &w.at[p.to]
	θ, θr := angleOf(from.α, from.σ, v), angleOf(to.α, to.σ, v)
	sin, cos := math.Sincos(θ)
	cosr := math.Cos(θr)
	noisy, mean := b.noisy.RawRowView(row), b.mean.RawRowView(row)
	for j := range noisy {
		x, xr := all[p.from*d+j], all[p.to*d+j]
		y, yr := cos*x, cosr*xr // times √v
		noisy[j] = from.α * x
		mean[j] = cos*y + sin*(yr-y)/(θ-θr)
	}
}

// condition returns the condition of the way that a row is on, nil for none.
func (w *ways) condition(row int) []float64 {
	if k := w.slot[row]; !w.dropped[k] {
		return w.cond.RawRowView(k)
	}
	return nil
}
