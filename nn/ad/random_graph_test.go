package ad

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// randomGraph draws expressions over the whole table of operations. Values
// that grow beyond a few dozen are dropped, so that comparisons mean something.
type randomGraph struct {
	t      *rapid.T
	n      int
	rows   []*Expr // per-row values
	once   []*Expr // uniform values
	sums   []*Expr // sums over the batch
	params []*Expr
	in     []*Expr
	theta  []float64
	inputs [][]float64
	kinks  bool // some function is not smooth
}

var smoothFunctions = []func(x *Expr) *Expr{
	Square, Sin, Cos, Tanh, Sigmoid, Softplus, Erf, SiLU, GELU, GELUTanh, Exp,
	func(x *Expr) *Expr { return Sqrt(Shift(Square(x), 1)) },
	func(x *Expr) *Expr { return Log(Shift(Square(x), 0.5)) },
	func(x *Expr) *Expr { return Recip(Shift(Square(x), 0.7)) },
}

var kinkedFunctions = []func(x *Expr) *Expr{
	ReLU, Step,
	func(x *Expr) *Expr { return LeakyReLU(x, 0.2) },
	func(x *Expr) *Expr { return ELU(x, 0.8) },
}

func drawGraph(t *rapid.T, kinks bool) *randomGraph {
	g := &randomGraph{t: t, n: rapid.SampledFrom([]int{1, 2, 5, 67}).Draw(t, "rows"), kinks: kinks}
	for range rapid.IntRange(1, 2).Draw(t, "inputs") {
		g.leaf(Input("x", rapid.IntRange(1, 4).Draw(t, "cols")))
	}
	g.leaf(UniformInput("u", rapid.IntRange(1, 3).Draw(t, "cols")))
	g.rows = append(g.rows, Random(2, 3))
	g.classes()
	g.once = append(g.once, Row([]float64{0.5, -1, -1}), Const(0), Const(1))
	derivatives := 2
	for range rapid.IntRange(4, 24).Draw(t, "operations") {
		g.grow(&derivatives)
	}
	return g
}

func (g *randomGraph) number() float64 { return rapid.Float64Range(-1.5, 1.5).Draw(g.t, "number") }

func (g *randomGraph) numbers(n int) []float64 {
	rng := generator(rapid.Uint64().Draw(g.t, "seed"))
	return normals(rng, n)
}

func (g *randomGraph) leaf(e *Expr) {
	rows := e.Rows()
	if e.PerRow() {
		rows = g.n
		g.rows = append(g.rows, e)
	} else {
		g.once = append(g.once, e)
	}
	g.in = append(g.in, e)
	g.inputs = append(g.inputs, g.numbers(rows*e.Cols()))
}

// classes adds one-hots of labels of each row and of common ones, alone and beside
// other columns.
func (g *randomGraph) classes() {
	count := rapid.SampledFrom([]int{1, 2, wide, wide + 9})
	for _, label := range []*Expr{Input("label", 1), UniformInput("label", 1)} {
		k := count.Draw(g.t, "classes")
		g.in = append(g.in, label)
		rows := 1
		if h := OneHot(label, k); label.PerRow() {
			rows = g.n
			g.rows = append(g.rows, h, Concat(g.rows[0], h), Concat(h, Tanh(g.rows[0]), g.once[0]))
		} else {
			g.once = append(g.once, h)
			g.rows = append(g.rows, Concat(g.rows[0], h))
		}
		labels := make([]float64, rows)
		for i := range labels {
			labels[i] = float64(rapid.IntRange(-1, k).Draw(g.t, "label"))
		}
		g.inputs = append(g.inputs, labels)
	}
}

func (g *randomGraph) param(rows, cols int) *Expr {
	p := Param("w", rows, cols, len(g.theta))
	g.theta = append(g.theta, g.numbers(rows*cols)...)
	g.params = append(g.params, p)
	return p
}

func (g *randomGraph) pick(from ...*Expr) *Expr {
	return from[rapid.IntRange(0, len(from)-1).Draw(g.t, "operand")]
}

// partner draws an operand that can be spread against a.
func (g *randomGraph) partner(a *Expr) *Expr {
	var fit []*Expr
	for _, b := range append(g.beside(a), g.once...) {
		if b.Cols() == a.Cols() || b.Cols() == 1 || a.Cols() == 1 {
			fit = append(fit, b)
		}
	}
	return g.pick(fit...)
}

// beside returns the per-row values whose rows can be spread against those of a.
func (g *randomGraph) beside(a *Expr) []*Expr {
	var fit []*Expr
	for _, b := range g.rows {
		if spreadsTo(b.rows, a.rows) || spreadsTo(a.rows, b.rows) {
			fit = append(fit, b)
		}
	}
	return fit
}

func (g *randomGraph) function() func(*Expr) *Expr {
	fs := smoothFunctions
	if g.kinks {
		fs = append(kinkedFunctions[:len(kinkedFunctions):len(kinkedFunctions)], fs...)
	}
	return fs[rapid.IntRange(0, len(fs)-1).Draw(g.t, "function")]
}

// keep adds e to a pool if its values are moderate.
func (g *randomGraph) keep(pool *[]*Expr, e *Expr) {
	if e.columns() > 200 {
		return
	}
	for _, v := range g.eval(e)[0] {
		if !(math.Abs(v) < 30) {
			return
		}
	}
	*pool = append(*pool, e)
}

func (g *randomGraph) eval(out ...*Expr) [][]float64 {
	return Eval(out, g.n, g.theta, hashFiller, leavesOf(g.in, g.inputs))
}

func (g *randomGraph) grow(derivatives *int) {
	a, cols := g.pick(g.rows...), rapid.IntRange(1, 4).Draw(g.t, "cols")
	switch op := rapid.IntRange(0, 25).Draw(g.t, "operation"); op {
	case 0, 1:
		g.keep(&g.rows, g.function()(a))
	case 2:
		b := g.partner(a)
		g.keep(&g.rows, g.pick(Add(a, b), Sub(a, b), Sub(b, a), Mul(a, b)))
	case 3:
		g.keep(&g.rows, Div(g.partner(a), Shift(Square(a), 1)))
	case 4:
		g.keep(&g.rows, MatMul(a, Tanh(g.param(a.Cols(), cols))))
	case 5:
		g.keep(&g.rows, g.function()(Affine(a, g.param(a.Cols(), cols), g.param(1, cols))))
	case 6:
		b, x := g.pick(g.beside(a)...), g.pick(a, g.pick(g.once...))
		g.keep(&g.rows, Affine(x, g.param(x.Cols(), b.Cols()), b))
	case 7:
		g.keep(&g.rows, MatMulT(a, g.param(cols, a.Cols())))
	case 8:
		g.keep(&g.rows, SumCols(a))
	case 9:
		g.keep(&g.rows, Concat(a, g.pick(g.once...), g.pick(g.beside(a)...), ConstRow(0, cols)))
	case 10:
		from := rapid.IntRange(0, a.Cols()-1).Draw(g.t, "from")
		g.keep(&g.rows, Slice(a, from, rapid.IntRange(from+1, a.Cols()).Draw(g.t, "to")))
	case 11:
		g.keep(&g.rows, Shift(Scale(g.number(), a), g.number()))
	case 12:
		u := g.pick(g.once...)
		g.keep(&g.once, g.function()(MatMul(u, g.param(u.Cols(), cols))))
	case 13:
		u := g.pick(g.once...)
		g.keep(&g.rows, Mul(Add(u, SumCols(a)), Sigmoid(Slice(a, 0, 1))))
	case 14:
		g.keep(&g.sums, MatTMul(a, g.pick(g.beside(a)...)))
	case 15:
		g.keep(&g.sums, SumRows(a))
	case 16, 17:
		if *derivatives == 0 {
			return
		}
		*derivatives--
		if op == 16 {
			g.keep(&g.rows, JVP(a, g.in[0], Const(g.number())))
		} else {
			g.keep(&g.rows, Grad(a, g.in[0])[0])
		}
	default:
		g.growWithinSamples(op-18, a, cols)
	}
}

// loss is a sum of everything, in which sums over the batch enter linearly.
func (g *randomGraph) loss() *Expr {
	y := Const(0)
	for i, e := range append(append([]*Expr(nil), g.rows...), g.sums...) {
		y = Add(y, Scale(1/float64(i+2), total(e)))
	}
	return y
}

// variables returns everything a loss can be differentiated by.
func (g *randomGraph) variables() []*Expr { return append(append([]*Expr(nil), g.in...), g.params...) }

// directions adds leaves in the shapes of the variables.
func (g *randomGraph) directions() []*Expr {
	var vs []*Expr
	for _, e := range g.variables() {
		if e.op == opParam {
			v := Param("v", e.rows, e.cols, len(g.theta))
			g.theta = append(g.theta, g.numbers(e.rows*e.cols)...)
			vs = append(vs, v)
			continue
		}
		v := &Expr{op: opInput, rows: e.rows, cols: e.cols, name: "v"}
		vs = append(vs, v)
		g.in = append(g.in, v)
		rows := e.rows
		if e.PerRow() {
			rows = g.n
		}
		g.inputs = append(g.inputs, g.numbers(rows*e.cols))
	}
	return vs
}

// scalar returns the sum of products of paired values.
func scalar(as, bs []*Expr) *Expr {
	s := Const(0)
	for i, a := range as {
		s = Add(s, total(Mul(a, bs[i])))
	}
	return s
}

// requireNear fails unless got is within tol of want everywhere.
func requireNear(t require.TestingT, want, got []float64, tol float64, what ...any) {
	require.Len(t, got, len(want), what...)
	for i, v := range want {
		if !(math.Abs(v-got[i]) <= tol) {
			require.InDelta(t, v, got[i], tol, what...)
		}
	}
}

func TestProgramsAgreeWithEval(t *testing.T) {
	arithmetic(t)
	rapid.Check(t, func(t *rapid.T) {
		g := drawGraph(t, true)
		loss := g.loss()
		out := append([]*Expr{loss}, g.rows...)
		out = append(append(out, g.once...), g.sums...)
		out = append(out, Grad(loss, g.variables()...)...)
		want := g.eval(out...)
		double := run[float64](out, g.in, g.n, g.theta, g.inputs, 2)
		for i := range out {
			scale := max(1, largest(want[i]))
			requireNear(t, want[i], double[i], 1e-11*scale, "output %d %s", i, out[i].describe())
		}
	})
}

func TestFloat32ProgramsAgreeWithFloat64(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawGraph(t, false) // rounding may cross a kink
		g.theta = converted[float64](converted[float32](g.theta))
		for i, v := range g.inputs {
			g.inputs[i] = converted[float64](converted[float32](v))
		}
		out := append(append([]*Expr(nil), g.rows...), g.once...)
		single := run[float32](out, g.in, g.n, g.theta, g.inputs, 1)
		for i, want := range run[float64](out, g.in, g.n, g.theta, g.inputs, 1) {
			requireNear(t, want, single[i], 2e-3*max(1, largest(want)), "output %d %s", i, out[i].describe())
		}
	})
}

func TestGradAgreesWithJVP(t *testing.T) {
	arithmetic(t)
	rapid.Check(t, func(t *rapid.T) {
		g := drawGraph(t, true)
		loss, variables := g.loss(), g.variables()
		vs := g.directions()
		forward := make([]*Expr, len(vs))
		for i, x := range variables {
			forward[i] = JVP(loss, x, vs[i])
		}
		grads := Grad(loss, variables...)
		out := append([]*Expr{scalar(grads, vs)}, append(forward, grads...)...)
		got := run[float64](out, g.in, g.n, g.theta, g.inputs, 1)
		sum, scale := 0.0, 1.0
		for i := range variables {
			sum += got[1+i][0]
			scale += norm(got[1+len(vs)+i]) * math.Sqrt(float64(len(got[1+len(vs)+i])))
		}
		require.InDelta(t, sum, got[0][0], 1e-11*scale)
	})
}

// moved evaluates p where the variables have moved by h along the directions,
// which are the last leaves and parameters.
func (g *randomGraph) moved(p *Program[float64], h float64) float64 {
	theta, inputs := append([]float64(nil), g.theta...), make([][]float64, len(g.inputs))
	leaves, half := len(g.in)/2, len(g.theta)/2
	for i := range half {
		theta[i] += h * g.theta[half+i]
	}
	for i, v := range g.inputs {
		inputs[i] = append([]float64(nil), v...)
		if i < leaves {
			for j, d := range g.inputs[leaves+i] {
				inputs[i][j] += h * d
			}
		}
	}
	return runCompiled(p, g.n, theta, inputs, 1)[0][0]
}

func TestGradAndGradOfGradAgreeWithDifferences(t *testing.T) {
	arithmetic(t)
	rapid.Check(t, func(t *rapid.T) {
		g := drawGraph(t, false)
		variables := g.variables()
		vs := g.directions()
		for order, y := 1, g.loss(); order <= 2; order++ {
			slope := scalar(Grad(y, variables...), vs)
			p := Compile[float64]([]*Expr{y}, g.in)
			got := runCompiled(Compile[float64]([]*Expr{slope}, g.in), g.n, g.theta, g.inputs, 1)[0][0]
			// Halving h tells how well the differences know the answer.
			at := func(h float64) float64 {
				return (8*(g.moved(p, h)-g.moved(p, -h)) - g.moved(p, 2*h) + g.moved(p, -2*h)) / (12 * h)
			}
			wide, narrow := at(1e-3), at(5e-4)
			scale := 1 + math.Abs(g.moved(p, 0))
			require.InDelta(t, narrow, got, 1e-8*scale+1e-7*math.Abs(got)+math.Abs(wide-narrow), "order %d", order)
			y = slope
		}
	})
}
