package onnx

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// drawing draws expressions over the operations of package ad.
type drawing struct {
	t      *rapid.T
	n      int
	rng    *rand.Rand
	rows   []*ad.Expr // of each sample
	once   []*ad.Expr // uniform
	sums   []*ad.Expr // over the batch
	in     []*ad.Expr
	inputs map[*ad.Expr][]float64
	theta  []float32
}

func draw(t *rapid.T) *drawing {
	d := &drawing{t: t, n: rapid.SampledFrom([]int{1, 2, 5}).Draw(t, "rows"), inputs: map[*ad.Expr][]float64{}}
	d.rng = rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	d.leaf(ad.Input("x", rapid.IntRange(1, 4).Draw(t, "cols")), nil)
	d.leaf(ad.UniformInput("u", rapid.IntRange(1, 3).Draw(t, "cols")), nil)
	k := rapid.SampledFrom([]int{1, 2, 40}).Draw(t, "classes")
	for _, label := range []*ad.Expr{ad.Input("label", 1), ad.UniformInput("common", 1)} {
		d.leaf(label, func() float64 { return float64(d.rng.IntN(k+2) - 1) })
		h := ad.OneHot(label, k)
		d.keep(&d.rows, ad.Concat(d.rows[0], h))
		d.keep(&d.rows, ad.Concat(h, ad.Tanh(d.rows[0]), d.once[0]))
		d.keep(&d.rows, ad.MatMul(ad.Add(ad.SumCols(d.rows[0]), h), d.param(k, 2)))
		if label.PerRow() {
			d.keep(&d.rows, h)
		} else {
			d.keep(&d.once, h)
		}
	}
	d.once = append(d.once, ad.Row([]float64{0.5, -1, -1}), ad.Const(0), ad.Const(1))
	derivatives := 2
	for range rapid.IntRange(4, 24).Draw(t, "operations") {
		d.grow(&derivatives)
	}
	return d
}

func (d *drawing) leaf(e *ad.Expr, number func() float64) {
	if number == nil {
		number = d.rng.NormFloat64
	}
	rows := 1
	if e.PerRow() {
		rows = d.n
		d.rows = append(d.rows, e)
	} else {
		d.once = append(d.once, e)
	}
	v := make([]float64, rows*e.Cols())
	for i := range v {
		v[i] = float64(float32(number()))
	}
	d.in, d.inputs[e] = append(d.in, e), v
}

func (d *drawing) param(rows, cols int) *ad.Expr {
	p := ad.Param("w", rows, cols, len(d.theta))
	for range rows * cols {
		d.theta = append(d.theta, float32(0.6*d.rng.NormFloat64()))
	}
	return p
}

func (d *drawing) int(low, high int) int { return rapid.IntRange(low, high).Draw(d.t, "number") }

func (d *drawing) pick(from ...*ad.Expr) *ad.Expr { return from[d.int(0, len(from)-1)] }

func (d *drawing) eval(out ...*ad.Expr) [][]float64 {
	theta := make([]float64, len(d.theta))
	for i, v := range d.theta {
		theta[i] = float64(v)
	}
	return ad.Eval(out, d.n, theta, nil, d.inputs)
}

func columns(e *ad.Expr) int { return e.Cols() * max(1, e.Groups()) }

// keep adds e to a pool if its values are moderate.
func (d *drawing) keep(pool *[]*ad.Expr, e *ad.Expr) {
	if columns(e) > 200 {
		return
	}
	for _, v := range d.eval(e)[0] {
		if !(math.Abs(v) < 30) {
			return
		}
	}
	*pool = append(*pool, e)
}

// beside returns the values of each sample that spread against a.
func (d *drawing) beside(a *ad.Expr) (fit []*ad.Expr) {
	for _, b := range d.rows {
		if b.Groups() == a.Groups() || b.Groups() == 1 || a.Groups() == 1 {
			fit = append(fit, b)
		}
	}
	return fit
}

func (d *drawing) partner(a *ad.Expr) *ad.Expr {
	var fit []*ad.Expr
	for _, b := range append(d.beside(a), d.once...) {
		if b.Cols() == a.Cols() || b.Cols() == 1 || a.Cols() == 1 {
			fit = append(fit, b)
		}
	}
	return d.pick(fit...)
}

var drawn = []func(x *ad.Expr) *ad.Expr{
	ad.Square, ad.Sin, ad.Cos, ad.Tanh, ad.Sigmoid, ad.Softplus, ad.Erf, ad.SiLU, ad.GELU, ad.GELUTanh, ad.Exp, ad.ReLU, ad.Step, ad.MaxCols,
	func(x *ad.Expr) *ad.Expr { return ad.LeakyReLU(x, 0.2) },
	func(x *ad.Expr) *ad.Expr { return ad.ELU(x, 0.8) },
	func(x *ad.Expr) *ad.Expr { return ad.Sqrt(ad.Shift(ad.Square(x), 1)) },
	func(x *ad.Expr) *ad.Expr { return ad.Log(ad.Shift(ad.Square(x), 0.5)) },
	func(x *ad.Expr) *ad.Expr { return ad.Recip(ad.Shift(ad.Square(x), 0.7)) },
}

func (d *drawing) function() func(*ad.Expr) *ad.Expr { return drawn[d.int(0, len(drawn)-1)] }

func (d *drawing) grow(derivatives *int) {
	a, cols := d.pick(d.rows...), d.int(1, 4)
	h, r, k := d.int(1, 2), d.int(1, 3), d.int(1, 3)
	switch op := d.int(0, 22); op {
	case 0, 1:
		d.keep(&d.rows, d.function()(a))
	case 2:
		b := d.partner(a)
		d.keep(&d.rows, d.pick(ad.Add(a, b), ad.Sub(a, b), ad.Sub(b, a), ad.Mul(a, b)))
	case 3:
		d.keep(&d.rows, ad.Div(d.partner(a), ad.Shift(ad.Square(a), 1)))
	case 4:
		d.keep(&d.rows, ad.MatMul(a, ad.Tanh(d.param(a.Cols(), cols))))
	case 5:
		d.keep(&d.rows, d.function()(ad.Affine(a, d.param(a.Cols(), cols), d.param(1, cols))))
	case 6:
		b, x := d.pick(d.beside(a)...), d.pick(a, d.pick(d.once...))
		d.keep(&d.rows, ad.Affine(x, d.param(x.Cols(), b.Cols()), b))
	case 7:
		d.keep(&d.rows, ad.MatMulT(a, d.param(cols, a.Cols())))
	case 8:
		d.keep(&d.rows, ad.SumCols(a))
	case 9:
		d.keep(&d.rows, ad.Concat(a, d.pick(d.once...), d.pick(d.beside(a)...), ad.ConstRow(0, cols)))
	case 10:
		from := d.int(0, a.Cols()-1)
		d.keep(&d.rows, ad.Slice(a, from, d.int(from+1, a.Cols())))
	case 11:
		d.keep(&d.rows, ad.Shift(ad.Scale(d.rng.NormFloat64(), a), d.rng.NormFloat64()))
	case 12:
		u := d.pick(d.once...)
		d.keep(&d.once, d.function()(ad.MatMul(u, d.param(u.Cols(), cols))))
	case 13:
		d.keep(&d.sums, d.pick(ad.MatTMul(a, d.pick(d.beside(a)...)), ad.SumRows(a)))
	case 14, 15:
		if *derivatives--; *derivatives >= 0 {
			d.keep(&d.rows, d.pick(ad.JVP(a, d.in[0], ad.Const(0.7)), ad.Grad(a, d.in[0])[0]))
		}
	case 16:
		d.keep(&d.rows, ad.Regroup(a, d.divisor(columns(a))))
	case 17:
		x := d.pick(a, d.pick(d.once...))
		d.keep(&d.rows, ad.Gather(x, d.table(columns(x))))
	case 18:
		cells := d.divisor(12)
		t := d.table(cells)
		from, _, size := t.Cells()
		d.keep(&d.rows, ad.Regroup(ad.Scatter(d.within(len(from), len(from[0])*size), t), d.divisor(cells)))
	case 19:
		d.keep(&d.rows, ad.RowMatMul(d.within(h*r, k), d.within(h*k, cols), h))
	case 20:
		d.keep(&d.rows, ad.RowMatMulT(d.within(h*r, cols), d.within(h*k, cols), h))
	case 21:
		d.keep(&d.rows, ad.RowMatTMul(d.within(h*r, k), d.within(h*r, cols), h))
	case 22:
		d.keep(&d.rows, d.pick(ad.SumGroups(a), ad.Softmax(a), ad.Mul(a, ad.Tanh(ad.SumGroups(a)))))
	}
}

func (d *drawing) divisor(n int) int {
	for {
		if k := d.int(1, n); n%k == 0 {
			return k
		}
	}
}

// within returns a value of rows×cols numbers a sample.
func (d *drawing) within(rows, cols int) *ad.Expr {
	x := d.pick(append(d.rows, d.once...)...)
	x = ad.Regroup(x, 1)
	return ad.Regroup(ad.Tanh(ad.MatMul(x, d.param(x.Cols(), rows*cols))), rows)
}

// table draws a table over samples of n numbers: one that moves them, or one with zeros
// and repetitions.
func (d *drawing) table(n int) *ad.Table {
	size := d.divisor(n)
	if rapid.Bool().Draw(d.t, "moves") {
		cells := d.rng.Perm(n / size)
		return ad.NewTable(slices.Collect(slices.Chunk(cells, len(cells)/d.divisor(len(cells)))), len(cells), size)
	}
	from := make([][]int, d.int(1, 4))
	cols := d.int(1, 3)
	for i := range from {
		for range cols {
			from[i] = append(from[i], d.rng.IntN(n/size+1)-1)
		}
	}
	return ad.NewTable(from, n/size, size)
}

// graph returns the drawing with all of its values as outputs.
func (d *drawing) graph() *Graph {
	g := &Graph{Inputs: d.in, Weights: d.theta}
	for i, e := range slices.Concat(d.rows, d.once, d.sums) {
		g.Outputs = append(g.Outputs, Output{"out" + string(rune('0'+i%10)) + string(rune('A'+i/10)), e})
	}
	return g
}

// arrays returns the inputs by name.
func (d *drawing) arrays() map[string]array {
	arrays := map[string]array{}
	for e, v := range d.inputs {
		arrays[e.Name()] = array{[]int{len(v) / e.Cols(), e.Cols()}, v}
	}
	return arrays
}

// exported returns the model of a graph, read from its bytes.
func exported(t require.TestingT, g *Graph) *model {
	var b bytes.Buffer
	require.NoError(t, Export(&b, g))
	m, err := parseModel(b.Bytes())
	require.NoError(t, err)
	return m
}

func requireNear(t require.TestingT, want, got []float64, tol float64, what ...any) {
	require.Len(t, got, len(want), what...)
	scale := 1.0
	for _, v := range want {
		scale = max(scale, math.Abs(v))
	}
	for i, v := range want {
		require.InDelta(t, v, got[i], tol*scale, what...)
	}
}

func TestExportedGraphsMeanTheExpressions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		g := d.graph()
		got := interpret(exported(t, g), d.arrays())
		for _, o := range g.Outputs {
			want := d.eval(o.Value)[0]
			requireNear(t, want, got[o.Name].v, 1e-4, "%s %d×%d", o.Name, o.Value.Groups(), o.Value.Cols())
		}
	})
}
