package inference

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// moments are mean and covariance.
type moments struct {
	mean []float64
	cov  *mat.SymDense
}

// possible reports whether moments of w, of which parameters that were learned from have a
// deviation of 1 at least in what x does not tell, can be those of parameters.
func (m moments) possible() bool {
	const most = 1e60
	d := len(m.mean)
	largest := 0.0
	for i, v := range m.mean {
		if !(math.Abs(v) <= most) {
			return false
		}
		for j := range d {
			if !(math.Abs(m.cov.At(i, j)) <= most) {
				return false
			}
			largest = max(largest, math.Abs(m.cov.At(i, j)))
		}
	}
	var e mat.EigenSym
	return e.Factorize(m.cov, false) && slices.Min(e.Values(nil)) >= -1e-9*largest
}

func momentsOf(x *mat.Dense) moments {
	n, d := x.Dims()
	m := moments{make([]float64, d), mat.NewSymDense(d, nil)}
	column := make([]float64, n)
	for j := range d {
		mat.Col(column, j, x)
		m.mean[j], _ = spread(column)
	}
	stat.CovarianceMatrix(m.cov, x, nil)
	return m
}
