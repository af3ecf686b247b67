package twosample

import (
	"fmt"
	"iter"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// PRDC are shares of rows by nearest neighbours, of a sample x from the data and
// a generated sample y. B(x_i) is the closed ball round x_i that just reaches its
// k-th nearest other row of x, B(y_j) likewise in y.
type PRDC struct {
	Precision Estimate // share of the y_j that are in some B(x_i): generated rows that are plausible
	Recall    Estimate // share of the x_i that are in some B(y_j): data that could have been generated
	Density   Estimate // number of pairs with y_j in B(x_i), divided by k·(rows of y); 1 on average for one distribution
	Coverage  Estimate // share of the B(x_i) that hold some y_j: data with a generated row near
}

// NewPRDC compares rows of data with generated ones by their k nearest
// neighbours in the Euclidean distance: columns should have comparable scales.
// Its four shares are those of the papers in the package's documentation. Recall
// and precision grow, and so do coverage and the radius of a ball shrink, with the
// rows: compare at equal numbers. For two samples of one continuous distribution
// coverage is about 1 − 1/2^k for equal numbers of rows. The errors count the rows
// that are averaged over as independent, given the other sample.
//
// The work is quadratic in the rows. All estimates are NaN when a value is not
// finite. NewPRDC panics when the columns differ, a sample is empty, or k is not
// from 1 to one less than the rows of the smaller sample.
func NewPRDC(x, y *mat.Dense, k int) PRDC {
	n, m, _ := dims("NewPRDC", "x", "y", x, y)
	if k < 1 || k >= min(n, m) {
		panic(fmt.Sprintf("twosample: NewPRDC: k is %d, want 1 to %d, one less than the rows of the smaller sample", k, min(n, m)-1))
	}
	if !finite(x, y) {
		nan := Estimate{math.NaN(), math.NaN()}
		return PRDC{nan, nan, nan, nan}
	}
	a, b, _ := pointsOf(x, y)
	ballX, ballY := balls(a, k), balls(b, k)
	// Of each y_j: the number of balls of x that hold it. Of each x_i: whether a
	// ball of y holds it, and whether its own holds a row of y.
	in := make([]float64, m)
	recalled, covered := make([]bool, n), make([]bool, n)
	share(m, func(indices iter.Seq[int]) {
		sq := make([]float64, n)
		for j := range indices {
			b.squares(sq, j, a)
			for i, q := range sq {
				if q <= ballX[i] {
					in[j]++
				}
			}
		}
	})
	share(n, func(indices iter.Seq[int]) {
		sq := make([]float64, m)
		for i := range indices {
			a.squares(sq, i, b)
			for j, q := range sq {
				recalled[i] = recalled[i] || q <= ballY[j]
				covered[i] = covered[i] || q <= ballX[i]
			}
		}
	})
	some := 0
	var mean, square float64
	for _, c := range in {
		if c > 0 {
			some++
		}
		mean += c / float64(m)
	}
	for _, c := range in {
		square += (c - mean) * (c - mean)
	}
	return PRDC{
		Precision: proportion(some, m),
		Recall:    proportion(count(recalled), n),
		Density:   Estimate{mean / float64(k), math.Sqrt(square/float64(m-1)/float64(m)) / float64(k)},
		Coverage:  proportion(count(covered), n),
	}
}

// balls returns the squared distance of each point from its k-th nearest other.
func balls(p points, k int) []float64 {
	radius := make([]float64, p.n)
	share(p.n, func(indices iter.Seq[int]) {
		sq, near := make([]float64, p.n), make([]float64, 0, k+1)
		for i := range indices {
			p.squares(sq, i, p)
			sq[i] = math.Inf(1)
			near = smallest(near[:0], sq, k)
			radius[i] = near[k-1]
		}
	})
	return radius
}

// smallest appends the k smallest of the values to dst, in their order.
func smallest(dst, values []float64, k int) []float64 {
	for _, v := range values {
		if len(dst) == k && !(v < dst[k-1]) {
			continue
		}
		at := len(dst)
		for at > 0 && v < dst[at-1] {
			at--
		}
		dst = slices.Insert(dst, at, v)
		dst = dst[:min(len(dst), k)]
	}
	return dst
}

func count(of []bool) (n int) {
	for _, yes := range of {
		if yes {
			n++
		}
	}
	return n
}
