package inference

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// leastRidge is what is added to the variances of columns of x in any case: those that repeat
// each other, or are constant, share the weight.
const leastRidge = 1e-6

// ridge is a linear regression on z(x), in the coordinates of the principal components of z,
//
//	b = (G + λ)⁻¹ c,   G = Σ z zᵀ/n,   c = Σ z u/n.
type ridge struct {
	n       float64
	z       *mat.Dense // of all rows
	vectors mat.Dense
	g       []float64 // variances of the components
}

// newRidge returns nil for a G without eigenvalues.
func newRidge(z *mat.Dense) *ridge {
	n, k := z.Dims()
	gram := mat.NewSymDense(k, nil)
	gram.SymOuterK(1/float64(n), z.T())
	var e mat.EigenSym
	if !e.Factorize(gram, true) {
		return nil
	}
	r := &ridge{n: float64(n), z: new(mat.Dense), g: e.Values(nil)}
	e.VectorsTo(&r.vectors)
	r.z.Mul(z, &r.vectors)
	for a, v := range r.g {
		r.g[a] = max(v, 0)
	}
	return r
}

// choose returns the λ of the least cross-validated error (generalised: Craven & Wahba 1979),
//
//	RSS/(1 − Σ g/(g + λ)/n)²,
//
// for the products c of a u of mean square s: with many columns for few rows what a regression
// finds is chance as much as what x tells.
func (r *ridge) choose(c []float64, s float64) (lambda float64) {
	least := math.Inf(1)
	for l := leastRidge; l < 200; l *= math.Sqrt(10) {
		rss, degrees := s, 0.0
		for a, g := range r.g {
			rss -= c[a] * c[a] * (g + 2*l) / ((g + l) * (g + l))
			degrees += g / (g + l)
		}
		free := 1 - degrees/r.n
		if v := rss / (free * free); v < least {
			least, lambda = v, l
		}
	}
	return lambda
}

// regression is one on z(x): the weights, the share of the variance that is explained, and
// what is left of every row by the regression on all others, (u − û)/(1 − h), h being what the
// row has to say in its own û. On new observations it errs by so much, not by u − û.
type regression struct {
	weights []float64
	share   float64
	rest    []float64
}

// fit fits a column of mean 0 by least squares, shrunk as cross-validation says; it returns nil
// when x tells no more of it, linearly, than chance would. mean is what a row has to say in the
// mean that has been taken from the column, nil for nothing.
func (r *ridge) fit(column, mean []float64) *regression {
	k := len(r.g)
	products := mat.NewVecDense(k, nil)
	products.MulVec(r.z.T(), mat.NewVecDense(len(column), column))
	products.ScaleVec(1/r.n, products)
	square := floats.Dot(column, column) / r.n
	explained := 0.0
	for a, g := range r.g {
		explained += products.AtVec(a) * products.AtVec(a) / (g + leastRidge)
	}
	// n times the share that is explained by chance is χ² with k degrees.
	if !(square > 0) || !(r.n*explained >= (float64(k)+4*math.Sqrt(2*float64(k)))*square) {
		return nil
	}
	f := &regression{share: explained / square, rest: make([]float64, len(column))}
	lambda := r.choose(products.RawVector().Data, square)
	b, of := make([]float64, k), make([]float64, k)
	for a, g := range r.g {
		of[a] = 1 / (g + lambda)
		b[a] = products.AtVec(a) * of[a]
	}
	for i := range f.rest {
		fitted, own := 0.0, 0.0
		if mean != nil {
			own = mean[i]
		}
		for a, v := range r.z.RawRowView(i) {
			fitted += v * b[a]
			own += v * v * of[a] / r.n
		}
		f.rest[i] = (column[i] - fitted) / max(1-own, 1e-3)
	}
	f.weights = product(&r.vectors, b)
	return f
}

// standards returns z(x) of all rows.
func (c *coordinates) standards(x *mat.Dense) *mat.Dense {
	n, k := x.Dims()
	z := mat.NewDense(n, k, nil)
	for i := range n {
		c.standard(z.RawRowView(i), x.RawRowView(i))
	}
	return z
}

// whiten sets the root so that what the regression leaves of the standardised u has
// covariance I, and makes that of it. Of few pairs the root is the wider, as that of a t
// distribution, for what mean and deviation of so few are uncertain: draws are then wider than
// the y, not as wide.
func (c *coordinates) whiten(rest *mat.Dense) {
	n, d := rest.Dims()
	column, unit := make([]float64, n), make([]float64, d)
	for j := range d {
		mat.Col(column, j, rest)
		_, left := spread(column)
		left = max(left, leastRest)
		floats.Scale(1/left, column)
		rest.SetCol(j, column)
		unit[j] = c.trends[j].deviation * left
	}
	correlation := mat.NewSymDense(d, nil)
	stat.CovarianceMatrix(correlation, rest, nil)
	for j := range d { // constant ones have none
		correlation.SetSym(j, j, max(correlation.At(j, j), 0.5))
	}
	root, back := roots(correlation)
	rest.Mul(rest, back.T())
	if n <= fewPairs {
		wider := math.Sqrt(float64(n+1) / float64(max(n-3, 1)))
		if n == 2 { // of which the t distribution has no variance: by its 5 %
			wider = 6.6
		}
		root.Scale(wider, root)
		back.Scale(1/wider, back)
	}
	for j := range d {
		floats.Scale(unit[j], root.RawRowView(j))
		for i := range d {
			back.Set(i, j, back.At(i, j)/unit[j])
		}
	}
	c.root, c.back = root, back
	c.volume, _ = mat.LogDet(root)
}

func product(a *mat.Dense, x []float64) []float64 {
	var v mat.VecDense
	v.MulVec(a, mat.NewVecDense(len(x), x))
	return v.RawVector().Data
}
