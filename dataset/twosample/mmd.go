package twosample

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// MMDSquared returns the unbiased estimate of the squared maximum mean
// discrepancy with the Gaussian kernel k(u, v) = exp(−‖u − v‖²/2h²) of the given
// bandwidth h,
//
//	mean_i≠j k(x_i, x_j) + mean_i≠j k(y_i, y_j) − 2 mean_ij k(x_i, y_j).
//
// It has the mean zero for samples of one distribution, so that it is negative
// for about half of them. A bandwidth of 0 stands for MedianDistance. The work is
// quadratic in the number of rows.
//
// MMDSquared returns NaN when a value is not finite or a sample has one row. It
// panics when the columns differ, a sample is empty, or the bandwidth is
// negative or not finite.
func MMDSquared(x, y *mat.Dense, bandwidth float64) float64 {
	return mmd("MMDSquared", x, y, bandwidth, 0, 0).Statistic
}

// MMDTest is the permutation test of MMDSquared, the bandwidth being kept for
// all splits: a fraction of the time of PermutationTest. The work is quadratic
// in the rows and linear in the permutations.
func MMDTest(x, y *mat.Dense, bandwidth float64, permutations int, seed uint64) Test {
	checkPermutations("MMDTest", permutations)
	return mmd("MMDTest", x, y, bandwidth, permutations, seed)
}

func mmd(verb string, x, y *mat.Dense, bandwidth float64, permutations int, seed uint64) Test {
	n, m, _ := dims(verb, "x", "y", x, y)
	if !(bandwidth >= 0 && bandwidth <= math.MaxFloat64) {
		panic(fmt.Sprintf("twosample: %s: bandwidth is %v, want finite and ≥ 0", verb, bandwidth))
	}
	if n < 2 || m < 2 || !finite(x, y) {
		return newTest(math.NaN(), nil, 0)
	}
	if bandwidth == 0 {
		bandwidth = MedianDistance(x, y)
	}
	a, b, exponent := pointsOf(x, y)
	h := math.Ldexp(bandwidth, -exponent)
	kernel := func(sq []float64) {
		for i, q := range sq {
			sq[i] = 1 // also where h is 0, because all rows are equal
			if q > 0 {
				u := math.Sqrt(q) / h
				sq[i] = math.Exp(-u * u / 2)
			}
		}
	}
	return testOf(pairSums(a, b, kernel, permutations, seed), func(s sums) float64 {
		return 2*s.x/(float64(n)*float64(n-1)) + 2*s.y/(float64(m)*float64(m-1)) - 2*s.across/(float64(n)*float64(m))
	})
}

// MedianDistance returns the median Euclidean distance of two distinct rows of
// the pooled samples, the usual bandwidth of a kernel; the mean distance when the
// median is 0, as where most rows are equal. Of more than 2,000 rows so many are
// looked at, the same ones each time. It returns NaN when a value is not finite,
// 0 when all rows are equal, and panics when the columns differ or a sample is
// empty.
func MedianDistance(x, y *mat.Dense) float64 {
	const most = 2000
	n, m, d := dims("MedianDistance", "x", "y", x, y)
	if !finite(x, y) {
		return math.NaN()
	}
	var pool mat.Dense
	pool.Stack(x, y)
	some := &pool
	if n+m > most {
		some = mat.NewDense(most, d, nil)
		for i, j := range rand.New(rand.NewPCG(0, 0)).Perm(n + m)[:most] {
			some.SetRow(i, pool.RawRowView(j))
		}
	}
	_, exponent := varying(some, some)
	p := scaled(some, exponent)
	pairs := p.n * (p.n - 1) / 2
	if pairs == 0 {
		return 0
	}
	dist := make([]float64, pairs)
	share(p.n, func(indices iter.Seq[int]) {
		for i := range indices {
			p.squares(dist[i*(i-1)/2:][:i], i, p)
		}
	})
	var s sorter
	s.sort(dist)
	median := (math.Sqrt(dist[(pairs-1)/2]) + math.Sqrt(dist[pairs/2])) / 2
	if median == 0 {
		for _, q := range slices.Backward(dist) {
			median += math.Sqrt(q) / float64(pairs)
		}
	}
	return math.Ldexp(median, exponent)
}
