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

// regress fits the weights for standardised u by least squares, shrunk as cross-validation
// says, but for those of parameters of which x tells no more, linearly, than chance would. It
// returns the shares of the variances that are explained, and what is left of every row by the
// regression on all others: (u − û)/(1 − h), h being what the row has to say in its own û.
// On new observations it errs by so much, not by u − û.
func (c *coordinates) regress(u, x *mat.Dense) (shares []float64, rest *mat.Dense) {
	n, d := u.Dims()
	_, k := x.Dims()
	shares, rest = make([]float64, d), mat.DenseCopyOf(u)
	if n < 4*k+20 {
		return shares, rest
	}
	z := mat.NewDense(n, k, nil)
	for i := range n {
		c.standard(z.RawRowView(i), x.RawRowView(i))
	}
	r := newRidge(z)
	if r == nil {
		return shares, rest
	}
	var cross mat.Dense
	cross.Mul(r.z.T(), u)
	cross.Scale(1/r.n, &cross)
	for j := range d {
		products, column := mat.Col(nil, j, &cross), mat.Col(nil, j, u)
		explained := 0.0
		for a, v := range products {
			explained += v * v / (r.g[a] + leastRidge)
		}
		// n times the share that is explained by chance is χ² with k degrees.
		if r.n*explained < float64(k)+4*math.Sqrt(2*float64(k)) {
			continue
		}
		shares[j] = explained
		lambda := r.choose(products, floats.Dot(column, column)/r.n)
		b, of := mat.NewVecDense(k, nil), make([]float64, k)
		for a, v := range products {
			of[a] = 1 / (r.g[a] + lambda)
			b.SetVec(a, v*of[a])
		}
		for i := range n {
			row, fitted, own := r.z.RawRowView(i), 0.0, 0.0
			for a, v := range row {
				fitted += v * b.AtVec(a)
				own += v * v * of[a] / r.n
			}
			rest.Set(i, j, (column[i]-fitted)/max(1-own, 1e-3))
		}
		b.MulVec(&r.vectors, b)
		c.weights.SetRow(j, b.RawVector().Data)
	}
	return shares, rest
}

// whiten sets the root so that what the regression leaves of the standardised u has
// covariance I, and returns that. Of few pairs the root is the wider, as that of a t
// distribution, for what mean and deviation of so few are uncertain: draws are then wider than
// the y, not as wide.
func (c *coordinates) whiten(rest *mat.Dense, deviation []float64) (y *mat.Dense) {
	n, d := rest.Dims()
	column := make([]float64, n)
	for j := range d {
		mat.Col(column, j, rest)
		_, left := spread(column)
		left = max(left, leastRest)
		floats.Scale(1/left, c.weights.RawRowView(j))
		floats.Scale(1/left, column)
		rest.SetCol(j, column)
		deviation[j] *= left
	}
	correlation := mat.NewSymDense(d, nil)
	stat.CovarianceMatrix(correlation, rest, nil)
	for j := range d { // constant ones have none
		correlation.SetSym(j, j, max(correlation.At(j, j), 0.5))
	}
	root, back := roots(correlation)
	c.weights.Mul(back, c.weights)
	y = rest
	y.Mul(rest, back.T())
	if n <= fewPairs {
		wider := math.Sqrt(float64(n+1) / float64(max(n-3, 1)))
		root.Scale(wider, root)
		back.Scale(1/wider, back)
		c.weights.Scale(1/wider, c.weights)
	}
	for j := range d {
		floats.Scale(deviation[j], root.RawRowView(j))
		for i := range d {
			back.Set(i, j, back.At(i, j)/deviation[j])
		}
	}
	c.root, c.back = root, back
	c.volume, _ = mat.LogDet(root)
	return y
}
