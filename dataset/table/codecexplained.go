package table

import (
	"math"

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

// term is a coded column or the product of two, times a factor.
type term struct {
	A, B   int // places among the coded columns; B is −1 for one alone
	Factor float64
}

func (t *term) uses(k int) bool { return t.A == k || t.B == k }

// of returns the term of a coded row.
func (t *term) of(c *Codec, y []float64) float64 {
	v := t.Factor * y[c.columns[t.A].at]
	if t.B >= 0 {
		v *= y[c.columns[t.B].at]
	}
	return v
}

// polynomials are regressions of coded columns on polynomials in others.
type polynomials struct {
	n     int
	terms []term        // with factors that give them deviation 1
	gram  *mat.SymDense // their covariances
	at    map[int]int   // the term of a column alone
}

// findLaws finds the leaders: numbers with lumps that are nearly a polynomial, of degree 2,
// or 1 when there are few rows, in smooth columns.
func (c *Codec) findLaws(rows *rowCells) {
	rows = rows.some(explainRows)
	x := mat.NewDense(rows.n, c.dim, nil)
	for k := range c.columns {
		if q := &c.columns[k]; q.OneHot == nil {
			for i := range rows.n {
				x.Set(i, q.at, q.middle(rows.row(i)[q.Field]))
			}
		}
	}
	p := c.polynomials(x)
	for k := range c.columns {
		q := &c.columns[k]
		if q.Number == nil || !q.Data.Lumpy || q.Group >= 0 {
			continue
		}
		all, _ := p.regress(k, func(int) bool { return true })
		some, law := p.regress(k, func(k int) bool { return c.columns[k].smooth() })
		if 1-some <= min(mostLeft*(1-all), 1-function) {
			q.Law = law
		}
	}
}

// explain returns what part of the variance of each column of rows of a model is a
// polynomial in the others.
func (c *Codec) explain(reference mat.Matrix) []float64 {
	n, _ := reference.Dims()
	n = min(n, explainRows)
	x := mat.NewDense(n, c.dim, nil)
	for k := range c.columns {
		if q := &c.columns[k]; q.OneHot == nil {
			for i := range n {
				y := q.plain(reference.At(i, q.at))
				if q.Levels != nil {
					y = q.middle(q.Levels.decode(y))
				}
				x.Set(i, q.at, y)
			}
		}
	}
	p := c.polynomials(x)
	all := make([]float64, len(c.columns))
	for k := range all {
		all[k], _ = p.regress(k, func(int) bool { return true })
	}
	return all
}

// polynomials returns the terms of coded columns, but those of one for each level, and none
// for less than two columns or few rows.
func (c *Codec) polynomials(x *mat.Dense) *polynomials {
	n, _ := x.Dims()
	p := &polynomials{n: n, at: map[int]int{}}
	for k := range c.columns {
		if c.columns[k].OneHot == nil {
			p.at[k] = len(p.terms)
			p.terms = append(p.terms, term{k, -1, 1})
		}
	}
	if d := len(p.terms); n >= explainRatio*(d+d*(d+1)/2) {
		for a := range d {
			for b := range a + 1 {
				p.terms = append(p.terms, term{p.terms[a].A, p.terms[b].A, 1})
			}
		}
	}
	if len(p.at) < 2 || n < explainRatio*len(p.terms) {
		return &polynomials{}
	}
	values := mat.NewDense(n, len(p.terms), nil)
	for k := range p.terms {
		t := &p.terms[k]
		column := make([]float64, n)
		for i := range column {
			column[i] = t.of(c, x.RawRowView(i))
		}
		mean, deviation := moments(column, point)
		t.Factor = 1 / deviation
		for i := range column {
			column[i] = (column[i] - mean) / deviation
		}
		values.SetCol(k, column)
	}
	p.gram = new(mat.SymDense)
	p.gram.SymOuterK(1/float64(n), values.T())
	return p
}

// middle returns the code of a value in the middle of its interval, without the room made
// for atoms, and 0 for one that is missing.
func (p *codedColumn) middle(v float64) float64 {
	switch {
	case math.IsNaN(v):
		return 0
	case p.Number != nil:
		return p.plain(p.Number.encode(v, .5))
	}
	return p.Levels.encode(v, .5)
}

// regress returns R² of the regression of column k on the terms of others of some, and
// these with their factors.
func (p *polynomials) regress(k int, some func(k int) bool) (explained float64, law []term) {
	j, ok := p.at[k]
	if !ok {
		return 0, nil
	}
	var others []int
	for i, t := range p.terms {
		if !t.uses(k) && some(t.A) && (t.B < 0 || some(t.B)) {
			others = append(others, i)
		}
	}
	own := p.gram.At(j, j)
	if own == 0 || len(others) == 0 {
		return 0, nil
	}
	among, with := mat.NewSymDense(len(others), nil), mat.NewVecDense(len(others), nil)
	for a, i := range others {
		with.SetVec(a, p.gram.At(i, j))
		for b := range a {
			among.SetSym(a, b, p.gram.At(i, others[b]))
		}
		among.SetSym(a, a, p.gram.At(i, i)+explainRidge)
	}
	var f mat.Cholesky
	var slopes mat.VecDense
	if !f.Factorize(among) {
		return 0, nil
	}
	if err := f.SolveVecTo(&slopes, with); err != nil && slopes.Len() == 0 {
		return 0, nil
	}
	for a, i := range others {
		t := p.terms[i]
		t.Factor *= slopes.AtVec(a) / p.terms[j].Factor
		law = append(law, t)
	}
	left := (1 - mat.Dot(&slopes, with)/own) * float64(p.n) / float64(p.n-len(others))
	return max(0, min(1-left, 1)), law
}
