package export

import (
	"fmt"
	"math"
	"reflect"
	"strconv"

	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/onnx"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
)

// Sampler returns the graph of what sampler.Sample does with the same arguments, as a
// loop: input "noise" (N×(1+draws)d), output "sample" (N×d, in the coordinates of the data).
//
// The noise is standard normal: d columns of the start, and d for each draw of the method
// in the order in which it asks for them, none for a deterministic one; Metadata says how many. Run with
// the normals that noise.White would have drawn it returns Sample's rows, to rounding.
//
// Any predictor and corrector will do, also the caller's own, as long as what they do is
// the same sum for all scores: adaptive steps, norms of scores and rows that look at each
// other are ErrUnsupported, as are sampler.FlowMap, a method that needs more than its last eight scores and
// more than 4,096 evaluations. The Settings' Noise, Seed, Workers, Observer and rows do not matter.
// Cells that the Problem knows exactly come out as they are, those left out as 0.
func Sampler(p sde.Problem, pred sampler.Predictor, run *sampler.Settings, s *Settings) (*onnx.Graph, error) {
	r, err := newRun("Sampler", p, pred, run, s)
	if err != nil {
		return nil, err
	}
	return r.loop(), nil
}

// Unrolled is Sampler with the steps one after the other instead of a loop, for engines
// that have none or plan ahead: a larger file, whose parameters are there once.
func Unrolled(p sde.Problem, pred sampler.Predictor, run *sampler.Settings, s *Settings) (*onnx.Graph, error) {
	r, err := newRun("Unrolled", p, pred, run, s)
	if err != nil {
		return nil, err
	}
	return r.unrolled(), nil
}

// run is a sampler to be written down.
type run struct {
	*builder
	verb string
	*trace
	*recursion
	noise *ad.Expr
	start *ad.Expr
}

func newRun(verb string, p sde.Problem, pred sampler.Predictor, given *sampler.Settings, s *Settings) (*run, error) {
	fail := func(err error) (*run, error) { return nil, fmt.Errorf("export: %s: %w", verb, err) }
	b, err := newBuilder(p, s)
	if err != nil {
		return fail(err)
	}
	if pred == nil || reflect.ValueOf(pred).Kind() == reflect.Pointer && reflect.ValueOf(pred).IsNil() {
		return fail(fmt.Errorf("pred: is nil, want a predictor: %w", ErrRange))
	}
	if _, maps := pred.(sampler.FlowMap); maps {
		return fail(fmt.Errorf("pred: is a sampler.FlowMap, which evaluates the map of a model, want one that evaluates its score: %w", ErrUnsupported))
	}
	var settings sampler.Settings
	if given != nil {
		settings = *given
	}
	if settings.Grid == nil {
		levels := grid.Default
		if p.Conditional {
			levels = grid.Conditional
		}
		settings.Grid = levels(p.SDE, grid.DefaultPoints)
	}
	prior := settings.Prior
	if prior.Mean == nil && prior.Variance == nil {
		prior = p.Prior
	}
	if err := prior.Validate(b.dim); err != nil {
		return fail(err)
	}
	settings.Prior = sde.Prior{}
	if len(settings.Grid) < 2 {
		return fail(fmt.Errorf("Settings.Grid: has %d points, want 2 or more: %w", len(settings.Grid), ErrRange))
	}
	r := &run{builder: b, verb: verb}
	if r.trace, err = newTrace(p, pred, settings); err != nil {
		return fail(err)
	}
	if r.recursion = newRecursion(p.SDE, r.trace); r.recursion == nil {
		return fail(fmt.Errorf("%T: a step needs more than the last %d scores: %w", pred, mostWindow, ErrUnsupported))
	}
	r.noise = ad.Input("noise", (1+r.trace.draws)*b.dim)
	r.begin(prior, settings.Grid[0])
	return r, nil
}

// begin builds the start αm + √(α²v + σ²) z, with the mean that the denoiser tells where
// the data are conditional.
func (r *run) begin(prior sde.Prior, t float64) {
	alpha, sigma := r.problem.Kernel(t)
	means, deviations := make([]float64, r.dim), make([]float64, r.dim)
	for j := range means {
		mean, variance := prior.At(j, alpha, sigma)
		means[j], deviations[j] = mean, math.Sqrt(variance)
	}
	z := ad.Slice(r.noise, 0, r.dim)
	r.start = ad.Mul(ad.Row(deviations), z)
	if !r.problem.Conditional || prior.Mean != nil {
		r.start = ad.Add(r.start, ad.Row(means))
		return
	}
	mean := r.express(ad.Scale(0, z), ad.Row(r.coefficients(t, 1/alpha, sigma*sigma/alpha)))
	r.start = ad.Add(r.start, ad.Scale(alpha, mean))
}

// sum returns Σ w_i x_i without what has no weight.
type sum struct{ e *ad.Expr }

func (s *sum) add(w float64, x *ad.Expr) {
	switch term := ad.Scale(w, x); {
	case w == 0:
	case s.e == nil:
		s.e = term
	default:
		s.e = ad.Add(s.e, term)
	}
}

// unrolled builds one step after the other.
func (r *run) unrolled() *onnx.Graph {
	rows, scores := []*ad.Expr{r.start}, []*ad.Expr(nil)
	for k, st := range r.steps {
		scores = append(scores, r.express(rows[k], ad.Row(r.coefficients(r.times[k], 0, 1))))
		var next sum
		for i := range min(r.window, k+1) {
			next.add(st.onX[i], rows[k-i])
			next.add(st.onScore[i], scores[k-i])
		}
		for i, d := range st.draw {
			next.add(st.onDraw[i], ad.Slice(r.noise, (1+d)*r.dim, (2+d)*r.dim))
		}
		if next.e == nil {
			next.e = ad.Scale(0, r.start)
		}
		rows = append(rows, next.e)
	}
	return r.finish(rows[len(rows)-1])
}

// loop builds one step for all.
func (r *run) loop() *onnx.Graph {
	d, w := r.dim, r.window
	l := &onnx.Loop{Count: len(r.steps)}
	var rows, scores []*ad.Expr
	for i := range w {
		rows = append(rows, ad.Input("x_"+strconv.Itoa(i), d))
		if i > 0 {
			scores = append(scores, ad.Input("s_"+strconv.Itoa(i), d))
		}
	}
	var values []float32
	for k, st := range r.steps {
		row := r.coefficients(r.times[k], 0, 1)
		row = append(append(row, st.onX...), st.onScore...)
		row = append(row, append(st.onDraw, make([]float64, r.recursion.draws-len(st.onDraw))...)...)
		for _, v := range row {
			values = append(values, float32(v))
		}
	}
	steps := ad.UniformInput("steps", len(values)/len(r.steps))
	l.Steps = []onnx.Steps{{Leaf: steps, Values: values}}
	at := steps.Cols() - 2*w - r.recursion.draws
	weight := func(i int) *ad.Expr { return ad.Slice(steps, at+i, at+i+1) }

	score := r.express(rows[0], ad.Slice(steps, 0, at))
	next := ad.Mul(weight(w), score)
	for i, x := range rows {
		next = ad.Add(next, ad.Mul(weight(i), x))
	}
	for i, s := range scores {
		next = ad.Add(next, ad.Mul(weight(w+1+i), s))
	}
	if m := r.recursion.draws; m > 0 {
		z := ad.Input("draws", m*d)
		pick := onnx.Pick{Leaf: z, From: r.noise, Width: d}
		for _, st := range r.steps {
			index := make([]int, m)
			for i, k := range st.draw {
				index[i] = 1 + k
			}
			pick.Index = append(pick.Index, index)
		}
		for i := range m {
			next = ad.Add(next, ad.Mul(weight(2*w+i), ad.Slice(z, i*d, (i+1)*d)))
		}
		l.Picks = []onnx.Pick{pick}
	}
	zero := ad.Scale(0, r.start)
	l.State = append(l.State, onnx.State{Leaf: rows[0], Start: r.start, Next: next})
	for i, s := range scores {
		l.State = append(l.State, onnx.State{Leaf: rows[i+1], Start: zero, Next: rows[i]})
		before := score
		if i > 0 {
			before = scores[i-1]
		}
		l.State = append(l.State, onnx.State{Leaf: s, Start: zero, Next: before})
	}
	g := r.finish(rows[0])
	g.Loop = l
	return g
}

// finish returns the graph whose last row is y.
func (r *run) finish(y *ad.Expr) *onnx.Graph {
	x := r.toData(y)
	if seen := r.problem.Observed; seen != nil {
		x = ad.Add(ad.Mul(x, ad.Row(drawn(seen.RawRowView(0)))), ad.Row(r.known(seen.RawRowView(0))))
	}
	g := r.graph(r.verb, []*ad.Expr{r.noise}, []onnx.Output{{Name: "sample", Value: x}})
	g.Metadata["gradlogp.draws"] = strconv.Itoa(r.trace.draws)
	g.Metadata["gradlogp.evaluations"] = strconv.Itoa(len(r.times))
	return g
}

// drawn returns 1 for cells that are drawn, known what the others are.
func drawn(seen []float64) []float64 {
	v := make([]float64, len(seen))
	for j, k := range seen {
		if math.IsNaN(k) {
			v[j] = 1
		}
	}
	return v
}

func (r *run) known(seen []float64) []float64 {
	v := make([]float64, len(seen))
	for j, k := range seen {
		if k-k != 0 {
			continue
		}
		v[j] = k
		if r.Standardised {
			v[j] = (k - r.problem.Frame.Shift[j]) / r.problem.Frame.Scale[j]
		}
	}
	return v
}
