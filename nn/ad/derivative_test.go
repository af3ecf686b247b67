package ad

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// problem is the loss of a score network in two dimensions of the usual size:
// x and a Fourier embedding of t, three hidden layers.
type problem struct {
	net      *network
	s, x     *Expr
	rows     *Expr // the loss of each row
	in       []*Expr
	inputs   [][]float64
	theta    []float64
	n        int
	forward  *Program[float64] // the mean loss
	gradient *Program[float64] // the mean loss and its gradient
}

const fullBatch = 64

func newProblem(seed uint64, n int, act func(*Expr) *Expr, objective func(s, x, eps, sigma *Expr) *Expr) *problem {
	rng := generator(seed)
	x, time, eps, sigma := Input("x", 2), Input("t", 1), Input("eps", 2), Input("sigma", 1)
	angle := Scale(2*math.Pi, MatMul(time, Row(normals(rng, 32))))
	net := newNetwork(act, 66, 128, 128, 128, 2)
	s := net.apply(Concat(x, Sin(angle), Cos(angle)))
	p := &problem{net: net, s: s, x: x, rows: objective(s, x, eps, sigma), in: []*Expr{x, time, eps, sigma}, n: n}
	p.theta = net.theta(rng)
	p.inputs = [][]float64{normals(rng, 2*n), make([]float64, n), normals(rng, 2*n), make([]float64, n)}
	for i := range n {
		p.inputs[1][i], p.inputs[3][i] = rng.Float64(), 0.3+rng.Float64()
	}
	loss := Scale(1/float64(max(n, 1)), SumRows(p.rows))
	p.forward = Compile[float64]([]*Expr{loss}, p.in)
	p.gradient = Compile[float64](append([]*Expr{loss}, Grad(loss, net.params()...)...), p.in)
	return p
}

// dsm is the loss of denoising score matching with weight σ².
func dsm(s, x, eps, sigma *Expr) *Expr {
	return Scale(0.5, SumCols(Square(Add(Mul(s, sigma), eps))))
}

// ism is the loss of implicit score matching.
func ism(s, x, _, _ *Expr) *Expr {
	return Add(Scale(0.5, SumCols(Square(s))), divergence(s, x))
}

// loss is the mean loss at theta + h·v.
func (p *problem) loss(h float64, v []float64) float64 {
	moved := slices.Clone(p.theta)
	for i, x := range v {
		moved[i] += h * x
	}
	return runCompiled(p.forward, p.n, moved, p.inputs, 2)[0][0]
}

// grad is the gradient of the mean loss.
func (p *problem) grad() []float64 {
	return slices.Concat(runCompiled(p.gradient, p.n, p.theta, p.inputs, 2)[1:]...)
}

func (p *problem) central(h float64, v []float64) float64 {
	return (p.loss(h, v) - p.loss(-h, v)) / (2 * h)
}

func (p *problem) stencil(h float64, v []float64) float64 {
	return (8*(p.loss(h, v)-p.loss(-h, v)) - p.loss(2*h, v) + p.loss(-2*h, v)) / (12 * h)
}

// directional is the largest error of a difference scheme over random unit
// directions.
func (p *problem) directional(directions int, scheme func(v []float64) float64) float64 {
	rng, g, worst := generator(99), p.grad(), 0.0
	for range directions {
		v := direction(rng, len(g))
		want := dot(g, v)
		worst = max(worst, math.Abs(scheme(v)-want)/max(math.Abs(want), norm(g)/math.Sqrt(float64(len(g)))))
	}
	return worst
}

func direction(rng *rand.Rand, n int) []float64 {
	v := normals(rng, n)
	scale := 1 / norm(v)
	for i := range v {
		v[i] *= scale
	}
	return v
}

// coordinates is the largest error of central differences at random
// coordinates.
func (p *problem) coordinates(count int, h float64) float64 {
	rng, g, worst := generator(98), p.grad(), 0.0
	for range count {
		i := rng.IntN(len(g))
		v := make([]float64, len(g))
		v[i] = 1
		worst = max(worst, math.Abs(p.central(h, v)-g[i])/max(math.Abs(g[i]), 1e-3*largest(g)))
	}
	return worst
}

var smooth = map[string]func(*Expr) *Expr{
	"SiLU": SiLU, "tanh": Tanh, "softplus": Softplus, "GELU": GELU, "GELUTanh": GELUTanh, "sin": Sin, "erf": Erf,
}

func TestGradMatchesCentralDifferences(t *testing.T) {
	for name, act := range smooth {
		t.Run(name, func(t *testing.T) {
			p := newProblem(1, fullBatch, act, dsm)
			require.Less(t, p.directional(10, func(v []float64) float64 { return p.central(1e-4, v) }), 1e-7)
		})
	}
	p := newProblem(2, fullBatch, SiLU, dsm)
	require.Less(t, p.coordinates(60, 1e-5), 2e-6)
	require.Less(t, p.directional(5, func(v []float64) float64 { return p.stencil(1e-3, v) }), 1e-8)
}

func TestGradMatchesDifferencesAwayFromKinks(t *testing.T) {
	for name, act := range map[string]func(*Expr) *Expr{
		"ReLU":      ReLU,
		"LeakyReLU": func(x *Expr) *Expr { return LeakyReLU(x, 0.1) },
		"ELU":       func(x *Expr) *Expr { return ELU(x, 1.3) },
	} {
		t.Run(name, func(t *testing.T) {
			p := newProblem(3, fullBatch, act, dsm)
			require.Less(t, p.directional(10, func(v []float64) float64 { return p.central(1e-5, v) }), 1e-6)
		})
	}
}

func TestGradOfGradMatchesCentralDifferences(t *testing.T) {
	p := newProblem(4, fullBatch, SiLU, ism)
	require.Less(t, p.directional(10, func(v []float64) float64 { return p.central(1e-4, v) }), 1e-8)
	require.Less(t, p.coordinates(60, 1e-5), 2e-7)
	require.Less(t, p.directional(5, func(v []float64) float64 { return p.stencil(1e-3, v) }), 1e-10)
}

// The error of central differences falls as h² until rounding, which grows as
// 1/h, takes over.
func TestDifferencesAgreeToSecondOrder(t *testing.T) {
	p := newProblem(5, fullBatch, SiLU, dsm)
	g := p.grad()
	v := direction(generator(6), len(g))
	for i := range v {
		v[i] *= 20 // to see the truncation error above the rounding
	}
	errs := make([]float64, 8)
	for k := 2; k < len(errs); k++ {
		errs[k] = math.Abs(p.central(math.Pow10(-k), v) - dot(g, v))
	}
	for _, k := range []int{2, 3} {
		require.InDelta(t, 2, math.Log10(errs[k]/errs[k+1]), 0.1, "errors %v", errs[2:])
	}
	require.Greater(t, errs[7], errs[5], "errors %v", errs[2:])
}

func TestFloat32GradientAgrees(t *testing.T) {
	for name, objective := range map[string]func(s, x, eps, sigma *Expr) *Expr{"dsm": dsm, "ism": ism} {
		p := newProblem(7, fullBatch, SiLU, objective)
		single := slices.Concat(run[float32](p.gradient.out[1:], p.in, p.n, p.theta, p.inputs, 2)...)
		// The inputs and parameters that float32 sees, for float64.
		p.theta = converted[float64](converted[float32](p.theta))
		for i, v := range p.inputs {
			p.inputs[i] = converted[float64](converted[float32](v))
		}
		g := p.grad()
		d := make([]float64, len(g))
		for i := range d {
			d[i] = single[i] - g[i]
		}
		require.Less(t, norm(d)/norm(g), 5e-6, name)
	}
}

// Checks nn/ad (1).
func TestForwardAndReverseModeAreAdjoint(t *testing.T) {
	p := newProblem(8, fullBatch, SiLU, dsm)
	rng := generator(9)
	u, v := Input("u", 2), Input("v", 2)
	in := append(slices.Clone(p.in), u, v)
	inputs := append(slices.Clone(p.inputs), normals(rng, 2*p.n), normals(rng, 2*p.n))
	forward := SumCols(Mul(u, JVP(p.s, p.x, v)))
	reverse := SumCols(Mul(v, Grad(Mul(p.s, u), p.x)[0]))
	got := run[float64]([]*Expr{forward, reverse}, in, p.n, p.theta, inputs, 1)
	requireClose(t, got[0], got[1], 1e-13)

	w := p.net.weights[1] // and with respect to a parameter
	dw := UniformInput("dw", w.Rows()*w.Cols())
	rows := make([]*Expr, w.Rows())
	for i := range rows {
		rows[i] = Slice(dw, i*w.Cols(), (i+1)*w.Cols())
	}
	direction := outer(rows)
	forward, reverse = total(Mul(u, JVP(p.s, w, direction))), total(Mul(direction, Grad(Mul(p.s, u), w)[0]))
	got = run[float64]([]*Expr{forward, reverse}, append(in, dw), p.n, p.theta,
		append(inputs, normals(rng, w.Rows()*w.Cols())), 1)
	requireClose(t, got[0], got[1], 1e-13)
}

// outer stacks rows: Σ_i e_iᵀ·row_i.
func outer(rows []*Expr) *Expr {
	var m *Expr
	for i, r := range rows {
		p := MatTMul(unit(i, len(rows)), r)
		if m == nil {
			m = p
		} else {
			m = Add(m, p)
		}
	}
	return m
}

func TestJacobianIsTheSameByColumnsAndRows(t *testing.T) {
	rng := generator(10)
	for _, d := range []int{1, 2, 5} {
		x := Input("x", d)
		net := newNetwork(GELU, d, 17, 9, d)
		s := net.apply(x)
		energy := Scale(0.5, SumCols(Square(newNetworkFrom(net, Tanh).apply(x))))
		gradient := Neg(Grad(energy, x)[0])
		var columns, rows, hessian []*Expr
		for j := range d {
			columns = append(columns, JVP(s, x, unit(j, d)))
			rows = append(rows, Grad(Slice(s, j, j+1), x)[0])
			hessian = append(hessian, JVP(gradient, x, unit(j, d)))
		}
		const n = 7
		theta, xs := net.theta(rng), normals(rng, n*d)
		got := run[float64]([]*Expr{Concat(columns...), Concat(rows...), Concat(hessian...), divergence(s, x)},
			[]*Expr{x}, n, theta, [][]float64{xs}, 1)
		transposed := func(m []float64) []float64 {
			var v []float64
			for r := range n {
				v = append(v, transpose(m[r*d*d:(r+1)*d*d], d, d)...)
			}
			return v
		}
		requireClose(t, got[0], transposed(got[1]), 1e-13, "columns and rows")
		requireClose(t, got[2], transposed(got[2]), 1e-13, "an energy's Jacobian is symmetric")
		trace := make([]float64, n)
		for r := range n {
			for j := range d {
				trace[r] += got[1][r*d*d+j*d+j]
			}
		}
		requireClose(t, trace, got[3], 1e-13, "the divergence is the trace")
	}
}

// newNetworkFrom is m with another activation.
func newNetworkFrom(m *network, act func(*Expr) *Expr) *network {
	c := *m
	c.act = act
	return &c
}

func TestGradientOfABatchIsTheSumOverRows(t *testing.T) {
	for _, n := range []int{0, 1, 3, 17, 64} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			p := newProblem(11, n, SiLU, dsm)
			rowLoss := SumRows(p.rows)
			program := Compile[float64](append([]*Expr{rowLoss}, Grad(rowLoss, p.net.params()...)...), p.in)
			whole := slices.Concat(runCompiled(program, n, p.theta, p.inputs, 1)...)
			sum := make([]float64, len(whole))
			for r := range n {
				var row [][]float64
				for i, e := range p.in {
					row = append(row, p.inputs[i][r*e.Cols():(r+1)*e.Cols()])
				}
				for i, g := range slices.Concat(runCompiled(program, 1, p.theta, row, 1)...) {
					sum[i] += g
				}
			}
			requireClose(t, sum, whole, 1e-13)
		})
	}
}
