package score

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// Asymmetry writes ‖J − Jᵀ‖/‖J‖ of each row of x into dst, J = ∂s/∂x being the
// Jacobian of the score at the times t and the norm Frobenius'. It is 0 for the
// gradient of a function, as every true score and that of an energy network is,
// and √2 for a random matrix of many dimensions: it tells how far a network of
// vectors is from having a density (Salimans & Ho 2021), at the cost of d
// directional derivatives. A Jacobian of zeros has asymmetry 0. It panics when
// the shapes do not match.
func Asymmetry(dst []float64, s sde.Divergencer, x *mat.Dense, t []float64) {
	n, d := x.Dims()
	if len(dst) != n || (len(t) != 1 && len(t) != n) {
		panic(badShape)
	}
	score, axis := mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
	columns := make([]*mat.Dense, d) // row i of columns[j]: column j of row i's Jacobian
	for j := range columns {
		for i := range n {
			clear(axis.RawRowView(i))
			axis.Set(i, j, 1)
		}
		columns[j] = mat.NewDense(n, d, nil)
		s.JVP(score, columns[j], x, axis, t)
	}
	for i := range n {
		var skew, whole float64
		for j := range d {
			for k := range d {
				a, b := columns[j].At(i, k), columns[k].At(i, j)
				skew += (a - b) * (a - b)
				whole += a * a
			}
		}
		dst[i] = 0
		if whole > 0 {
			dst[i] = math.Sqrt(skew / whole)
		}
	}
}
