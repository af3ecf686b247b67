package samplertest

import (
	"context"
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Distance returns the Wasserstein-2 distance of two Gaussians (Bures 1969),
//
//	√(|μ − ν|² + tr((M − I) A (M − I))),   M = A^{−½}(A^{½}BA^{½})^{½}A^{−½},
//
// through the optimal map M from the first to the second, which loses no digits
// when the two are close. The first covariance A is regular. It panics when the
// dimensions differ.
func Distance(p, q sde.Moments) float64 {
	d := len(p.Mean)
	if len(q.Mean) != d || p.Cov.SymmetricDim() != d || q.Cov.SymmetricDim() != d {
		panic(fmt.Sprintf("samplertest: dimension mismatch: moments of %d and %d coordinates with covariances of %d and %d", d, len(q.Mean), p.Cov.SymmetricDim(), q.Cov.SymmetricDim()))
	}
	far := floats.Distance(p.Mean, q.Mean, 2)
	root := function(p.Cov, math.Sqrt)
	back := function(p.Cov, func(v float64) float64 { return 1 / math.Sqrt(v) })
	inner := mat.NewSymDense(d, nil)
	symmetric(inner, product(root, q.Cov, root))
	off := product(back, function(inner, math.Sqrt), back)
	for j := range d {
		off.Set(j, j, off.At(j, j)-1)
	}
	return math.Sqrt(far*far + mat.Trace(product(off, p.Cov, off)))
}

// Impulse returns the exact mean and covariance of the result of a run whose
// score is linear in x, a Gaussian's. The run is Sample's or, when start is
// given, Continue's from a Gaussian start, in d dimensions; s.Noise is replaced.
//
// Every normal that the run draws is an impulse in a row of its own; the
// differences to a row without noise are the columns of an affine map J, and
// the covariance is J Jᵀ. The parts of a step that a method asks for with
// Step.Path are taken for independent, as they are when they do not overlap.
func Impulse(p sde.Problem, pred sampler.Predictor, s sampler.Settings, d int, start *sde.Moments) (sde.Moments, error) {
	ctx := context.Background()
	run := func(x *mat.Dense) error { return sampler.Sample(ctx, x, p, pred, &s) }
	if start != nil {
		run = func(x *mat.Dense) error { return sampler.Continue(ctx, x, p, pred, &s) }
	}
	// One row tells which normals are drawn, and is the mean.
	log := new(logger)
	s.Noise, s.FirstRow, s.Workers, s.Observer = log, 0, 1, nil
	first := mat.NewDense(1, d, nil)
	if start != nil {
		first.SetRow(0, start.Mean)
	}
	if err := run(first); err != nil {
		return sde.Moments{}, err
	}
	before := 1 // rows before those of the normals
	if start != nil {
		before += d
	}
	x := mat.NewDense(before+d*len(log.draws), d, nil)
	if start != nil {
		root := function(start.Cov, math.Sqrt)
		n, _ := x.Dims()
		for i := range n {
			row := x.RowView(i).(*mat.VecDense)
			row.CopyVec(mat.NewVecDense(d, start.Mean))
			if 0 < i && i < before {
				row.AddVec(row, root.ColView(i-1))
			}
		}
	}
	s.Noise, s.Workers = impulses{draws: log.draws, before: before, d: d}, 0
	if err := run(x); err != nil {
		return sde.Moments{}, err
	}
	n, _ := x.Dims()
	mean := mat.NewVecDense(d, mat.Row(nil, 0, x))
	for i := range n {
		row := x.RowView(i).(*mat.VecDense)
		row.SubVec(row, mean)
	}
	cov := mat.NewSymDense(d, nil)
	symmetric(cov, product(x.T(), x))
	return sde.Moments{Mean: mean.RawVector().Data, Cov: cov}, nil
}

// logger serves zeros and notes what is asked for.
type logger struct{ draws []noise.Draw }

func (l *logger) Normal(dst *mat.Dense, at noise.Draw) {
	dst.Zero()
	l.draws = append(l.draws, at)
}

// impulses serves a single 1 to each row from before on: draw after draw,
// coordinate after coordinate. All other normals are 0.
type impulses struct {
	draws     []noise.Draw
	before, d int
}

func (imp impulses) Normal(dst *mat.Dense, at noise.Draw) {
	n, _ := dst.Dims()
	dst.Zero()
	for i := range n {
		k := at.Row + i - imp.before
		if k < 0 {
			continue
		}
		a := imp.draws[k/imp.d]
		if a.Purpose == at.Purpose && a.Step == at.Step && a.Slot == at.Slot && a.Part == at.Part {
			dst.Set(i, k%imp.d, 1)
		}
	}
}

// function applies f to the eigenvalues of a symmetric matrix.
func function(a mat.Symmetric, f func(float64) float64) *mat.Dense {
	var e mat.EigenSym
	if !e.Factorize(a, true) {
		panic(fmt.Sprintf("samplertest: no eigenvalues of %v", mat.Formatted(a)))
	}
	var q mat.Dense
	e.VectorsTo(&q)
	values := e.Values(nil)
	for i, v := range values {
		values[i] = f(v)
	}
	return product(&q, mat.NewDiagDense(len(values), values), q.T())
}

// product multiplies matrices.
func product(terms ...mat.Matrix) *mat.Dense {
	out := mat.DenseCopyOf(terms[0])
	for _, t := range terms[1:] {
		next := new(mat.Dense)
		next.Mul(out, t)
		out = next
	}
	return out
}

// symmetric sets dst to the symmetric part of a.
func symmetric(dst *mat.SymDense, a *mat.Dense) {
	n, _ := a.Dims()
	for i := range n {
		for j := range i + 1 {
			dst.SetSym(i, j, 0.5*(a.At(i, j)+a.At(j, i)))
		}
	}
}
