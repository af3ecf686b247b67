package simulator

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// rHat returns the largest potential scale reduction of a column of u, over the halves of
// the populations: with m halves of n members, the mean W of their variances and the
// variance B of their means,
//
//	R̂² = (n − 1)/n + B/W.
func rHat(all []*population) float64 {
	n := all[0].size / 2
	var worst float64
	for j := range all[0].dim {
		var means, variances []float64
		for _, p := range all {
			for half := range 2 {
				v := make([]float64, n)
				for i := range v {
					v[i] = p.member(2*i + half)[j]
				}
				mean, variance := stat.MeanVariance(v, nil)
				means = append(means, mean)
				variances = append(variances, variance)
			}
		}
		r := math.Sqrt(float64(n-1)/float64(n) + stat.Variance(means, nil)/stat.Mean(variances, nil))
		if !(r <= worst) { // NaN is worst
			worst = r
		}
	}
	return worst
}

// mostCorrelated returns the largest rank correlation, in size, of a column with its like. A rare
// mode that few moves leave has a small one; the populations have to agree on its weight.
func mostCorrelated(a, b []float64, d int) float64 {
	n := len(a) / d
	x, y := make([]float64, n), make([]float64, n)
	var most float64
	for j := range d {
		for i := range n {
			x[i], y[i] = a[i*d+j], b[i*d+j]
		}
		if c := math.Abs(stat.Correlation(ranks(x), ranks(y), nil)); !(c <= most) {
			most = c
		}
	}
	return most
}

// ranks returns the rank of each number among all, of equal ones in their order.
func ranks(x []float64) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(x[i], x[j]) })
	r := make([]float64, len(x))
	for k, i := range order {
		r[i] = float64(k)
	}
	return r
}
