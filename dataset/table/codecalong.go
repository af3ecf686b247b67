package table

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// along is how the mean of a coded column depends on another one, a leader, that Match
// moves: by a polynomial of degree 3 in its number without the room made for atoms.
type along struct {
	Of     int // the leader's place among the coded columns
	Slopes [3]float64
}

const (
	// function is the part of a column's variance that others explain when it is nearly a
	// function of them.
	function = .9
	// mostLeft is how many times as much smooth columns leave open of a leader as all do.
	mostLeft = 2
	// follows is the least part of a column's variance that leaders explain when it goes
	// along with them.
	follows = .25
)

// smooth reports whether values may be moved to any others that are near.
func (p *codedColumn) smooth() bool {
	return p.Number != nil && p.Number.Spread == nil && !p.Data.Lumpy
}

// fitAlong finds how smooth columns go along with the leaders.
func (c *Codec) fitAlong(rows *rowCells) {
	var leaders []int
	for k := range c.columns {
		if c.columns[k].Law != nil {
			leaders = append(leaders, k)
		}
	}
	if len(leaders) == 0 {
		return
	}
	rows = rows.some(explainRows)
	for k := range c.columns {
		p := &c.columns[k]
		if !p.smooth() {
			continue
		}
		var terms, y []float64
		for i := range rows.n {
			row := rows.row(i)
			if v := row[p.Field]; !math.IsNaN(v) {
				terms = append(terms, 1)
				for _, l := range leaders {
					q := &c.columns[l]
					t := q.middle(row[q.Field])
					terms = append(terms, t, t*t, t*t*t)
				}
				y = append(y, p.middle(v))
			}
		}
		p.Along = alongOf(leaders, terms, y)
	}
	for _, l := range leaders {
		if !c.followed(l) {
			c.columns[l].Law = nil
		}
	}
	for k := range c.columns {
		p := &c.columns[k]
		p.Along = slices.DeleteFunc(p.Along, func(a along) bool { return c.columns[a.Of].Law == nil })
	}
}

// followed reports whether what goes along with a leader between its quartiles keeps its
// law.
func (c *Codec) followed(l int) bool {
	p := &c.columns[l]
	low, high := p.plain(p.Data.quantile(.25)), p.plain(p.Data.quantile(.75))
	from, way := make([]float64, c.dim), make([]float64, c.dim)
	for k := range c.columns {
		q := &c.columns[k]
		for _, a := range q.Along {
			if a.Of == l {
				from[q.at], way[q.at] = a.at(low), a.at(high)-a.at(low)
			}
		}
	}
	step := (high - low) / c.along(p.Law, from, way)
	return step >= leastStep && step <= mostStep
}

// along returns how far a law moves when a coded row does.
func (c *Codec) along(law []term, y, way []float64) float64 {
	to := slices.Clone(y)
	for i, w := range way {
		to[i] += w
	}
	var moved float64
	for i := range law {
		moved += law[i].of(c, to) - law[i].of(c, y)
	}
	return moved
}

// alongOf regresses y on the terms of leaders, which are 1 and three for each. It returns
// nil when there are few rows, or the leaders explain little.
func alongOf(leaders []int, terms, y []float64) []along {
	n, d := len(y), 1+3*len(leaders)
	if n < explainRatio*d {
		return nil
	}
	x := mat.NewDense(n, d, terms)
	var slopes, fitted mat.VecDense
	if err := slopes.SolveVec(x, mat.NewVecDense(n, y)); err != nil {
		return nil
	}
	fitted.MulVec(x, &slopes)
	_, deviation := moments(y, point)
	if _, explained := moments(fitted.RawVector().Data, point); !(explained*explained >= follows*deviation*deviation) {
		return nil
	}
	var all []along
	for k, l := range leaders {
		at := 1 + 3*k
		all = append(all, along{l, [3]float64{slopes.AtVec(at), slopes.AtVec(at + 1), slopes.AtVec(at + 2)}})
	}
	return all
}

// plain returns a code without the room made for atoms, in the range of the rows
// fitted.
func (p *codedColumn) plain(y float64) float64 {
	y = max(p.Data.Y[0], min(y, p.Data.Y[len(p.Data.Y)-1]))
	c := p.Number
	if c == nil || c.Spread == nil {
		return y
	}
	return (c.Spread.inverse(y*c.Scale+c.Shift) - c.Shift) / c.Scale
}

// at returns the polynomial.
func (a *along) at(t float64) float64 {
	return t * (a.Slopes[0] + t*(a.Slopes[1]+t*a.Slopes[2]))
}

const leastStep, mostStep = .5, 2. // of the way that the mean goes

// shifts returns how far columns go along with leaders in a row, nil when there are none:
// in the direction that their mean goes, as far as it takes to keep the leader's law.
func (c *Codec) shifts(y []float64, known []bool) []float64 {
	var sum, way []float64
	for k := range c.columns {
		p := &c.columns[k]
		if !p.Kept || !c.moves(k, known) || math.IsNaN(y[p.at]) || math.IsInf(y[p.at], 0) {
			continue
		}
		if sum == nil {
			sum, way = make([]float64, c.dim), make([]float64, c.dim)
		}
		from, to := p.plain(y[p.at]), p.plain(p.match(y[p.at]))
		clear(way)
		for i := range c.columns {
			q := &c.columns[i]
			for _, a := range q.Along {
				if a.Of == k {
					way[q.at] = a.at(to) - a.at(from)
				}
			}
		}
		step := max(leastStep, min((to-from)/c.along(p.Law, y, way), mostStep))
		if math.IsNaN(step) { // cells of the law are missing, or nothing moves
			step = 1
		}
		for i, w := range way {
			sum[i] += step * w
		}
	}
	return sum
}

// moves reports whether decoding matches the k-th column in a row: whether a model is
// known, and the column and all that would go along with it are drawn.
func (c *Codec) moves(k int, known []bool) bool {
	p := &c.columns[k]
	if !p.Model.fitted() || known[p.at] || p.Kept && p.Law == nil {
		return false
	}
	if p.Kept {
		for i := range c.columns {
			if q := &c.columns[i]; known[q.at] && len(q.Along) > 0 {
				return false
			}
		}
	}
	return true
}
