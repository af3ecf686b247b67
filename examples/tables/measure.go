package main

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset/boost"
	"github.com/gradlogp/gradlogp/dataset/table"
	"github.com/gradlogp/gradlogp/dataset/twosample"
)

// scores are what is measured of drawn rows.
type scores struct {
	c2st, c2stErr  float64
	pair           float64 // mean error of pairs of columns
	ks, tv         float64 // means over numbers and over columns of labels; NaN without
	utility        float64 // mean over columns of R² or accuracy on held-out rows
	broken         float64 // share of the rows that break the law broken most often; NaN without laws
	member         float64 // AUC of the strongest attack
	train, drawing float64 // seconds
}

// judge measures drawn rows of a table.
type judge struct {
	train, held *table.Table
	laws        []law
	seed        uint64
}

// utilityRows are the most rows that trees are trained on for utility, and
// memberRows the most whose membership is attacked.
const (
	utilityRows = 20000
	memberRows  = 1000
)

// measure returns the scores of drawn rows, of which there should be as many as rows
// to learn from.
func (g *judge) measure(drawn *table.Table) (scores, error) {
	var s scores
	a, x := cells(drawn), cells(g.train)
	held := cells(g.held)
	n, _ := held.Dims()
	m, _ := a.Dims()
	c, err := twosample.C2ST(held, top(a, n), &twosample.C2STSettings{Seed: g.seed})
	if err != nil {
		return s, err
	}
	s.c2st, s.c2stErr = c.Accuracy, (c.High-c.Low)/(2*1.96)

	labels := labelled(g.train)
	s.pair, s.ks, s.tv = marginals(x, a, labels)

	u, err := utility(top(a, utilityRows), held, labels)
	if err != nil {
		return s, err
	}
	s.utility = stat.Mean(u, nil)
	s.broken = math.NaN()
	for _, l := range g.laws {
		if b := l.broken(drawn); !(b <= s.broken) {
			s.broken = b
		}
	}
	frame := newRuler(g.train)
	k := min(memberRows, n)
	attacks := twosample.NewMembership(frame.rows(some(g.train, k, g.seed)), frame.rows(some(g.held, k, g.seed)), frame.rows(some(drawn, min(m, 20*memberRows), g.seed)))
	s.member = attacks.Strongest().Value
	return s, nil
}

// marginals returns the mean error of the pairs of columns and the means of the
// Kolmogorov–Smirnov statistics of numbers and of the total variations of labels.
func marginals(x, y *mat.Dense, labels []bool) (pair, ks, tv float64) {
	var numbers, categories, off []float64
	errors := twosample.PairErrors(x, y, labels)
	for j, l := range labels {
		if l {
			categories = append(categories, errors.At(j, j))
		} else {
			numbers = append(numbers, errors.At(j, j))
		}
		for k := range j {
			off = append(off, errors.At(j, k))
		}
	}
	return stat.Mean(off, nil), stat.Mean(numbers, nil), stat.Mean(categories, nil)
}

// labelled says which columns hold labels.
func labelled(t *table.Table) []bool {
	labels := make([]bool, len(t.Fields))
	for j, f := range t.Fields {
		labels[j] = f.Kind.Discrete()
	}
	return labels
}

// some returns up to n rows, drawn at random.
func some(t *table.Table, n int, seed uint64) *table.Table {
	drawn, _ := t.Split(min(n, t.Len()), seed)
	return drawn
}

// cells returns the cells of a table as a matrix.
func cells(t *table.Table) *mat.Dense {
	x := mat.NewDense(t.Len(), len(t.Columns), nil)
	for j, c := range t.Columns {
		x.SetCol(j, c)
	}
	return x
}

func top(x *mat.Dense, n int) *mat.Dense {
	r, d := x.Dims()
	return x.Slice(0, min(n, r), 0, d).(*mat.Dense)
}

// utility returns for every column how well boosted trees that are trained on the
// rows of x say it from the other columns of held: R², not below 0, for numbers, and
// accuracy for labels.
func utility(x, held *mat.Dense, labels []bool) ([]float64, error) {
	_, d := x.Dims()
	var got []float64
	for j := range d {
		from, target := apart(x, j)
		to, truth := apart(held, j)
		if from == nil || to == nil {
			continue
		}
		guess, err := predict(from, target, to, labels[j])
		if err != nil {
			return nil, err
		}
		if labels[j] {
			right := 0
			for i, v := range truth {
				if guess[i] == v {
					right++
				}
			}
			got = append(got, float64(right)/float64(len(truth)))
			continue
		}
		mean, loss, all := stat.Mean(truth, nil), 0.0, 0.0
		for i, v := range truth {
			loss += (v - guess[i]) * (v - guess[i])
			all += (v - mean) * (v - mean)
		}
		if all > 0 {
			got = append(got, max(0, 1-loss/all))
		}
	}
	return got, nil
}

// apart returns the other columns of x and column j, of the rows in which that is not
// missing; nil when there are none.
func apart(x *mat.Dense, j int) (*mat.Dense, []float64) {
	n, d := x.Dims()
	var target, rest []float64
	for i := range n {
		row := x.RawRowView(i)
		if !math.IsNaN(row[j]) {
			target = append(target, row[j])
			rest = append(append(rest, row[:j]...), row[j+1:]...)
		}
	}
	if len(target) == 0 || d < 2 {
		return nil, nil
	}
	return mat.NewDense(len(target), d-1, rest), target
}

// predict returns what boosted trees trained on x and y say of the rows of to: a
// number, or the label of the greatest probability.
func predict(x *mat.Dense, y []float64, to *mat.Dense, label bool) ([]float64, error) {
	n, _ := to.Dims()
	dst := make([]float64, n)
	if !label {
		m, err := boost.Regression(x, y, nil)
		if err != nil {
			return nil, err
		}
		m.Predict(dst, to)
		return dst, nil
	}
	p, err := chances(x, y, to)
	if err != nil {
		return nil, err
	}
	_, k := p.Dims()
	for i := range dst {
		for c := range k {
			if p.At(i, c) > p.At(i, int(dst[i])) {
				dst[i] = float64(c)
			}
		}
	}
	return dst, nil
}

// chances returns the probabilities of the labels.
func chances(x *mat.Dense, y []float64, to *mat.Dense) (*mat.Dense, error) {
	classes := make([]int, len(y))
	for i, v := range y {
		classes[i] = int(v)
	}
	m, err := boost.Classification(x, classes, slices.Max(classes)+1, nil)
	if err != nil {
		return nil, err
	}
	n, _ := to.Dims()
	p := mat.NewDense(n, m.Classes(), nil)
	m.Probabilities(p, to)
	return p, nil
}

// ruler gives the rows of tables Euclidean distances: numbers in units of their
// deviation, two labels √2 apart; a missing cell is the mean, or a label of its own.
type ruler struct {
	fields    []table.Field
	mean, dev []float64
}

func newRuler(t *table.Table) *ruler {
	r := &ruler{fields: t.Fields}
	for _, c := range t.Columns {
		mean, dev := stat.MeanStdDev(finite(c), nil)
		if !(dev > 0) {
			dev = 1
		}
		r.mean, r.dev = append(r.mean, mean), append(r.dev, dev)
	}
	return r
}

func (r *ruler) rows(t *table.Table) *mat.Dense {
	var columns [][]float64
	for j, f := range r.fields {
		c := t.Columns[j]
		if !f.Kind.Discrete() {
			columns = append(columns, make([]float64, len(c)))
			for i, v := range c {
				if !math.IsNaN(v) {
					columns[len(columns)-1][i] = (v - r.mean[j]) / r.dev[j]
				}
			}
			continue
		}
		for k := range f.Levels {
			indicator := make([]float64, len(c))
			for i, v := range c {
				if v == float64(k) {
					indicator[i] = 1
				}
			}
			columns = append(columns, indicator)
		}
	}
	x := mat.NewDense(t.Len(), len(columns), nil)
	for j, c := range columns {
		x.SetCol(j, c)
	}
	return x
}
