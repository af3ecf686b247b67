package inference

import (
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// moments are mean and covariance.
type moments struct {
	mean []float64
	cov  *mat.SymDense
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
