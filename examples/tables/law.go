package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset/table"
)

// law is a relation between columns that holds nearly: Σ factor·column = constant,
// of the numbers or of their logarithms, up to a tolerance.
type law struct {
	columns  []string
	factors  []float64
	log      bool
	constant float64
	width    float64
}

func (l law) String() string {
	var parts []string
	for k, c := range l.columns {
		if l.log {
			c = "log " + c
		}
		parts = append(parts, fmt.Sprintf("%+.3g %s", l.factors[k], c))
	}
	return fmt.Sprintf("%s = %.4g ± %.2g", strings.Join(parts, " "), l.constant, l.width)
}

// parseLaw reads a product such as volume=width*length*height or a=b/c.
func parseLaw(text string) (law, error) {
	left, right, ok := strings.Cut(text, "=")
	if !ok {
		return law{}, fmt.Errorf("%q, want a column, =, and columns with * or / between them", text)
	}
	l := law{columns: []string{strings.TrimSpace(left)}, factors: []float64{1}, log: true}
	sign := -1.0
	for right != "" {
		name, rest := right, ""
		next := sign
		if i := strings.IndexAny(right, "*/"); i >= 0 {
			name, rest = right[:i], right[i+1:]
			if next = -1; right[i] == '/' {
				next = 1
			}
		}
		l.columns, l.factors = append(l.columns, strings.TrimSpace(name)), append(l.factors, sign)
		right, sign = rest, next
	}
	return l, nil
}

// residuals returns how far each row is from the law, NaN where it says nothing.
func (l law) residuals(t *table.Table) []float64 {
	dst := make([]float64, t.Len())
	for k, name := range l.columns {
		for i, v := range t.Columns[t.Index(name)] {
			if l.log {
				v = math.Log(v)
			}
			dst[i] += l.factors[k] * v
		}
	}
	for i, v := range dst {
		if dst[i] = v - l.constant; math.IsInf(v, 0) {
			dst[i] = math.NaN()
		}
	}
	return dst
}

// fits reports whether the table has the columns.
func (l law) fits(t *table.Table) bool {
	return !slices.ContainsFunc(l.columns, func(c string) bool { return t.Index(c) < 0 })
}

// measured returns the law with the constant and the tolerance of rows: the median
// of the residuals, and twice what 99 % of them keep to.
func (l law) measured(t *table.Table) law {
	l.constant = 0
	r := finite(l.residuals(t))
	if len(r) == 0 {
		return l
	}
	slices.Sort(r)
	l.constant = stat.Quantile(.5, stat.LinInterp, r, nil)
	for i, v := range r {
		r[i] = math.Abs(v - l.constant)
	}
	slices.Sort(r)
	l.width = max(2*stat.Quantile(.99, stat.LinInterp, r, nil), 1e-9*(1+math.Abs(l.constant)))
	return l
}

// broken returns the share of the rows that break the law.
func (l law) broken(t *table.Table) float64 {
	count, n := 0, 0
	for _, r := range l.residuals(t) {
		if math.IsNaN(r) {
			continue
		}
		n++
		if math.Abs(r) > l.width {
			count++
		}
	}
	return float64(count) / float64(max(n, 1))
}

func finite(v []float64) []float64 {
	return slices.DeleteFunc(slices.Clone(v), func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) })
}

// detect finds numbers that are a linear function of the others, or whose logarithm
// is one of their logarithms, but for less than .2 % of the variance.
func detect(t *table.Table) []law {
	const least, most = .998, 5000
	if t.Len() > most {
		t, _ = t.Split(most, 0)
	}
	var found []law
	for j, f := range t.Fields {
		if f.Kind.Discrete() || distinct(t.Columns[j]) < 10 {
			continue
		}
		best, explained := law{}, least
		for _, log := range []bool{false, true} {
			if l, r := regress(t, j, log); r > explained {
				best, explained = l, r
			}
		}
		if explained > least {
			found = append(found, best.measured(t))
		}
	}
	return found
}

func distinct(column []float64) int {
	seen := map[float64]bool{}
	for _, v := range column {
		if !math.IsNaN(v) {
			seen[v] = true
		}
	}
	return len(seen)
}

// regress fits column j on the other numbers by least squares over the rows in which
// none is missing, and returns the law and R².
func regress(t *table.Table, j int, log bool) (law, float64) {
	l := law{log: log}
	var columns [][]float64
	positive := func(c []float64) bool { return !slices.ContainsFunc(c, func(v float64) bool { return v <= 0 }) }
	for k := range len(t.Fields) {
		at := (j + k) % len(t.Fields)
		if f := t.Fields[at]; f.Kind.Discrete() || log && !positive(t.Columns[at]) {
			if k == 0 {
				return l, 0
			}
			continue
		}
		l.columns, columns = append(l.columns, t.Fields[at].Name), append(columns, t.Columns[at])
	}
	d := len(columns)
	var rows [][]float64
	for i := range t.Len() {
		row := make([]float64, d)
		for k, c := range columns {
			if row[k] = c[i]; log {
				row[k] = math.Log(c[i])
			}
		}
		if len(finite(row)) == d {
			rows = append(rows, row)
		}
	}
	if d < 2 || len(rows) < 5*d+20 {
		return l, 0
	}
	// Of standardised columns, with a penalty far below what is looked for.
	x := mat.NewDense(len(rows), d, nil)
	scale := make([]float64, d)
	for k := range d {
		column := make([]float64, len(rows))
		for i, r := range rows {
			column[i] = r[k]
		}
		mean, sd := stat.MeanStdDev(column, nil)
		if scale[k] = sd; sd == 0 {
			scale[k] = 1
		}
		for i, v := range column {
			x.Set(i, k, (v-mean)/scale[k])
		}
	}
	var gram mat.SymDense
	gram.SymOuterK(1/float64(len(rows)), x.T())
	others := mat.NewSymDense(d-1, nil)
	right := mat.NewVecDense(d-1, nil)
	for a := 1; a < d; a++ {
		right.SetVec(a-1, gram.At(a, 0))
		for b := a; b < d; b++ {
			others.SetSym(a-1, b-1, gram.At(a, b))
		}
		others.SetSym(a-1, a-1, gram.At(a, a)+1e-9)
	}
	var chol mat.Cholesky
	var beta mat.VecDense
	if !chol.Factorize(others) || chol.SolveVecTo(&beta, right) != nil && beta.Len() == 0 {
		return l, 0
	}
	l.factors = append(l.factors, 1)
	for k := 1; k < d; k++ {
		l.factors = append(l.factors, -beta.AtVec(k-1)*scale[0]/scale[k])
	}
	var fitted mat.VecDense
	fitted.MulVec(x.Slice(0, len(rows), 1, d), &beta)
	loss := 0.0
	for i := range rows {
		e := x.At(i, 0) - fitted.AtVec(i)
		loss += e * e
	}
	return l, 1 - loss/float64(len(rows))
}
