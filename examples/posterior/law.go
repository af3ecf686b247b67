package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/posterior"
)

// modes is the number of components of a prior.
const modes = 4

// newPrior returns a mixture of normals in d columns that are near to standardised:
// modes at N(0, 0.8²) with standard deviations from 0.3 to 0.6, in two columns and eight
// of correlated columns.
func newPrior(d int, seed uint64) *dataset.Mixture {
	r := rand.New(rand.NewPCG(seed, uint64(d)))
	weights, means := make([]float64, modes), mat.NewDense(modes, d, nil)
	std, covs := make([]float64, modes), make([]*mat.SymDense, modes)
	for k := range modes {
		weights[k] = 0.5 + r.Float64()
		std[k] = 0.3 + 0.1*float64(k)
		for j := range d {
			means.Set(k, j, 0.8*r.NormFloat64())
		}
		a := mat.NewDense(d, d, nil)
		a.Apply(func(_, _ int, _ float64) float64 { return r.NormFloat64() }, a)
		covs[k] = mat.NewSymDense(d, nil)
		covs[k].SymOuterK(std[k]*std[k]/float64(d), a)
		for j := range d {
			covs[k].SetSym(j, j, covs[k].At(j, j)+0.01)
		}
	}
	src := rand.NewPCG(seed, 1000+uint64(d))
	var m *dataset.Mixture
	var err error
	if d <= 8 {
		m, err = dataset.NewMixture(weights, means, covs, src)
	} else {
		m, err = dataset.NewIsotropicMixture(weights, means, std, src)
	}
	if err != nil {
		panic(err) // nothing that is asked of the user
	}
	return m
}

// abs is the nonlinear operator that sees the size of the first of in columns, but not
// its sign. An operator of one's own is these four methods.
type abs struct{ in int }

func (a abs) Dims() (in, out int) { return a.in, 1 }

func (a abs) Apply(dst, x *mat.Dense) {
	dst.Apply(func(i, _ int, _ float64) float64 { return math.Abs(x.At(i, 0)) }, dst)
}

func (a abs) JVP(dst, x, v *mat.Dense) {
	dst.Apply(func(i, _ int, _ float64) float64 { return math.Copysign(v.At(i, 0), x.At(i, 0)*v.At(i, 0)) }, dst)
}

func (a abs) VJP(dst, x, u *mat.Dense) {
	dst.Apply(func(i, j int, _ float64) float64 {
		if j > 0 {
			return 0
		}
		return math.Copysign(u.At(i, 0), x.At(i, 0)*u.At(i, 0))
	}, dst)
}

// kind is a kind of observation.
type kind struct {
	name      string
	op        func(d int, r *rand.Rand) posterior.Operator
	noise     float64
	nonlinear bool
}

func kinds() []kind {
	one := func(d int, _ *rand.Rand) posterior.Operator { return posterior.Mask{In: d, Columns: []int{0}} }
	sum := func(d int, _ *rand.Rand) posterior.Operator {
		a := mat.NewDense(1, d, nil)
		a.Apply(func(_, _ int, _ float64) float64 { return 1 / math.Sqrt(float64(d)) }, a)
		return posterior.Matrix{A: a}
	}
	projections := func(d int, r *rand.Rand) posterior.Operator {
		a := mat.NewDense(min(max(d/2, 1), 8), d, nil)
		a.Apply(func(_, _ int, _ float64) float64 { return r.NormFloat64() / math.Sqrt(float64(d)) }, a)
		return posterior.Matrix{A: a}
	}
	size := func(d int, _ *rand.Rand) posterior.Operator { return abs{d} }
	return []kind{
		{"one column", one, 0.01, false}, {"one column", one, 0.1, false}, {"one column", one, 1, false},
		{"sum", sum, 0.01, false}, {"sum", sum, 0.1, false}, {"sum", sum, 1, false},
		{"projections", projections, 0.01, false}, {"projections", projections, 0.1, false}, {"projections", projections, 1, false},
		{"|x₁|", size, 0.1, true},
	}
}

// truth is the exact posterior: one mixture, or, of an observed size, one for each sign.
type truth struct {
	parts []*dataset.Mixture
	logW  []float64
	rng   *rand.Rand
}

// observe draws a clean row and what is seen of it, and returns that with the exact
// posterior.
func (k kind) observe(prior *dataset.Mixture, r *rand.Rand) (posterior.Observation, *truth, error) {
	d := prior.Dim()
	op := k.op(d, r)
	_, m := op.Dims()
	y := mat.NewDense(1, m, nil)
	for {
		op.Apply(y, mat.NewDense(1, d, prior.Rand(nil)))
		for i := range m {
			y.Set(0, i, y.At(0, i)+k.noise*r.NormFloat64())
		}
		// The likelihood of |x| is the sum of those of x and −x unless noise reaches
		// from one sign to the other.
		if !k.nonlinear || y.At(0, 0) > 6*k.noise {
			break
		}
	}
	o := posterior.Observation{Operator: op, Y: y, Noise: posterior.Noise{Deviation: k.noise}}
	noise := mat.NewSymDense(m, nil)
	for i := range m {
		noise.SetSym(i, i, k.noise*k.noise)
	}
	t := &truth{rng: r}
	for _, a := range matrices(op) {
		part, err := prior.Observe(a, y.RawRowView(0), noise, r)
		if err != nil {
			return o, nil, fmt.Errorf("%s of %d columns: %w", k.name, d, err)
		}
		seen, err := prior.Project(a, noise, nil)
		if err != nil {
			return o, nil, fmt.Errorf("%s of %d columns: %w", k.name, d, err)
		}
		t.parts, t.logW = append(t.parts, part), append(t.logW, seen.LogProb(y.RawRowView(0)))
	}
	floats.AddConst(-floats.LogSumExp(t.logW), t.logW)
	return o, t, nil
}

// matrices returns the linear operators of which the observation is one.
func matrices(op posterior.Operator) []*mat.Dense {
	if l, ok := op.(posterior.Linear); ok {
		return []*mat.Dense{l.Matrix()}
	}
	in, _ := op.Dims()
	plus, minus := mat.NewDense(1, in, nil), mat.NewDense(1, in, nil)
	plus.Set(0, 0, 1)
	minus.Set(0, 0, -1)
	return []*mat.Dense{plus, minus}
}

// draw returns n rows.
func (t *truth) draw(n int) *mat.Dense {
	x := mat.NewDense(n, t.parts[0].Dim(), nil)
	for i := range n {
		u, k := t.rng.Float64(), 0
		for ; k < len(t.parts)-1 && u > math.Exp(t.logW[k]); k++ {
			u -= math.Exp(t.logW[k])
		}
		t.parts[k].Rand(x.RawRowView(i))
	}
	return x
}

// score returns the exact score.
func (t *truth) score(p sde.SDE) sde.Scorer {
	return sde.Analytic(p, func(alpha, sigma float64) noised {
		n := noised{logW: t.logW}
		for _, m := range t.parts {
			n.parts = append(n.parts, m.Noised(alpha, sigma))
		}
		return n
	})
}

// noised is the density of αx₀ + σz.
type noised struct {
	parts []*dataset.DiffusedMixture
	logW  []float64
}

// ScoreInput implements sde.Density.
func (n noised) ScoreInput(dst, x []float64) []float64 {
	logp := make([]float64, len(n.parts))
	for k, p := range n.parts {
		logp[k] = n.logW[k] + p.LogProb(x)
	}
	all := floats.LogSumExp(logp)
	clear(dst)
	for k, p := range n.parts {
		floats.AddScaled(dst, math.Exp(logp[k]-all), p.ScoreInput(nil, x))
	}
	return dst
}
