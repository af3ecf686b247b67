package score

import (
	"fmt"
	"sync"
	"sync/atomic"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/pool"
)

// evaluator runs a model's programs in one precision.
type evaluator interface {
	load(theta []float32)
	score(dst, x *mat.Dense, at place)
	divergence(dst *mat.Dense, div []float64, x *mat.Dense, at place)
	jvp(dst, jv, x, v *mat.Dense, at place)
	vjp(dst, jtu, x, u *mat.Dense, at place)
	jvps(dst *mat.Dense, jv []*mat.Dense, x *mat.Dense, v []*mat.Dense, at place)
	energy(dst []float64, x *mat.Dense, at place)
	work(at place) float64
	flowMap(dst, x *mat.Dense, at place)
}

// place is what rows are evaluated at: the coefficients of a common time or of
// one a row, the conditions, and what is observed of the rows exactly, common or one
// a row; nil is none.
type place struct {
	coeffs []float64
	cond   *mat.Dense
	seen   *mat.Dense
	alone  bool // see View.alone
}

// common reports whether there is one condition, or none, for all rows.
func (p place) common() bool { return p.cond == nil || p.cond.RawMatrix().Rows == 1 }

// coeffsPerTime is the number of coefficients of a time: the network's input
// scale and noise level, and the score's factors of x and of the network.
const coeffsPerTime = 4

// engine holds the programs of a model, each compiled when it is first needed
// and once for a common time, once for a time a row, and likewise for
// conditions: all give the same bits, but what depends on a common time or
// condition alone is computed once.
type engine[T ad.Float] struct {
	m     *Model // its dimension, network, parameters and conditions
	theta []T
	forms [7][4]form[T]
}

// The programs of an engine.
const (
	scoreForm = iota
	divergenceForm
	jvpForm
	energyForm
	bundleForm
	vjpForm
	mapForm
)

// form is one compiled program with its packed weights and idle buffers.
type form[T ad.Float] struct {
	mu      sync.Mutex
	ready   atomic.Bool    // program can be used without the lock
	program *ad.Program[T] // nil: not compiled
	inputs  int
	weights ad.Weights[T]
	idle    pool.Free[*buffers[T]]
}

type buffers[T ad.Float] struct {
	in, out [][]T
	crew    *pool.Crew
}

func newEngine[T ad.Float](m *Model, theta []float32) *engine[T] {
	e := &engine[T]{m: m, theta: make([]T, len(theta))}
	e.load(theta)
	return e
}

// load replaces the weights. It may not run beside an evaluation.
func (e *engine[T]) load(theta []float32) {
	for i, v := range theta {
		e.theta[i] = T(v)
	}
	for k := range e.forms {
		for u := range e.forms[k] {
			if f := &e.forms[k][u]; f.program != nil {
				f.program.Pack(&f.weights, e.theta, nil)
			}
		}
	}
}

// build compiles the program when that has not been done. One that cannot be
// compiled panics at every call.
func (f *form[T]) build(compile func()) {
	if f.ready.Load() {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.program == nil {
		compile()
	}
	f.ready.Store(true)
}

// form returns a program for times and conditions that are common or one a row.
func (e *engine[T]) form(kind int, at place) *form[T] {
	m, width := e.m, e.m.conditionWidth()
	coeffs := m.coeffsAt()
	if kind == mapForm {
		coeffs = coeffsPerMap
	}
	commonTime, commonCond := len(at.coeffs) == coeffs, at.common()
	which := 0
	if commonTime {
		which++
	}
	if commonCond {
		which += 2
	}
	f := &e.forms[kind][which]
	f.build(func() {
		leaf := func(name string, cols int, common bool) *ad.Expr {
			if common {
				return ad.UniformInput(name, cols)
			}
			return ad.Input(name, cols)
		}
		x, c := ad.Input("x", m.dim), leaf("c", coeffs, commonTime)
		in := []*ad.Expr{x, c}
		b := nn.NewBuild(m.params)
		if width > 0 {
			cond := leaf("cond", width, commonCond)
			in = append(in, cond)
			b.Cond = m.condition(b, cond)
		}
		scoreOf := scoreOf
		switch {
		case m.levels:
			scoreOf = levelsOf
		case m.maps:
			scoreOf = m.mapScoreOf
		}
		var out []*ad.Expr
		var direction *ad.Expr
		switch kind {
		case scoreForm:
			out = []*ad.Expr{scoreOf(b, m.net, x, c)}
		case mapForm:
			out = []*ad.Expr{m.mapOf(b, x, c)}
		case energyForm:
			out = []*ad.Expr{energyOf(b, m.net.(conservative), x, c)}
		case jvpForm:
			v, s := ad.Input("v", m.dim), scoreOf(b, m.net, x, c)
			in, out = append(in, v), []*ad.Expr{s, ad.JVP(s, x, v)}
		case vjpForm:
			u, s := ad.Input("u", m.dim), scoreOf(b, m.net, x, c)
			in, out = append(in, u), []*ad.Expr{s, ad.Grad(ad.SumCols(ad.Mul(u, s)), x)[0]}
		case bundleForm:
			s := scoreOf(b, m.net, x, c)
			out = []*ad.Expr{s}
			for k := range bundle {
				v := ad.Input(fmt.Sprintf("v%d", k), m.dim)
				in, out = append(in, v), append(out, ad.JVP(s, x, v))
			}
		case divergenceForm:
			direction = ad.UniformInput("v", m.dim)
			s := scoreOf(b, m.net, x, c)
			out = []*ad.Expr{s, ad.SumCols(ad.Mul(direction, ad.JVP(s, x, direction)))}
		}
		f.inputs = len(in)
		f.program = ad.CompileOver[T](out, in, direction)
		f.program.Pack(&f.weights, e.theta, nil)
	})
	return f
}

// scoreOf builds s = onX·x + onF·F(in·x, noise) from a row of coefficients.
func scoreOf(b *nn.Build, net nn.Module, x, c *ad.Expr) *ad.Expr {
	col := func(i int) *ad.Expr { return ad.Slice(c, i, i+1) }
	b.Time = col(1)
	f := net.Apply(b, ad.Mul(col(0), x))
	return ad.Add(ad.Mul(col(2), x), ad.Mul(col(3), f))
}

func (e *engine[T]) score(dst, x *mat.Dense, at place) {
	f := e.form(scoreForm, at)
	n := x.RawMatrix().Rows
	b := f.take(1)
	b.set(e.m.cond, x, at)
	b.out[0] = resize(b.out[0], n*e.m.dim)
	f.run(n, b, at.alone)
	fromRows(dst, b.out[0])
	f.idle.Give(b)
}

func (e *engine[T]) jvp(dst, jv, x, v *mat.Dense, at place) { e.product(jvpForm, dst, jv, x, v, at) }

func (e *engine[T]) vjp(dst, jtu, x, u *mat.Dense, at place) { e.product(vjpForm, dst, jtu, x, u, at) }

// product runs a program that makes the scores and a product of their Jacobians from
// rows and a vector for each.
func (e *engine[T]) product(kind int, dst, jv, x, v *mat.Dense, at place) {
	f := e.form(kind, at)
	n := x.RawMatrix().Rows
	b := f.take(2)
	b.set(e.m.cond, x, at)
	last := f.inputs - 1
	b.in[last] = toRows(b.in[last], v)
	b.out[0], b.out[1] = resize(b.out[0], n*e.m.dim), resize(b.out[1], n*e.m.dim)
	f.run(n, b, at.alone)
	fromRows(dst, b.out[0])
	fromRows(jv, b.out[1])
	f.idle.Give(b)
}

func (e *engine[T]) divergence(dst *mat.Dense, div []float64, x *mat.Dense, at place) {
	f := e.form(divergenceForm, at)
	n := x.RawMatrix().Rows
	b := f.take(2)
	b.set(e.m.cond, x, at)
	b.out[0], b.out[1] = resize(b.out[0], n*e.m.dim), resize(b.out[1], n)
	f.run(n, b, at.alone)
	fromRows(dst, b.out[0])
	for i, v := range b.out[1] {
		div[i] = float64(v)
	}
	f.idle.Give(b)
}

// set fills the inputs that all forms have.
func (b *buffers[T]) set(c *conditions, x *mat.Dense, at place) {
	b.in[0], b.in[1] = toRows(b.in[0], x), narrow(b.in[1], at.coeffs)
	hide(b.in[0], x.RawMatrix().Cols, at.seen)
	if c != nil {
		b.in[2] = encoded(c, b.in[2], at.cond)
	}
}

// run evaluates the program, shared among the processors where that is worth it.
func (f *form[T]) run(n int, b *buffers[T], alone bool) {
	crew := b.crew
	if alone || !f.worthSharing(n) {
		crew = nil
	}
	f.program.Run(n, &f.weights, nil, b.out, b.in, crew)
}

// worthSharing reports whether n rows take some hundred microseconds: those of 600
// rows of a small network, or of one picture.
func (f *form[T]) worthSharing(n int) bool { return float64(n)*f.program.Work() > 20e6 }

func (f *form[T]) take(out int) *buffers[T] {
	if b, ok := f.idle.Take(); ok {
		return b
	}
	return &buffers[T]{in: make([][]T, f.inputs), out: make([][]T, out), crew: pool.New(0)}
}

// resize returns s with length n, its content unspecified.
func resize[T ad.Float](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// narrow converts numbers, toRows a matrix, to T.
func narrow[T ad.Float](dst []T, src []float64) []T {
	dst = resize(dst, len(src))
	for i, v := range src {
		dst[i] = T(v)
	}
	return dst
}

func toRows[T ad.Float](dst []T, x *mat.Dense) []T {
	n, d := x.Dims()
	dst = resize(dst, n*d)
	for i := range n {
		for j, v := range x.RawRowView(i) {
			dst[i*d+j] = T(v)
		}
	}
	return dst
}

func fromRows[T ad.Float](dst *mat.Dense, src []T) {
	n, d := dst.Dims()
	for i := range n {
		row := dst.RawRowView(i)
		for j := range row {
			row[j] = float64(src[i*d+j])
		}
	}
}
