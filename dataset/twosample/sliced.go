package twosample

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Sliced returns two distances of the rows of x and y from their projections on
// the rows of directions, which should have unit length: the sliced
// Wasserstein-2 distance, the root of the mean of W2Squared over the
// projections, and the sliced energy distance, the mean of the projections'
// energy distances times the constant that makes it tend to Energy as the
// directions fill the sphere. With n equally spaced directions in the plane it
// is Energy with ‖·‖ replaced by a norm that differs by less than 1/2n² of it.
//
// The work is n log n in the number of rows, shared among the processors; the
// result has the same bits for any number of them. Sliced returns NaN twice when
// a value is not finite. It panics when the columns differ or a matrix is empty.
func Sliced(x, y, directions *mat.Dense) (w2, energy float64) {
	n, m, d := dims("Sliced", "x", "y", x, y)
	_, k, _ := dims("Sliced", "x", "directions", x, directions)
	if !finite(x, y, directions) {
		return math.NaN(), math.NaN()
	}
	a, b := columns(x), columns(y)
	squares, gaps := make([]float64, k), make([]float64, k)
	work := func(next *atomic.Int64) {
		var s sorter
		u, v := make([]float64, n), make([]float64, m)
		for i := int(next.Add(1)) - 1; i < k; i = int(next.Add(1)) - 1 {
			project(u, a, directions.RawRowView(i))
			project(v, b, directions.RawRowView(i))
			s.sort(u)
			s.sort(v)
			squares[i], gaps[i] = sortedW2(u, v), cramer(u, v)
		}
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(k, runtime.GOMAXPROCS(0)) {
		wg.Go(func() { work(&next) })
	}
	wg.Wait()
	return math.Sqrt(floats.Sum(squares) / float64(k)), 2 * meanNorm(d) * floats.Sum(gaps) / float64(k)
}

// SlicedW2 returns the first distance of Sliced.
func SlicedW2(x, y, directions *mat.Dense) float64 {
	w2, _ := Sliced(x, y, directions)
	return w2
}

// project stores the products of points, stored by columns, with u.
func project(dst, columns, u []float64) {
	clear(dst)
	for j, uj := range u {
		for i, v := range columns[j*len(dst):][:len(dst)] {
			dst[i] += uj * v
		}
	}
}

// meanNorm returns the factor c in ‖v‖ = c·mean|u·v| over the unit sphere of d
// dimensions, √π Γ((d+1)/2)/Γ(d/2).
func meanNorm(d int) float64 {
	above, _ := math.Lgamma(float64(d+1) / 2)
	below, _ := math.Lgamma(float64(d) / 2)
	return math.Sqrt(math.Pi) * math.Exp(above-below)
}

// W2Squared returns the squared Wasserstein-2 distance of two samples of
// numbers, ∫₀¹ (F⁻¹(q) − G⁻¹(q))² dq with their empirical quantile functions.
// The sizes may differ. W2Squared returns NaN when a value is not finite. It
// panics when a sample is empty.
func W2Squared(a, b []float64) float64 {
	if len(a) == 0 || len(b) == 0 {
		panic(fmt.Sprintf("twosample: W2Squared: a has %d numbers and b has %d, want at least one", len(a), len(b)))
	}
	if !finiteValues(a) || !finiteValues(b) {
		return math.NaN()
	}
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return sortedW2(a, b)
}

// sortedW2 integrates over the pieces on which both quantile functions are
// constant. Their ends i/n and j/m are compared as the integers i·m and j·n.
func sortedW2(a, b []float64) float64 {
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

// cramer returns ∫(F − G)² dq of the empirical distribution functions of two
// sorted samples. Their difference i/n − j/m is kept as the integer i·m − j·n.
func cramer(a, b []float64) float64 {
	n, m := len(a), len(b)
	var sum float64
	at := min(a[0], b[0])
	i, j, diff := 0, 0, 0
	for i < n && j < m {
		u, v := a[i], b[j]
		q := min(u, v)
		sum += float64(diff) * float64(diff) * (q - at)
		at = q
		// The order of two samples cannot be predicted: no branch.
		first := 0
		if u <= v {
			first = 1
		}
		i, j = i+first, j+1-first
		diff += first*m - (1-first)*n
	}
	rest, step := a[i:], m
	if i == n {
		rest, step = b[j:], -n
	}
	for _, q := range rest {
		sum += float64(diff) * float64(diff) * (q - at)
		at = q
		diff += step
	}
	return sum / (float64(n) * float64(m)) / (float64(n) * float64(m))
}

// Directions returns n unit vectors of dimension d as rows. In the plane they
// are (cos πk/n, sin πk/n), equally spaced over the half circle (the other half
// projects to the same distances); in one dimension there is only the number 1;
// in higher dimensions they are drawn uniformly from the sphere with the given
// seed. It panics when n or d is not positive.
func Directions(n, d int, seed uint64) *mat.Dense {
	if n <= 0 || d <= 0 {
		panic(fmt.Sprintf("twosample: Directions: n is %d and d is %d, want both positive", n, d))
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
