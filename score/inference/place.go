package inference

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// place is where the y of observations lie in w, one row for all or one for each:
//
//	w = shift + back diag(s) root y.
type place struct {
	shift      *mat.Dense
	logs       *mat.Dense // log s, nil where all are 0
	root, back *mat.Dense
}

// place returns that of the rows of x.
func (c *coordinates) place(x *mat.Dense) *place {
	n, _ := x.Dims()
	m, logs, any := mat.NewDense(n, len(c.axes), nil), mat.NewDense(n, len(c.axes), nil), false
	for i, z := 0, c.standards(x); i < n; i++ {
		for j, t := range c.trends {
			v, s := t.at(z.RawRowView(i))
			m.Set(i, j, v*t.deviation)
			logs.Set(i, j, math.Log(s))
			any = any || s != 1
		}
	}
	p := &place{shift: m, root: c.root, back: c.back}
	p.shift.Mul(m, c.back.T())
	if any {
		p.logs = logs
	}
	return p
}

// rows returns for how many observations it is, or 1.
func (p *place) rows() int { return p.shift.RawMatrix().Rows }

// at returns the number of the row that is for row i.
func (p *place) at(i int) int {
	if p.rows() == 1 {
		return 0
	}
	return i
}

// toWide makes w of the rows of y.
func (p *place) toWide(y *mat.Dense) {
	p.scale(y, 0, 1)
	n, _ := y.Dims()
	for i := range n {
		floats.Add(y.RawRowView(i), p.shift.RawRowView(p.at(i)))
	}
}

// fromWide makes y of the rows of w.
func (p *place) fromWide(w *mat.Dense) {
	n, _ := w.Dims()
	for i := range n {
		floats.Sub(w.RawRowView(i), p.shift.RawRowView(p.at(i)))
	}
	p.scale(w, 0, -1)
}

// scale multiplies rows, of which the first is that of observation first, by
// back diag(s^power) root.
func (p *place) scale(y *mat.Dense, first int, power float64) {
	if p.logs == nil {
		return
	}
	var u mat.Dense
	u.Mul(y, p.root.T())
	n, _ := y.Dims()
	for i := range n {
		row := u.RawRowView(i)
		for j, l := range p.logs.RawRowView(p.at(first + i)) {
			row[j] *= math.Exp(power * l)
		}
	}
	y.Mul(&u, p.back.T())
}

// along makes derivatives by u, of row i, those by u/s.
func (p *place) along(slopes []float64, i int) {
	if p.logs == nil {
		return
	}
	for j, l := range p.logs.RawRowView(p.at(i)) {
		slopes[j] *= math.Exp(l)
	}
}

// volume returns log |dw/dy| of row i.
func (p *place) volume(i int) float64 {
	if p.logs == nil {
		return 0
	}
	return floats.Sum(p.logs.RawRowView(p.at(i)))
}
