package score

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
)

// rig evaluates objectives in float64 for a score that is an expression of the
// noisy row and the batch's leaves, without a network.
type rig struct {
	process  sde.SDE
	weight   Weight
	x0, z    *mat.Dense
	t        []float64
	score    func(x *ad.Expr, d Batch) *ad.Expr
	denoiser func(x *ad.Expr, d Batch) *ad.Expr // in place of the score
	more     map[*ad.Expr][]float64             // further leaves
	probe    ad.Filler                          // random leaves; nil means addressed
	theta    []float64
}

// leaves returns a batch and the values of its leaves.
func (b rig) leaves() (Batch, map[*ad.Expr][]float64) {
	n, d := b.x0.Dims()
	leaf := Batch{X0: ad.Input("x0", d), Xt: ad.Input("xt", d), Z: ad.Input("z", d)}
	values := map[*ad.Expr][]float64{leaf.X0: b.x0.RawMatrix().Data, leaf.Z: b.z.RawMatrix().Data, leaf.Xt: make([]float64, n*d)}
	for leaf, v := range b.more {
		values[leaf] = v
	}
	column := func(name string, at func(t float64) float64) *ad.Expr {
		e, v := ad.Input(name, 1), make([]float64, n)
		for i, t := range b.t {
			v[i] = at(t)
		}
		values[e] = v
		return e
	}
	leaf.T = column("t", func(t float64) float64 { return t })
	leaf.Alpha = column("alpha", func(t float64) float64 { a, _ := b.process.Kernel(t); return a })
	leaf.Sigma = column("sigma", func(t float64) float64 { _, s := b.process.Kernel(t); return s })
	leaf.G2 = column("g2", func(t float64) float64 { _, g2 := b.process.Rates(t); return g2 })
	slope := func(k func(t float64) float64) func(t float64) float64 {
		return func(t float64) float64 { h := 1e-6 * t; return (k(t+h) - k(t-h)) / (2 * h) }
	}
	leaf.DAlpha = column("dalpha", slope(func(t float64) float64 { a, _ := b.process.Kernel(t); return a }))
	leaf.DSigma = column("dsigma", slope(func(t float64) float64 { _, s := b.process.Kernel(t); return s }))
	leaf.Weight = column("weight", func(t float64) float64 {
		if b.weight == nil {
			return 1
		}
		return b.weight.At(b.process, t)
	})
	for i, t := range b.t {
		α, σ := b.process.Kernel(t)
		for j := range d {
			values[leaf.Xt][i*d+j] = α*b.x0.At(i, j) + σ*b.z.At(i, j)
		}
	}
	return leaf, values
}

// fields are the forms of the score.
func (b rig) fields(d Batch) Fields {
	s := func(x *ad.Expr) *ad.Expr {
		if b.denoiser != nil {
			return ad.Div(ad.Sub(ad.Mul(d.Alpha, b.denoiser(x, d)), x), ad.Square(d.Sigma))
		}
		return b.score(x, d)
	}
	return Fields{
		Score: s,
		Denoise: func(x *ad.Expr) *ad.Expr {
			if b.denoiser != nil {
				return b.denoiser(x, d)
			}
			return ad.Div(ad.Add(x, ad.Mul(ad.Square(d.Sigma), s(x))), d.Alpha)
		},
		Noise: func(x *ad.Expr) *ad.Expr { return ad.Neg(ad.Mul(d.Sigma, s(x))) },
		Velocity: func(x *ad.Expr) *ad.Expr { // f = α̇/α
			return ad.Sub(ad.Mul(ad.Div(d.DAlpha, d.Alpha), x), ad.Scale(0.5, ad.Mul(d.G2, s(x))))
		},
	}
}

// rows returns an objective's loss of each row.
func (b rig) rows(o Objective) []float64 {
	leaf, values := b.leaves()
	build := nn.NewBuild(&nn.Params{})
	build.Time = leaf.T
	return b.eval(o.Loss(build, b.fields(leaf), leaf), values)
}

func (b rig) eval(e *ad.Expr, values map[*ad.Expr][]float64) []float64 {
	random := b.probe
	if random == nil {
		random = func(dst []float64, row, slot int) {
			noise.Uniform(dst, 8, noise.Draw{Purpose: noise.Leaf, Row: row, Slot: slot})
		}
	}
	var leaves []*ad.Expr
	var in [][]float64
	for leaf, v := range values {
		leaves, in = append(leaves, leaf), append(in, v)
	}
	program := ad.Compile[float64]([]*ad.Expr{e}, leaves)
	var weights ad.Weights[float64]
	program.Pack(&weights, b.theta, nil)
	rows := e.Rows()
	if e.PerRow() {
		rows = len(b.t)
	}
	out := make([]float64, rows*e.Cols())
	program.Run(len(b.t), &weights, random, [][]float64{out}, in, nil)
	return out
}

// minus returns the differences of two lists.
func minus(a, b []float64) []float64 { return floats.SubTo(make([]float64, len(a)), a, b) }

// repeated returns n times t.
func repeated(t float64, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = t
	}
	return v
}

// scaled returns rows of independent normals with the given variances.
func scaled(n int, variances []float64, seed uint64) *mat.Dense {
	x := normals(n, len(variances), seed)
	x.Apply(func(_, j int, v float64) float64 { return v * math.Sqrt(variances[j]) }, x)
	return x
}

// gaussianScore is the exact score of normal data with independent columns.
func gaussianScore(variances []float64) func(x *ad.Expr, d Batch) *ad.Expr {
	return func(x *ad.Expr, d Batch) *ad.Expr {
		return ad.Neg(ad.Div(x, ad.Add(ad.Mul(ad.Square(d.Alpha), ad.Row(variances)), ad.Square(d.Sigma))))
	}
}

// wavy is a score of nothing in particular, with an asymmetric Jacobian.
func wavy(x *ad.Expr, d Batch) *ad.Expr {
	next := ad.Concat(ad.Slice(x, 1, x.Cols()), ad.Slice(x, 0, 1))
	return ad.Add(ad.Sin(ad.Add(ad.Scale(1.3, x), ad.Scale(0.7, next))), ad.Mul(ad.Tanh(next), d.Sigma))
}
