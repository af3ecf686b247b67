package twosample

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// PairErrors returns for each pair of columns how far its joint distribution in y
// is from that in x, from 0 to 1, in the manner of the column pair trends of
// SDMetrics, whose error is the mean over the pairs:
//
//	two numbers:                 ½|ρ_x − ρ_y| with Pearson's correlations
//	two categories:              the TotalVariation of the pairs of labels
//	a number and a category:     the same, the number being cut into bins
//
// The bins of a number are 10 equally wide ones between its least and greatest
// value in x, two for what lies below and for what reaches the greatest, and one
// for missing cells. Element (j, j) compares column j alone, categories by their
// labels and numbers by their KS, which is 1 when one sample has no cells.
//
// A NaN is a missing cell: a label of its own; rows with one are left out of
// correlations. category says which columns hold labels. A correlation that is not
// defined, of fewer than two rows or a column of one value, is 0. Elements are NaN
// where a value is infinite. PairErrors panics when the columns or their number in
// category differ, or a sample is empty.
func PairErrors(x, y *mat.Dense, category []bool) *mat.SymDense {
	_, _, d := dims("PairErrors", "x", "y", x, y)
	checkCategories("PairErrors", d, category)
	cx, cy := make([]coded, d), make([]coded, d)
	for j := range d {
		cx[j] = newCoded(mat.Col(nil, j, x), category[j])
		cy[j] = newCoded(mat.Col(nil, j, y), category[j])
		codes(&cx[j], &cy[j])
	}
	errors := make([]float64, d*d)
	each(d, func(i, j int) {
		errors[i*d+j] = pairError(cx[i], cx[j], cy[i], cy[j], i == j)
	})
	return mat.NewSymDense(d, errors)
}

func pairError(xi, xj, yi, yj coded, same bool) float64 {
	switch {
	case xi.infinite || xj.infinite || yi.infinite || yj.infinite:
		return math.NaN()
	case same && !xi.category:
		a, b := present(xi.cells), present(yi.cells)
		if len(a) == 0 || len(b) == 0 {
			return float64(min(1, len(a)+len(b)))
		}
		d, _ := KS(a, b)
		return d
	case xi.category || xj.category:
		return jointVariation(xi, xj, yi, yj)
	}
	return math.Abs(correlation(xi.cells, xj.cells)-correlation(yi.cells, yj.cells)) / 2
}

// Associations returns the strength of the association of each pair of columns,
// from −1 to 1:
//
//	two numbers:                 Pearson's correlation
//	a number and a category:     the correlation ratio η, η² = variance of the
//	                             means of the levels / variance
//	two categories:              Cramér's V, V² = χ²/(n·(min(r, c) − 1))
//
// The last two are corrected for what r and c levels show by chance: η² becomes
// 1 − (1 − η²)(n − 1)/(n − r), not below 0, and V as in "A bias-correction for
// Cramér's V and Tschuprow's T" (Bergsma 2013), 0 where so few rows are there that
// it has no value. Rows with a missing cell, NaN, in one of the two columns are
// left out. What is not defined, as for a column of one value, is 0 and on the
// diagonal 1. Elements are NaN where a value is infinite. Associations panics when
// category has not an element for each column or x is empty.
func Associations(x *mat.Dense, category []bool) *mat.SymDense {
	_, _, d := dims("Associations", "x", "x", x, x)
	checkCategories("Associations", d, category)
	c := make([]coded, d)
	for j := range d {
		c[j] = newCoded(mat.Col(nil, j, x), category[j])
		codes(&c[j])
	}
	a := make([]float64, d*d)
	each(d, func(i, j int) {
		a[i*d+j] = association(c[i], c[j], i == j)
	})
	return mat.NewSymDense(d, a)
}

func association(a, b coded, same bool) float64 {
	switch {
	case a.infinite || b.infinite:
		return math.NaN()
	case same:
		return 1
	case a.category && b.category:
		return cramerV(a, b)
	case a.category:
		return ratio(a, b)
	case b.category:
		return ratio(b, a)
	}
	return correlation(a.cells, b.cells)
}

func checkCategories(verb string, d int, category []bool) {
	if len(category) != d {
		panic(fmt.Sprintf("twosample: %s: category has %d elements, want %d, one a column", verb, len(category), d))
	}
}

// each calls f for the upper triangle of a d×d matrix, in parallel.
func each(d int, f func(i, j int)) {
	share(d*d, func(indices iter.Seq[int]) {
		for k := range indices {
			if i, j := k/d, k%d; i <= j {
				f(i, j)
			}
		}
	})
}

// jointVariation returns the total variation distance of two samples of pairs of
// codes.
func jointVariation(xi, xj, yi, yj coded) float64 {
	n, m := len(xi.code), len(yi.code)
	if int64(xi.levels)*int64(xj.levels) > 1<<16 {
		return TotalVariation(joint(xi, xj), joint(yi, yj))
	}
	gaps := make([]int64, xi.levels*xj.levels)
	for r, c := range xi.code {
		gaps[c*xj.levels+xj.code[r]] += int64(m)
	}
	for r, c := range yi.code {
		gaps[c*yj.levels+yj.code[r]] -= int64(n)
	}
	var sum int64
	for _, g := range gaps {
		sum += max(g, -g)
	}
	return float64(sum) / (2 * float64(n) * float64(m))
}

// joint returns a label for each pair of codes.
func joint(a, b coded) []float64 {
	labels := make([]float64, len(a.code))
	for i, c := range a.code {
		labels[i] = float64(c)*float64(b.levels) + float64(b.code[i])
	}
	return labels
}

// correlation returns Pearson's over the rows that have both cells, 0 where there
// is none.
func correlation(a, b []float64) float64 {
	u, v := make([]float64, 0, len(a)), make([]float64, 0, len(a))
	for i, p := range a {
		if q := b[i]; p == p && q == q {
			u, v = append(u, p), append(v, q)
		}
	}
	if len(u) < 2 || slices.Min(u) == slices.Max(u) || slices.Min(v) == slices.Max(v) {
		return 0
	}
	downscale(u)
	downscale(v)
	r := stat.Correlation(u, v, nil)
	if r != r {
		return 0
	}
	return max(-1, min(r, 1))
}

// downscale divides numbers by the power of two that is above the largest, so that no
// square overflows.
func downscale(numbers []float64) {
	var most float64
	for _, v := range numbers {
		if v == v {
			most = max(most, math.Abs(v))
		}
	}
	_, exponent := math.Frexp(most)
	for i, v := range numbers {
		numbers[i] = math.Ldexp(v, -exponent)
	}
}

// ratio returns the corrected correlation ratio of numbers given labels.
func ratio(label, number coded) float64 {
	cells := slices.Clone(number.cells)
	downscale(cells)
	sum, count := make([]float64, label.levels), make([]float64, label.levels)
	var n, mean float64
	for i, v := range cells {
		if c := label.code[i]; c > 0 && v == v {
			n++
			mean += (v - mean) / n
			sum[c] += v
			count[c]++
		}
	}
	var within, total, levels float64
	for i, v := range cells {
		if c := label.code[i]; c > 0 && v == v {
			u := v - sum[c]/count[c]
			within += u * u
			total += (v - mean) * (v - mean)
		}
	}
	for _, k := range count {
		if k > 0 {
			levels++
		}
	}
	if n <= levels || !(total > 0) {
		return 0
	}
	return math.Sqrt(max(0, 1-within/total*(n-1)/(n-levels)))
}

// cramerV returns Cramér's V with Bergsma's correction.
func cramerV(a, b coded) float64 {
	rows, columns := make([]float64, a.levels), make([]float64, b.levels)
	var n float64
	for i, c := range a.code {
		if d := b.code[i]; c > 0 && d > 0 {
			n++
			rows[c]++
			columns[d]++
		}
	}
	levels := func(counts []float64) (k float64) {
		for _, c := range counts {
			if c > 0 {
				k++
			}
		}
		return k
	}
	r, c := levels(rows), levels(columns)
	if n < 2 || r < 2 || c < 2 {
		return 0
	}
	// χ²/n = Σ n_ij²/(n_i n_j) − 1.
	phi := -1.0
	for _, cell := range contingency(a, b) {
		phi += cell.count * cell.count / (rows[cell.row] * columns[cell.column])
	}
	phi = max(0, phi-(r-1)*(c-1)/(n-1))
	r -= (r - 1) * (r - 1) / (n - 1)
	c -= (c - 1) * (c - 1) / (n - 1)
	if least := min(r, c) - 1; least > 0 {
		return math.Sqrt(min(1, phi/least))
	}
	return 0
}

// cell is a pair of levels with the number of its rows.
type cell struct {
	row, column int
	count       float64
}

// contingency returns the pairs of levels that have rows, in their order.
func contingency(a, b coded) (cells []cell) {
	if int64(a.levels)*int64(b.levels) > 1<<16 {
		counts := map[[2]int]float64{}
		for i, c := range a.code {
			if d := b.code[i]; c > 0 && d > 0 {
				counts[[2]int{c, d}]++
			}
		}
		for at, n := range counts {
			cells = append(cells, cell{at[0], at[1], n})
		}
		slices.SortFunc(cells, func(p, q cell) int { return cmp.Or(p.row-q.row, p.column-q.column) })
		return cells
	}
	counts := make([]float64, a.levels*b.levels)
	for i, c := range a.code {
		if d := b.code[i]; c > 0 && d > 0 {
			counts[c*b.levels+d]++
		}
	}
	for at, n := range counts {
		if n > 0 {
			cells = append(cells, cell{at / b.levels, at % b.levels, n})
		}
	}
	return cells
}
