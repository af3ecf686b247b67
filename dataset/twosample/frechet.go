package twosample

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// FrechetSquared returns the squared Fréchet distance of two samples, the
// GaussianW2Squared of their means and unbiased covariances, which sees nothing
// else of them. It returns NaN when a value is not finite or a sample has one
// row. It panics when the columns differ or a sample is empty.
func FrechetSquared(x, y *mat.Dense) float64 {
	n, m, _ := dims("FrechetSquared", "x", "y", x, y)
	if n < 2 || m < 2 || !finite(x, y) {
		return math.NaN()
	}
	mx, cx := moments(x)
	my, cy := moments(y)
	return GaussianW2Squared(mx, cx, my, cy)
}

func moments(x *mat.Dense) ([]float64, *mat.SymDense) {
	n, d := x.Dims()
	mean, centred := make([]float64, d), mat.DenseCopyOf(x)
	for i := range n {
		floats.AddScaled(mean, 1/float64(n), x.RawRowView(i))
	}
	for i := range n {
		floats.Sub(centred.RawRowView(i), mean)
	}
	c := mat.NewSymDense(d, nil)
	c.SymOuterK(1/float64(n-1), centred.T())
	return mean, c
}

// GaussianW2Squared returns the squared Wasserstein-2 distance of two normal
// distributions,
//
//	‖m₁ − m₂‖² + tr C₁ + tr C₂ − 2 tr (C₁^½ C₂ C₁^½)^½,
//
// with the symmetric roots of the covariances, which may be singular. The last
// trace is the sum of the singular values of C₁^½ C₂^½. It returns NaN when a value
// is not finite, and panics when the dimensions differ.
func GaussianW2Squared(m1 []float64, c1 mat.Symmetric, m2 []float64, c2 mat.Symmetric) float64 {
	d := len(m1)
	if d == 0 || len(m2) != d || c1.SymmetricDim() != d || c2.SymmetricDim() != d {
		panic(fmt.Sprintf("twosample: GaussianW2Squared: means of %d and %d numbers and covariances of order %d and %d, want equal dimensions", d, len(m2), c1.SymmetricDim(), c2.SymmetricDim()))
	}
	r1, ok1 := root(c1)
	r2, ok2 := root(c2)
	if !ok1 || !ok2 {
		return math.NaN()
	}
	var product mat.Dense
	product.Mul(r1.T(), r2)
	var svd mat.SVD
	if !svd.Factorize(&product, mat.SVDNone) {
		return math.NaN()
	}
	var means float64
	for i, v := range m1 {
		means += (v - m2[i]) * (v - m2[i])
	}
	return means + max(0, mat.Trace(c1)+mat.Trace(c2)-2*floats.Sum(svd.Values(nil)))
}

// root returns R with R·Rᵀ = C, from the eigenvectors of C. R is C^½ but for a
// rotation, which leaves the singular values of R₁ᵀR₂ as they are.
func root(c mat.Symmetric) (*mat.Dense, bool) {
	d := c.SymmetricDim()
	for i := range d {
		for j := range i + 1 {
			if v := c.At(i, j); v-v != 0 {
				return nil, false
			}
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(c, true) {
		return nil, false
	}
	var r mat.Dense
	eigen.VectorsTo(&r)
	for j, v := range eigen.Values(nil) {
		scale := math.Sqrt(max(0, v))
		for i := range d {
			r.Set(i, j, scale*r.At(i, j))
		}
	}
	return &r, true
}
