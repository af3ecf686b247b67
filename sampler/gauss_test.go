package sampler_test

import (
	"math"

	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"gonum.org/v1/gonum/mat"
)

// gauss is x₀ ~ N(m, S) in two dimensions under a process: the exact score is
// −K(x − αm) with K = (α²S + σ²I)⁻¹.
type gauss struct {
	sde.SDE
	m          [2]float64
	a, b, c, d float64 // S, row by row
}

func standard(p sde.SDE) gauss {
	return gauss{SDE: p, m: [2]float64{0.7, -0.4}, a: 0.50, b: 0.18, c: 0.18, d: 0.288}
}

func (g gauss) Score(dst, x *mat.Dense, t []float64) {
	n, _ := x.Dims()
	for i := range n {
		alpha, sigma := g.Kernel(t[min(i, len(t)-1)])
		a2, s2 := alpha*alpha, sigma*sigma
		a, b, d := a2*g.a+s2, a2*g.b, a2*g.d+s2
		det := a*d - b*b
		row, out := x.RawRowView(i), dst.RawRowView(i)
		u, v := row[0]-alpha*g.m[0], row[1]-alpha*g.m[1]
		out[0], out[1] = -(d*u-b*v)/det, -(a*v-b*u)/det
	}
}

// LogProb makes it an sde.LogProber.
func (g gauss) LogProb(dst []float64, x *mat.Dense, t []float64) {
	alpha, sigma := g.Kernel(t[0])
	a2, s2 := alpha*alpha, sigma*sigma
	a, b, d := a2*g.a+s2, a2*g.b, a2*g.d+s2
	for i := range dst {
		u, v := x.At(i, 0)-alpha*g.m[0], x.At(i, 1)-alpha*g.m[1]
		dst[i] = -0.5 * (d*u*u - 2*b*u*v + a*v*v) / (a*d - b*b)
	}
}

func (g gauss) problem() sde.Problem { return sde.Problem{SDE: g.SDE, Score: g} }

// address is one standard normal of a run, of any row; parts count as slots.
type address struct {
	purpose          noise.Purpose
	step, slot, coor int
}

// impulses serves to row r the normals that are all 0 but for the one at
// impulses[r-1], and to row 0 only zeros.
type impulses []address

func (imp impulses) Normal(dst *mat.Dense, at noise.Draw) {
	n, _ := dst.Dims()
	for i := range n {
		row := dst.RawRowView(i)
		clear(row)
		if r := at.Row + i; r > 0 {
			if a := imp[r-1]; a.purpose == at.Purpose && a.step == at.Step && a.slot == at.Slot+at.Part {
				row[a.coor] = 1
			}
		}
	}
}

// everyNormal lists the normals of a run of n steps: those of the prior and of
// the given numbers of slots of each step.
func everyNormal(n, predict, correct int) impulses {
	var imp impulses
	for j := range 2 {
		imp = append(imp, address{purpose: noise.Prior, coor: j})
		for k := range n {
			for slot := range predict {
				imp = append(imp, address{noise.Predict, k, slot, j})
			}
			for slot := range correct {
				imp = append(imp, address{noise.Correct, k, slot, j})
			}
		}
	}
	return imp
}

// moments holds a mean and a covariance.
type moments struct {
	mean *mat.VecDense
	cov  *mat.Dense
}

// relative returns the larger of the relative errors of mean and covariance.
func (a moments) relative(b moments) float64 {
	var dm mat.VecDense
	var dc mat.Dense
	dm.SubVec(a.mean, b.mean)
	dc.Sub(a.cov, b.cov)
	return math.Max(mat.Norm(&dm, 2)/mat.Norm(b.mean, 2), mat.Norm(&dc, 2)/mat.Norm(b.cov, 2))
}

// add, mul, scale and eye keep recursions readable.
func add(terms ...*mat.Dense) *mat.Dense {
	sum := mat.DenseCopyOf(terms[0])
	for _, t := range terms[1:] {
		sum.Add(sum, t)
	}
	return sum
}

func mul(terms ...*mat.Dense) *mat.Dense {
	out := mat.DenseCopyOf(terms[0])
	for _, t := range terms[1:] {
		var next mat.Dense
		next.Mul(out, t)
		out = &next
	}
	return out
}

func scale(c float64, a *mat.Dense) *mat.Dense {
	var out mat.Dense
	out.Scale(c, a)
	return &out
}

func eye(n int, c float64) *mat.Dense {
	out := mat.NewDense(n, n, nil)
	for i := range n {
		out.Set(i, i, c)
	}
	return out
}

// function applies f to the eigenvalues of a symmetric matrix.
func function(a *mat.Dense, f func(float64) float64) *mat.Dense {
	n, _ := a.Dims()
	sym := mat.NewSymDense(n, nil)
	for i := range n {
		for j := range i + 1 {
			sym.SetSym(i, j, 0.5*(a.At(i, j)+a.At(j, i)))
		}
	}
	var e mat.EigenSym
	if !e.Factorize(sym, true) {
		panic("no eigenvalues")
	}
	var q mat.Dense
	e.VectorsTo(&q)
	d := mat.NewDense(n, n, nil)
	for i, v := range e.Values(nil) {
		d.Set(i, i, f(v))
	}
	return mul(&q, d, mat.DenseCopyOf(q.T()))
}

func inverse(a *mat.Dense) *mat.Dense {
	var out mat.Dense
	if err := out.Inverse(a); err != nil {
		panic(err)
	}
	return &out
}
