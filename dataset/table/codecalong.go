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
	for g := -1; g < len(c.groups); g++ {
		c.fitGroupAlong(g, leaders, rows)
	}
	c.setFollowers()
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

// follower is a column that goes along with a leader.
type follower struct {
	k int // its place among the coded columns
	along
}

// setFollowers tells the leaders what goes along with them.
func (c *Codec) setFollowers() {
	for k := range c.columns {
		for _, a := range c.columns[k].Along {
			l := &c.columns[a.Of]
			l.followers = append(l.followers, follower{k, a})
		}
	}
}

// led are the leaders and the columns that go along with them.
func (c *Codec) led() []int {
	var all []int
	for k := range c.columns {
		if p := &c.columns[k]; p.Law != nil || len(p.Along) > 0 {
			all = append(all, k)
		}
	}
	return all
}

// followed reports whether what goes along with a leader between its quartiles keeps its
// law.
func (c *Codec) followed(l int) bool {
	p := &c.columns[l]
	low, high := p.plain(p.Data.quantile(.25)), p.plain(p.Data.quantile(.75))
	from, way := make([]float64, c.dim), make([]float64, c.dim)
	for _, f := range p.followers {
		at := c.columns[f.k].at
		from[at], way[at] = f.at(low), f.at(high)-f.at(low)
	}
	step := (high - low) / c.along(p.Law, from, way)
	return step >= leastStep && step <= mostStep
}

// along returns how far a law moves when a coded row does.
func (c *Codec) along(law []term, y, way []float64) float64 {
	var moved float64
	for i := range law {
		t := &law[i]
		a := c.columns[t.A].at
		if t.B < 0 {
			moved += t.Factor * way[a]
			continue
		}
		b := c.columns[t.B].at
		moved += t.Factor * (y[a]*way[b] + way[a]*y[b] + way[a]*way[b])
	}
	return moved
}

// fitGroupAlong regresses the smooth columns that are missing in the same rows on the terms
// of leaders, which are 1 and three for each. They go along with none when the terms depend
// on each other, and when they explain little.
func (c *Codec) fitGroupAlong(g int, leaders []int, rows *rowCells) {
	var some []*codedColumn
	for k := range c.columns {
		if p := &c.columns[k]; p.smooth() && p.Group == g {
			some = append(some, p)
		}
	}
	var there []int
	for i := range rows.n {
		if len(some) > 0 && !math.IsNaN(rows.row(i)[some[0].Field]) {
			there = append(there, i)
		}
	}
	n, d := len(there), 1+3*len(leaders)
	if n < explainRatio*d {
		return
	}
	x, y := mat.NewDense(n, d, nil), mat.NewDense(n, len(some), nil)
	for a, i := range there {
		row, terms := rows.row(i), x.RawRowView(a)
		terms[0] = 1
		for k, l := range leaders {
			q := &c.columns[l]
			v := q.middle(row[q.Field])
			terms[1+3*k], terms[2+3*k], terms[3+3*k] = v, v*v, v*v*v
		}
		for k, p := range some {
			y.Set(a, k, p.middle(row[p.Field]))
		}
	}
	var slopes, fitted mat.Dense
	if err := slopes.Solve(x, y); err != nil {
		return
	}
	fitted.Mul(x, &slopes)
	for k, p := range some {
		_, deviation := moments(mat.Col(nil, k, y), point)
		if _, explained := moments(mat.Col(nil, k, &fitted), point); !(explained*explained >= follows*deviation*deviation) {
			continue
		}
		for a, l := range leaders {
			at := 1 + 3*a
			p.Along = append(p.Along, along{l, [3]float64{slopes.At(at, k), slopes.At(at+1, k), slopes.At(at+2, k)}})
		}
	}
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
		for i := range p.followers {
			f := &p.followers[i]
			way[c.columns[f.k].at] = f.at(to) - f.at(from)
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

// moved returns where decoding puts the k-th column of a coded row, by itself and along
// with leaders.
func (c *Codec) moved(k int, y []float64, known []bool, shifts []float64) float64 {
	p := &c.columns[k]
	v := y[p.at]
	if c.moves(k, known) {
		v = p.match(v)
	}
	if shifts != nil && !known[p.at] && p.Model.fitted() {
		v += shifts[p.at]
	}
	return v
}

// moves reports whether decoding matches the k-th column in a row: whether a model is
// known, and the column and all that would go along with it are drawn.
func (c *Codec) moves(k int, known []bool) bool {
	p := &c.columns[k]
	if !p.Model.fitted() || known[p.at] || p.Kept && p.Law == nil {
		return false
	}
	if p.Kept {
		for _, f := range p.followers {
			if known[c.columns[f.k].at] {
				return false
			}
		}
	}
	return true
}

// mostOff is how far the distribution of a column that goes along may be off, besides what
// is due to chance.
const mostOff = .03

// keepsMarginals reports whether columns that are not matched by themselves, and go along
// with leaders, have the distributions of the rows fitted, by the Kolmogorov–Smirnov
// distance. Where a polynomial does not say how they go along, they have not.
func (c *Codec) keepsMarginals(reference mat.Matrix) bool {
	led := slices.DeleteFunc(c.led(), func(k int) bool { return !c.columns[k].Model.fitted() || c.columns[k].Law != nil })
	if len(led) == 0 {
		return true
	}
	n, _ := reference.Dims()
	n = min(n, explainRows)
	values := make([][]float64, len(led))
	y, known := make([]float64, c.dim), make([]bool, c.dim)
	for i := range n {
		mat.Row(y, i, reference)
		shifts := c.shifts(y, known)
		for a, k := range led {
			values[a] = append(values[a], c.moved(k, y, known, shifts))
		}
	}
	for a, k := range led {
		p, got := &c.columns[k], modelMarginal(values[a])
		chance := 1.36 * math.Sqrt(1/float64(p.Data.Rows)+1/float64(n)) // exceeded in 5 of 100 cases
		if got.distance(&p.Data) > mostOff+chance {
			return false
		}
	}
	return true
}
