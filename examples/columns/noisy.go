package main

import (
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
)

// deviation is that of the noise in columns that are known with noise.
const deviation = 0.3

// both returns the law of a row and of noisy measurements of its known columns, of
// which law is that of the rows.
func (p pattern) both(components []component, src rand.Source) (*dataset.Mixture, error) {
	var measured []int
	for j, c := range p {
		if c == known {
			measured = append(measured, j)
		}
	}
	n := columns + len(measured)
	at := func(j int) int { // the column of the row that column j is, or measures
		if j < columns {
			return j
		}
		return measured[j-columns]
	}
	weights, means, covs := make([]float64, len(components)), mat.NewDense(len(components), n, nil), make([]*mat.SymDense, len(components))
	for k, c := range components {
		weights[k], covs[k] = 1, mat.NewSymDense(n, nil)
		for i := range n {
			means.Set(k, i, c.mean[at(i)])
			for j := range i + 1 {
				v := c.cov.At(at(i), at(j))
				if i == j && i >= columns {
					v += deviation * deviation
				}
				covs[k].SetSym(i, j, v)
			}
		}
	}
	return dataset.NewMixture(weights, means, covs, src)
}
