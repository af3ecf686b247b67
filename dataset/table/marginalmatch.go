package table

import (
	"math"
	"slices"
	"sort"
)

// band is how many standard errors the distribution of a column that is not lumpy may
// be off.
const band = 2

// aim sets what the column's values in rows of the model are matched to.
func (p *codedColumn) aim() {
	p.target = p.Data
	if p.Model.fitted() && p.Number != nil && !p.Data.Lumpy {
		p.target = nearest(&p.Model, &p.Data, band*math.Sqrt(1/float64(p.Data.Rows)+1/float64(p.Model.Rows)))
	}
}

// match returns y, a value of the column in a row of the model, moved to where it stands
// in the target.
func (p *codedColumn) match(y float64) float64 { return p.target.quantile(p.Model.at(y)) }

// mostMoved is how far Match moves values of a leader, or of a column that goes along, on
// average by themselves, in deviations of what the others leave open.
const mostMoved = 1. / 3

// breaks reports whether matching values y of a model by themselves would contradict other
// columns, which explain a part of their variance: whether it would move them too far.
func (p *codedColumn) breaks(y []float64, explained float64) bool {
	if p.Law == nil && len(p.Along) == 0 || !p.Model.fitted() || explained < function {
		return false
	}
	var moved float64
	for _, v := range y {
		moved += math.Abs(p.plain(p.match(v))-p.plain(v)) / float64(len(y))
	}
	return moved > mostMoved*math.Sqrt(1-explained)
}

// nearest returns the distribution nearest to g that is within e·√(p(1−p)) of f.
func nearest(g, f *marginal, e float64) marginal {
	knots := slices.Concat(g.Y, f.Y)
	slices.Sort(knots)
	var m marginal
	add := func(y, p, q float64) {
		r := e * math.Sqrt(q*(1-q))
		p = max(q-r, min(p, q+r))
		if n := len(m.P); n > 0 {
			p = max(p, m.P[n-1])
		}
		m.add(y, p)
	}
	for _, y := range slices.Compact(knots) {
		g0, g1 := g.sides(y)
		f0, f1 := f.sides(y)
		add(y, g0, f0)
		if g0 != g1 || f0 != f1 {
			add(y, g1, f1)
		}
	}
	m.P[0], m.P[len(m.P)-1] = 0, 1
	first, last := 0, len(m.P)-1
	for m.P[first+1] == 0 {
		first++
	}
	for m.P[last-1] == 1 {
		last--
	}
	m.Y, m.P = m.Y[first:last+1], m.P[first:last+1]
	return m
}

// sides returns the probabilities of less than y and of no more.
func (m *marginal) sides(y float64) (less, most float64) {
	k := sort.SearchFloat64s(m.Y, y)
	if k == len(m.Y) || m.Y[k] != y {
		p := m.at(y)
		return p, p
	}
	last := k
	for last+1 < len(m.Y) && m.Y[last+1] == y {
		last++
	}
	return m.P[k], m.P[last]
}

// seat returns the number nearest to y on an interval that has rows.
func (m *marginal) seat(y float64) float64 {
	k := sort.SearchFloat64s(m.Y, y)
	switch {
	case k == 0:
		return m.Y[0]
	case k == len(m.Y):
		return m.Y[k-1]
	case m.Y[k] == y || m.P[k-1] < m.P[k]:
		return y
	case y-m.Y[k-1] < m.Y[k]-y:
		return m.Y[k-1]
	}
	return m.Y[k]
}
