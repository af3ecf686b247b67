package calibration

import (
	"errors"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// depths returns the share of the other numbers that are below the first, equal ones
// counting half, and for each number how many are on its thinner side, itself and
// equal ones among them.
func depths(v []float64) (below float64, depth []float64) {
	sorted := slices.Sorted(slices.Values(v))
	n := len(v)
	depth = make([]float64, n)
	for i, x := range v {
		under, _ := slices.BinarySearch(sorted, x)
		upTo, _ := slices.BinarySearch(sorted, math.Nextafter(x, math.Inf(1)))
		depth[i] = float64(min(upTo, n-under))
		if i == 0 {
			below = (float64(under) + float64(upTo-under-1)/2) / float64(n-1)
		}
	}
	return below, depth
}

// distances returns for each row the mean distance from the others and that from the
// nearest of them.
func distances(x *mat.Dense, neighbours int) (all, near []float64) {
	n, _ := x.Dims()
	all, near = make([]float64, n), make([]float64, n)
	each(n, func(i int) {
		row := x.RawRowView(i)
		closest := make([]float64, 0, neighbours+1) // in their order
		for j := range n {
			if j == i {
				continue
			}
			var square float64
			for c, v := range x.RawRowView(j) {
				square += (v - row[c]) * (v - row[c])
			}
			d := math.Sqrt(square)
			all[i] += d / float64(n-1)
			if len(closest) < neighbours || d < closest[neighbours-1] {
				at, _ := slices.BinarySearch(closest, d)
				closest = slices.Insert(closest, at, d)[:min(len(closest)+1, neighbours)]
			}
		}
		near[i] = floats.Sum(closest) / float64(len(closest))
	})
	return all, near
}

// mahalanobis returns for each row the distance from the mean in units of the
// covariance of all rows.
func mahalanobis(x *mat.Dense) []float64 {
	n, d := x.Dims()
	z := mat.NewDense(n, d, nil)
	for j := range d {
		v := mat.Col(nil, j, x)
		mean, sd := stat.PopMeanStdDev(v, nil)
		for i := range v {
			if v[i] -= mean; sd > 0 {
				v[i] /= sd
			}
		}
		z.SetCol(j, v)
	}
	// Columns may depend on each other exactly, and be more than the rows.
	const ridge = 1e-8
	c := mat.NewSymDense(d, nil)
	c.SymOuterK(1/float64(n), z.T())
	for j := range d {
		c.SetSym(j, j, c.At(j, j)+ridge)
	}
	var chol mat.Cholesky
	if !chol.Factorize(c) {
		panic("calibration: a covariance has an eigenvalue below its ridge")
	}
	var half mat.Dense // of L⁻¹zᵀ with c = LLᵀ, the squared columns are what is asked for
	var lower mat.TriDense
	chol.LTo(&lower)
	if err := lower.SolveTo(&half, false, z.T()); err != nil && !errors.As(err, new(mat.Condition)) {
		panic(err)
	}
	out := make([]float64, n)
	for i := range out {
		out[i] = mat.Norm(half.ColView(i), 2)
	}
	return out
}

// overMean returns the first number over the mean of the others, 1 where all are 0.
func overMean(v []float64) float64 {
	mean := floats.Sum(v[1:]) / float64(len(v)-1)
	if v[0] == 0 && mean == 0 {
		return 1
	}
	return v[0] / mean
}
