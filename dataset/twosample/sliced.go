package twosample

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// SlicedW2 returns the sliced Wasserstein-2 distance of the rows of x and y:
// the root of the mean of W2Squared over the projections on the rows of
// directions, which should have unit length. It panics when the columns differ
// or a matrix is empty.
func SlicedW2(x, y, directions *mat.Dense) float64 {
	n, m, _ := dims(x, y)
	k, _, _ := dims(directions, x)
	a, b := mat.NewVecDense(n, nil), mat.NewVecDense(m, nil)
	var sum float64
	for i := range k {
		u := directions.RowView(i)
		a.MulVec(x, u)
		b.MulVec(y, u)
		sum += sortW2(a.RawVector().Data, b.RawVector().Data)
	}
	return math.Sqrt(sum / float64(k))
}

// W2Squared returns the squared Wasserstein-2 distance of two samples of
// numbers, ∫₀¹ (F⁻¹(q) − G⁻¹(q))² dq with their empirical quantile functions.
// The sizes may differ. It panics when a sample is empty.
func W2Squared(a, b []float64) float64 {
	if len(a) == 0 || len(b) == 0 {
		panic(badEmpty)
	}
	return sortW2(slices.Clone(a), slices.Clone(b))
}

// sortW2 sorts both samples and integrates over the pieces on which both
// quantile functions are constant. Their ends i/n and j/m are compared as the
// integers i·m and j·n.
func sortW2(a, b []float64) float64 {
	slices.Sort(a)
	slices.Sort(b)
	n, m := int64(len(a)), int64(len(b))
	var sum float64
	var i, j, at int64
	for i < n && j < m {
		endA, endB := (i+1)*m, (j+1)*n
		end := min(endA, endB)
		diff := a[i] - b[j]
		sum += float64(end-at) * diff * diff
		if at = end; endA == end {
			i++
		}
		if endB == end {
			j++
		}
	}
	return sum / (float64(n) * float64(m))
}

// Directions returns n unit vectors of dimension d as rows. In the plane they
// are (cos πk/n, sin πk/n), equally spaced over the half circle (the other half
// projects to the same distances); in one dimension there is only the number 1;
// in higher dimensions they are drawn uniformly from the sphere with the given
// seed. It panics when n or d is not positive.
func Directions(n, d int, seed uint64) *mat.Dense {
	if n <= 0 || d <= 0 {
		panic(badEmpty)
	}
	switch d {
	case 1:
		return mat.NewDense(1, 1, []float64{1})
	case 2:
		u := mat.NewDense(n, 2, nil)
		for k := range n {
			sin, cos := math.Sincos(math.Pi * float64(k) / float64(n))
			u.SetRow(k, []float64{cos, sin})
		}
		return u
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	u := mat.NewDense(n, d, nil)
	for k := range n {
		row := u.RawRowView(k)
		for i := range row {
			row[i] = rng.NormFloat64()
		}
		floats.Scale(1/floats.Norm(row, 2), row)
	}
	return u
}
