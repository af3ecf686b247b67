package table

import (
	"gonum.org/v1/gonum/mat"
)

const (
	// explainRows is about the most rows that columns are explained on, and explainRatio
	// the least number of rows for each term.
	explainRows  = 5000
	explainRatio = 10
	// explainRidge is added to the variance 1 of a term, so that terms may be sums of
	// others.
	explainRidge = 1e-9
)

// explain measures what part of the variance of each coded column is a polynomial of
// degree 2, or 1 when there are few rows, in the others.
func (c *Codec) explain(rows *rowCells) {
	x := c.middles(rows.some(explainRows))
	if x == nil {
		return
	}
	n, d := x.Dims()
	uses := make([][]int, d) // columns that a term is a product of
	for j := range d {
		uses[j] = []int{j}
	}
	if n >= explainRatio*(d+d*(d+1)/2) {
		for a := range d {
			for b := range a + 1 {
				uses = append(uses, []int{a, b})
			}
		}
	}
	if n < explainRatio*len(uses) {
		return
	}
	terms := mat.NewDense(n, len(uses), nil)
	for k, u := range uses {
		term := mat.Col(nil, u[0], x)
		for _, j := range u[1:] {
			for i := range term {
				term[i] *= x.At(i, j)
			}
		}
		standardise(term)
		terms.SetCol(k, term)
	}
	var gram mat.SymDense
	gram.SymOuterK(1/float64(n), terms.T())
	at := 0
	for k := range c.columns {
		if p := &c.columns[k]; p.OneHot == nil {
			p.Explained = explained(&gram, uses, at, n)
			at++
		}
	}
}

// middles returns the coded columns, but those of one for each level, with values in the
// middles of their intervals: n×d with mean 0 and deviation 1, and 0 for missing cells. It
// is nil for less than two columns.
func (c *Codec) middles(rows *rowCells) *mat.Dense {
	var columns [][]float64
	for k := range c.columns {
		p := &c.columns[k]
		if p.OneHot != nil {
			continue
		}
		y := make([]float64, rows.n)
		for i := range y {
			switch v := rows.row(i)[p.Field]; {
			case v != v:
			case p.Number != nil:
				y[i] = p.Number.encode(v, .5)
			default:
				y[i] = p.Levels.encode(v, .5)
			}
		}
		standardise(y)
		columns = append(columns, y)
	}
	if len(columns) < 2 {
		return nil
	}
	x := mat.NewDense(rows.n, len(columns), nil)
	for j, y := range columns {
		x.SetCol(j, y)
	}
	return x
}

// standardise gives numbers mean 0 and deviation 1, if any.
func standardise(v []float64) {
	mean, deviation := moments(v, func(v float64) (lo, hi float64) { return v, v })
	for i := range v {
		v[i] = (v[i] - mean) / deviation
	}
}

// explained returns R² of the regression of term j, a column, on those that do not use it,
// over n rows, from the terms' covariances.
func explained(gram *mat.SymDense, uses [][]int, j, n int) float64 {
	var others []int
	for k, u := range uses {
		if u[0] != j && u[len(u)-1] != j {
			others = append(others, k)
		}
	}
	if gram.At(j, j) == 0 {
		return 0
	}
	among, with := mat.NewSymDense(len(others), nil), mat.NewVecDense(len(others), nil)
	for a, k := range others {
		with.SetVec(a, gram.At(k, j))
		for b := range a {
			among.SetSym(a, b, gram.At(k, others[b]))
		}
		among.SetSym(a, a, gram.At(k, k)+explainRidge)
	}
	var f mat.Cholesky
	var slopes mat.VecDense
	if !f.Factorize(among) {
		return 0
	}
	if err := f.SolveVecTo(&slopes, with); err != nil && slopes.Len() == 0 {
		return 0
	}
	left := (1 - mat.Dot(&slopes, with)/gram.At(j, j)) * float64(n) / float64(n-len(others))
	return max(0, min(1-left, 1))
}
