package ad

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gradlogp/gradlogp/nn/pool"
	"github.com/stretchr/testify/require"
)

// structured is a small network on images: convolutions, norms over pixels, a time
// for each sample, a smaller image and back, attention between pixels.
type structured struct {
	h, w, c int
	net     network // its parameters
	list    []*Expr
}

func (m *structured) param(rows, cols int) *Expr {
	p := m.net.param("w", rows, cols)
	m.list = append(m.list, p)
	return p
}

// neighbours is the table of 3×3 neighbourhoods at every stride-th pixel of h×w.
func neighbours(h, w, c, stride int) *Table {
	var from [][]int
	for y := 0; y < h; y += stride {
		for x := 0; x < w; x += stride {
			var row []int
			for dy := -1; dy <= 1; dy++ {
				for dx := -1; dx <= 1; dx++ {
					cell := -1
					if y, x := y+dy, x+dx; y >= 0 && y < h && x >= 0 && x < w {
						cell = y*w + x
					}
					row = append(row, cell)
				}
			}
			from = append(from, row)
		}
	}
	return NewTable(from, h*w, c)
}

// conv is a 3×3 convolution of an h×w image.
func (m *structured) conv(x *Expr, h, w, stride, out int) *Expr {
	return Affine(Gather(x, neighbours(h, w, x.Cols(), stride)), m.param(9*x.Cols(), out), m.param(1, out))
}

// norm is the norm over all pixels and pairs of channels.
func norms(x *Expr) *Expr {
	pixels, c := x.Groups(), x.Cols()
	mean := func(x *Expr) *Expr {
		s := Scale(1/float64(2*pixels), SumCols(Regroup(SumGroups(x), c/2)))
		return Regroup(spreadCols(s, 2), 1)
	}
	x = Sub(x, mean(x))
	return Mul(x, Recip(Sqrt(Shift(mean(Square(x)), 0.1))))
}

// heads moves two heads beside each other into rows of their own, or back.
func heads(x *Expr, back bool) *Expr {
	n := x.Groups()
	var from [][]int
	if back {
		n /= 2
		for i := range n {
			from = append(from, []int{i, n + i})
		}
		return Gather(x, NewTable(from, 2*n, x.Cols()))
	}
	for k := range 2 {
		for i := range n {
			from = append(from, []int{2*i + k})
		}
	}
	return Gather(x, NewTable(from, 2*n, x.Cols()/2))
}

func (m *structured) apply(x, time *Expr) *Expr {
	h, w, c := m.h, m.w, m.c
	a := m.conv(Regroup(x, h*w), h, w, 1, c)
	film := Tanh(MatMul(time, m.param(time.Cols(), 2*c)))
	a = SiLU(Add(Mul(norms(a), Shift(Slice(film, 0, c), 1)), Slice(film, c, 2*c)))
	oh, ow := (h+1)/2, (w+1)/2
	d := SiLU(m.conv(a, h, w, 2, c))
	q, k, v := MatMul(d, m.param(c, 4)), MatMul(d, m.param(c, 4)), MatMul(d, m.param(c, 4))
	o := RowMatMul(Softmax(RowMatMulT(heads(q, false), heads(k, false), 2)), heads(v, false), 2)
	d = Affine(heads(o, true), m.param(4, c), d)
	var up [][]int
	for y := range h {
		for x := range w {
			up = append(up, []int{(y/2)*ow + x/2})
		}
	}
	u := Concat(a, Gather(d, NewTable(up, oh*ow, c)), film) // a row of film for each sample
	t := neighbours(h, w, 2, 1)                             // a transposed convolution
	y := Scatter(MatMul(u, m.param(4*c, 9*2)), t)
	return Regroup(MatMul(Regroup(y, h*w), m.param(2, 1)), 1)
}

func newStructured(h, w, c int) (m *structured, y, x, time *Expr) {
	m = &structured{h: h, w: w, c: c}
	x, time = Input("x", h*w), Input("t", 2)
	return m, m.apply(x, time), x, time
}

// everything returns values and derivatives of the network, and their inputs.
func (m *structured) everything(y, x, time *Expr) (out, in []*Expr) {
	v := Input("v", x.Cols())
	jvp := JVP(y, x, v)
	loss := total(Add(Square(y), Square(jvp)))
	score := Grad(SumCols(Square(y)), x)[0]
	energy := total(Square(score))
	out = append([]*Expr{y, jvp, score, loss, energy}, Grad(loss, m.list...)...)
	return append(out, Grad(energy, m.list...)...), []*Expr{x, time, v}
}

func (m *structured) draw(rng *rand.Rand, in []*Expr, n int) (theta []float64, inputs [][]float64) {
	theta = normals(rng, m.net.size)
	for i := range theta {
		theta[i] *= 0.5
	}
	return theta, inputsOf(rng, in, n)
}

func TestGradOfStructuredNetworksMatchesCentralDifferences(t *testing.T) {
	m, y, x, time := newStructured(3, 8, 6)
	out, in := m.everything(y, x, time)
	const n = 3
	theta, inputs := m.draw(generator(70), in, n)
	got := run[float64](out, in, n, theta, inputs, 1)
	p := Compile[float64](out[3:5], in)
	at := func(v []float64, h float64) [][]float64 {
		moved := slices.Clone(theta)
		for i, d := range v {
			moved[i] += h * d
		}
		return runCompiled(p, n, moved, inputs, 1)
	}
	for range 5 {
		v := direction(generator(71), len(theta))
		const h = 1e-4
		up, down := at(v, h), at(v, -h)
		for k, from := range []int{5, 5 + len(m.list)} {
			g := slices.Concat(got[from : from+len(m.list)]...)
			require.InDelta(t, dot(g, v), (up[k][0]-down[k][0])/(2*h), 1e-6*norm(g), "loss %d", k)
		}
	}
}

func TestStructuredProgramsAgreeWithEval(t *testing.T) {
	m, y, x, time := newStructured(3, 8, 6)
	out, in := m.everything(y, x, time)
	const n = 3
	theta, inputs := m.draw(generator(72), in, n)
	double, single := run[float64](out, in, n, theta, inputs, 1), run[float32](out, in, n, theta, inputs, 1)
	for i, want := range Eval(out, n, theta, nil, leavesOf(in, inputs)) {
		requireClose(t, want, double[i], 1e-11, "output", i)
		requireClose(t, want, single[i], 1e-3, "output", i)
	}
}

func testBitsOfStructuredPrograms[T Float](t *testing.T) {
	m, y, x, time := newStructured(3, 8, 6)
	out, in := m.everything(y, x, time)
	p, teams := Compile[T](out, in), Compile[T](out, in)
	teams.wide = true
	small := Compile[T](out[:3], in)
	small.blockRows = 1
	for _, n := range []int{0, 1, 65, 150} {
		theta, inputs := m.draw(generator(73), in, n)
		want := runCompiled(p, n, theta, inputs, 1)
		for _, workers := range []int{2, 3, 7} {
			for _, p := range []*Program[T]{p, teams} {
				for i, got := range runCompiled(p, n, theta, inputs, workers) {
					requireSameBits(t, want[i], got, n, workers, i, p.wide)
				}
			}
		}
		for i, got := range runCompiled(small, n, theta, inputs, 2) {
			requireSameBits(t, want[i], got, "a sample a block", n, i)
		}
		for r := 0; r < n; r += 29 {
			alone := runCompiled(small, 1, theta, rowsOf(inputs, in, r, r+1), 1)
			for i, want := range rowsOf(want[:3], out, r, r+1) {
				requireSameBits(t, want, alone[i], "sample", r)
			}
		}
	}
}

func TestBitsOfStructuredProgramsDependOnTheSampleOnly(t *testing.T) {
	t.Run("float32", testBitsOfStructuredPrograms[float32])
	t.Run("float64", testBitsOfStructuredPrograms[float64])
}

func TestDivergenceOfStructuredNetworksIsTheSumOverDirections(t *testing.T) {
	m, y, x, time := newStructured(2, 8, 6)
	v := UniformInput("v", x.Cols())
	in := []*Expr{x, time}
	const n = 3
	theta, inputs := m.draw(generator(77), in, n)
	p := CompileOver[float64]([]*Expr{SumCols(Mul(v, JVP(y, x, v)))}, in, v)
	want := run[float64]([]*Expr{divergence(y, x)}, in, n, theta, inputs, 1)
	got := runCompiled(p, n, theta, inputs, 1)
	requireClose(t, want[0], got[0], 1e-12)
	for _, p.wide = range []bool{false, true} {
		requireSameBits(t, got[0], runCompiled(p, n, theta, inputs, 7)[0], "in teams", p.wide)
	}
}

func TestStructuredProgramsDoNotAllocate(t *testing.T) {
	m, y, x, time := newStructured(3, 8, 6)
	out, in := m.everything(y, x, time)
	const n = 20
	theta, inputs := m.draw(generator(74), in, n)
	p := Compile[float64](out, in)
	for _, workers := range []int{1, 3} {
		crew := pool.New(workers)
		var w Weights[float64]
		p.Pack(&w, theta, crew)
		outs := outputsOf(p, n)
		p.Run(n, &w, nil, outs, inputs, crew)
		require.Zero(t, testing.AllocsPerRun(20, func() { p.Run(n, &w, nil, outs, inputs, crew) }))
	}
}

// What is also an output is stored, so that nothing is done within products.
func TestGatheringWithinProductsKeepsTheBits(t *testing.T) {
	x, w := Input("x", 40*3), Param("w", 9*3, 5, 0)
	v, back := Param("v", 5, 9*2, w.Cols()*w.Rows()), Param("u", 2, 3, 0)
	table := neighbours(8, 5, 3, 1)
	y := SiLU(Affine(Gather(x, table), w, Slice(x, 0, 5)))
	z := MatMul(Regroup(Scatter(MatMul(y, v), neighbours(8, 5, 2, 1)), 40), back)
	loss := total(Square(z))
	out := append([]*Expr{z, JVP(z, x, Const(1))}, Grad(loss, w, v, x)...)
	var apart []*Expr
	for _, e := range topological(out...) {
		if e.op == opGather || e.op == opScatter {
			apart = append(apart, e, e.args[0])
		}
	}
	p, q := Compile[float32](out, []*Expr{x}), Compile[float32](append(slices.Clone(out), apart...), []*Expr{x})
	within := func(p *Program[float32]) (n int) {
		for _, in := range p.phases[body] {
			if in.op == opMatMul || in.op == opMatMulT || in.op == opMatTMul {
				n += count(in.table != nil || slices.ContainsFunc(in.operands, func(o operand) bool { return o.table != nil }))
			}
		}
		return n
	}
	require.Equal(t, []int{8, 0}, []int{within(p), within(q)}, p.String())
	theta := normals(generator(75), p.Params())
	for _, n := range []int{1, 3, 70} {
		inputs := inputsOf(generator(76), []*Expr{x}, n)
		want := runCompiled(q, n, theta, inputs, 1)
		for i, got := range runCompiled(p, n, theta, inputs, 1) {
			requireSameBits(t, want[i], got, n, i)
		}
	}
}
