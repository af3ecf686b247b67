package main

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/examples/internal/digits"
)

// estimate is a mean over images with its standard error.
type estimate struct{ mean, err float64 }

func (e estimate) String() string { return fmt.Sprintf("%.2f ± %.2f", e.mean, e.err) }

func estimateOf(v []float64) estimate {
	mean, std := stat.MeanStdDev(v, nil)
	return estimate{mean, std / math.Sqrt(float64(len(v)))}
}

// verdict is what is known of the draws for each image.
type verdict struct {
	// chi is ‖y − A x‖²/τ² for each number of y, a mean over draws. As x and the truth
	// have the same law given y, exact draws have the mean that truths have, 1.
	chi []float64
	// in80 and in90 are the shares of unseen pixels that lie between the draws next to
	// the ends, and between those at the ends: .8 and .9 for exact draws.
	in80, in90 []float64
	// energy is the energy score E‖x − truth‖ − ½E‖x − x'‖ of the unseen pixels, in
	// shades, without bias from the number of draws. No law has a lower mean than the
	// exact posterior.
	energy []float64
	// off is the root mean squared error of the mean of the draws at unseen pixels.
	off []float64
	// known is the share of draws in which a classifier finds the truth's digit.
	known []float64
}

// judge compares draws with truths.
func (j *job) judge(p problem, truth digits.Set, y, x *mat.Dense, c *digits.Classifier) verdict {
	n := truth.Len()
	v := verdict{chi: chi(p, y, x, j.noise), known: known(c, truth, x)}
	shade, mean := make([]float64, draws), make([]float64, len(p.unseen))
	for i := range n {
		real := pick(truth.X.RawRowView(i), p.unseen)
		var drawn [draws][]float64
		for k := range drawn {
			drawn[k] = pick(x.RawRowView(i*draws+k), p.unseen)
		}
		in80, in90 := 0, 0
		for q, value := range real {
			for k := range drawn {
				shade[k] = drawn[k][q]
			}
			mean[q] = stat.Mean(shade, nil)
			slices.Sort(shade)
			if shade[0] < value && value < shade[draws-1] {
				in90++
			}
			if shade[1] < value && value < shade[draws-2] {
				in80++
			}
		}
		size := float64(len(real))
		v.in80 = append(v.in80, float64(in80)/size)
		v.in90 = append(v.in90, float64(in90)/size)
		v.off = append(v.off, math.Sqrt(squared(mean, real)/size))
		near, apart := 0.0, 0.0
		for k, a := range drawn {
			near += math.Sqrt(squared(a, real))
			for _, b := range drawn[:k] {
				apart += math.Sqrt(squared(a, b))
			}
		}
		v.energy = append(v.energy, near/draws-apart/(draws*(draws-1)))
	}
	return v
}

// chi returns ‖y − A x‖²/τ² for each number of y, the mean over as many rows of x as
// there are for one of y.
func chi(p problem, y, x *mat.Dense, noise float64) []float64 {
	n, out := y.Dims()
	rows, _ := x.Dims()
	seen := mat.NewDense(rows, out, nil)
	p.linear.Apply(seen, x)
	all, each := make([]float64, n), rows/n
	for r := range rows {
		all[r/each] += squared(seen.RawRowView(r), y.RawRowView(r/each)) / (noise * noise * float64(out*each))
	}
	return all
}

// known returns, for each truth, the share of its rows of x that a classifier takes for
// its digit.
func known(c *digits.Classifier, truth digits.Set, x *mat.Dense) []float64 {
	rows, _ := x.Dims()
	each, share := rows/truth.Len(), make([]float64, truth.Len())
	for r, label := range c.Labels(shades(truth.Format, x)) {
		if label == truth.Label(r/each) {
			share[r/each] += 1 / float64(each)
		}
	}
	return share
}

// shades returns images with numbers between those of shades.
func shades(f digits.Format, x *mat.Dense) *mat.Dense {
	var s mat.Dense
	s.Apply(func(_, _ int, v float64) float64 { return min(max(v, 0), f.White()) }, x)
	return &s
}

// pick returns the values of some columns.
func pick(x []float64, columns []int) []float64 {
	some := make([]float64, len(columns))
	for k, p := range columns {
		some[k] = x[p]
	}
	return some
}
