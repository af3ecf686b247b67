package table

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"

	"gonum.org/v1/gonum/mat"
)

// marginal is a distribution function on the line: P(y) is linear between its knots,
// jumps where several knots have the same Y, and is 0 and 1 beyond them.
type marginal struct {
	Y, P []float64
	Rows int // that it was measured on
	// Few says that every value has its knots, and many rows; Lumpy that there are few at
	// all, or that a good share of the rows is on values with many more than those near.
	Few, Lumpy bool `json:",omitempty"`
}

// slot is an interval on which so many rows are spread evenly, or a point.
type slot struct {
	lo, hi float64
	rows   int
}

// marginalKnots is how many knots the middle of a marginal has about, for a column of
// more than mostSlots values.
const (
	marginalKnots = 512
	mostSlots     = 1024
	// exactValues is the most values of a column that is lumpy for that, lumpShare the
	// share of rows in lumps that makes one lumpy.
	exactValues = 64
	lumpShare   = .05
	// lumpHeight is how many times as many rows a lump has as the median of its four
	// neighbours on either side.
	lumpHeight = 2
)

// newMarginal returns the distribution of values that are each spread evenly over the
// cell of its value, less the margins that jitter leaves out. Equal values stand together.
func newMarginal(values []float64, cell func(v float64) (lo, hi float64)) marginal {
	var slots []slot
	for from := 0; from < len(values); {
		to := from + 1
		for to < len(values) && values[to] == values[from] {
			to++
		}
		lo, hi := cell(values[from])
		room := margin * (hi - lo)
		slots = append(slots, slot{lo + room, hi - room, to - from})
		from = to
	}
	slices.SortFunc(slots, func(a, b slot) int { return cmp.Compare(a.lo, b.lo) })
	m := marginal{Rows: len(values), Few: len(slots) <= mostSlots && ties*len(slots) <= len(values)}
	m.Lumpy = len(slots) <= exactValues || lumps(slots, len(values)) >= lumpShare
	n, before := float64(len(values)), 0
	for k, s := range slots {
		after := before + s.rows
		p, q := float64(before)/n, float64(after)/n
		if len(slots) <= mostSlots || k == 0 || k == len(slots)-1 || crosses(p, q) {
			if s.lo == s.hi && s.rows == 1 {
				m.add(s.lo, p+(q-p)/2)
			} else {
				m.add(s.lo, p)
				m.add(s.hi, q)
			}
		}
		before = after
	}
	m.P[0], m.P[len(m.P)-1] = 0, 1
	if len(m.P) == 1 {
		m.Y, m.P = []float64{m.Y[0], m.Y[0]}, []float64{0, 1}
	}
	return m
}

// lumps returns the share of n rows in slots with 1/marginalKnots of them and many more
// than the neighbours.
func lumps(slots []slot, n int) float64 {
	rows := 0
	for k, s := range slots {
		if s.rows < atomRows || s.rows*marginalKnots < n {
			continue
		}
		var near []int
		for i := max(k-4, 0); i <= min(k+4, len(slots)-1); i++ {
			if i != k {
				near = append(near, slots[i].rows)
			}
		}
		slices.Sort(near)
		if len(near) > 0 && s.rows > lumpHeight*near[len(near)/2] {
			rows += s.rows
		}
	}
	return float64(rows) / float64(n)
}

// add adds a knot, no lower than the last.
func (m *marginal) add(y, p float64) {
	if n := len(m.Y); n > 0 {
		y = max(y, m.Y[n-1])
	}
	m.Y, m.P = append(m.Y, y), append(m.P, p)
}

// crosses reports whether a multiple of 1/marginalKnots lies in (p, q], or, within it
// of the ends, a power of ½ of the mass to the nearer one.
func crosses(p, q float64) bool {
	if math.Floor(p*marginalKnots) != math.Floor(q*marginalKnots) {
		return true
	}
	power := func(p float64) float64 { return math.Floor(math.Log2(p)) }
	return q*marginalKnots < 1 && power(p) != power(q) || (1-p)*marginalKnots < 1 && power(1-p) != power(1-q)
}

// at returns the probability of no more than y, and in a jump the middle of it.
func (m *marginal) at(y float64) float64 { return interpolate(m.Y, m.P, y, 0, 0) }

// quantile returns the least y of the probability p.
func (m *marginal) quantile(p float64) float64 {
	k := sort.SearchFloat64s(m.P, p)
	if k == 0 {
		return m.Y[0]
	}
	if k == len(m.P) {
		return m.Y[k-1]
	}
	if m.P[k] == p {
		return m.Y[k]
	}
	return m.Y[k-1] + (m.Y[k]-m.Y[k-1])*((p-m.P[k-1])/(m.P[k]-m.P[k-1]))
}

func (m *marginal) fitted() bool { return len(m.Y) > 0 }

func (m *marginal) valid() bool {
	n := len(m.P)
	return n > 1 && m.Rows > 0 && len(m.Y) == n && ascend(m.Y) && ascend(m.P) && m.P[0] == 0 && m.P[n-1] == 1
}

// Match measures how the distribution of each coded column differs in rows of a model,
// and lets Decode make up for it: with F the distribution function of the rows fitted
// and G that of the model's, a coded value y of the model is read as F*⁻¹(G(y)). For
// levels and for numbers of which many rows share values F* is F. Other numbers are
// moved only as far as the rows say that the model is wrong: F* is the function nearest
// to G that is within two standard errors of F. With a column
// of many shared values that is nearly a function of others these go along, see the
// package's documentation. Where F has few values, what is read is one of them, and
// where all are multiples of a number, such as 100 for prices, it is one, too. What the
// model says of how columns depend on each other stays.
//
// The reference has rows, at least 2 and better 10,000 and more, of the model without
// conditions, even when the rows to be decoded are drawn given some columns: these
// have marginals of their own. Values of missing cells do not count. Rows with NaN or
// infinities are an error, ErrNonFinite, that leaves c as it was; another number of
// columns than Dim panics.
func (c *Codec) Match(reference mat.Matrix) error {
	n := c.checkDim("Match", reference)
	if n < 2 {
		return fmt.Errorf("table: Match: the reference has %d rows, want at least 2: %w", n, ErrShape)
	}
	for i := range n {
		for j := range c.dim {
			if y := reference.At(i, j); math.IsNaN(y) || math.IsInf(y, 0) {
				return fmt.Errorf("table: Match: row %d, column %d is %v: %w", i, j, y, ErrNonFinite)
			}
		}
	}
	gone := make([][]bool, len(c.groups))
	for k := range c.groups {
		g := &c.groups[k]
		at := c.dim - len(c.groups) + k
		g.Model = modelMarginal(mat.Col(nil, at, reference))
		gone[k] = make([]bool, n)
		for i := range n {
			gone[k][i] = g.missing(g.Data.quantile(g.Model.at(reference.At(i, at))))
		}
	}
	explained := c.explain(reference)
	for k := range c.columns {
		p := &c.columns[k]
		if p.OneHot != nil {
			continue
		}
		var y []float64
		for i := range n {
			if p.Group < 0 || !gone[p.Group][i] {
				y = append(y, reference.At(i, p.at))
			}
		}
		p.Model = marginal{}
		if len(y) >= 2 {
			p.Model = modelMarginal(y)
		}
		p.aim()
		p.Kept = p.breaks(y, explained[k])
	}
	return nil
}

func modelMarginal(y []float64) marginal {
	slices.Sort(y)
	return newMarginal(y, point)
}
