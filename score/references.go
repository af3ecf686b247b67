package score

import (
	"cmp"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn/smooth"
)

// Pool lets the Rao-Blackwellised target average over far more rows than
// Settings.References, of which a noisy row takes those near it, and no more than its
// noise level asks for:
//
//	x̄_i = Σ_j w_ij x_j,   w_ij = softmax_j(−‖x_t,i − αx_j‖²/(2σ²)),   j = 1, …, M(σ/α),
//	M(σ) the least of 1,024, 2,048, … that is ≥ Neighbours/σ², and at most Rows,
//
// with σ in model coordinates, in which the data have mean square 1. (In place of 1,024 is
// the number of distinct clean rows of a batch, when that is greater.) Little noise needs
// many rows, of which those at more than 4.5σ are left out, much noise few. As M depends
// on the level only, x̄ has the expectation of the clean row, as for References, but for
// what is left out: less than 1e-4 σ, see package smooth, in nn.
//
// A generator draws the rows anew for every step: with stale ones the errors of
// successive steps add up. Of Rows and RowsOf a step has as many as there are, none of
// them twice; where M is the number of all, the target is the mean over all of them,
// without noise. Rows with labels average over those with the same, and M is greater by
// the number of combinations of labels. With Config.ColumnLevels every column has its own
// σ, M is that of the least, and a row with a missing value counts where that is left
// out.
//
// It pays in a few columns, see the package's documentation, for generators and for sets
// of more rows than about 20,000; of fewer, few References serve as well or, below some
// thousands, none.
type Pool struct {
	// Rows is the number of clean rows of a step, the batch's own included; 0 is no pool:
	// the target is that of Settings.References. Up to 2²⁴.
	Rows int
	// Neighbours is how many of the M rows there would be in a square of side σ if they were
	// spread evenly over one of side 1; 0 is 20, and from four columns on, where fewer are
	// near, 200.
	Neighbours float64
}

// leastReferences is the least M. Fewer would do for most of the rows of a noise level, but not
// for those far out, which have few near them: with 256 a pinwheel of broad arms ends a fifth
// further from the data.
const leastReferences = 1024

// check returns an error for a pool that makes no sense.
func (p Pool) check(references int) error {
	switch {
	case p.Rows < 0 || p.Rows > mostRows:
		return fmt.Errorf("score: Fit: Settings.Pool.Rows: is %d, want a number up to %d, or 0 for none: %w", p.Rows, mostRows, ErrRange)
	case !(p.Neighbours >= 0 && finite(p.Neighbours)):
		return fmt.Errorf("score: Fit: Settings.Pool.Neighbours: is %v, want a positive number, or 0 for the default: %w", p.Neighbours, ErrRange)
	case p.Rows == 0 && p.Neighbours > 0:
		return fmt.Errorf("score: Fit: Settings.Pool.Rows: is 0 with Neighbours %v, want a positive number: %w", p.Neighbours, ErrRange)
	case p.Rows > 0 && references > 0:
		return fmt.Errorf("score: Fit: Settings.References: is %d with a Pool, want 0: %w", references, ErrRange)
	}
	return nil
}

// references are the clean rows of a step, over which the targets of a Pool average.
type references struct {
	neighbours float64
	groups     int    // combinations of labels; 0 is a model without
	tiers      []tier // from the fewest rows to all
	rows       []referenced
	sigma      []float64 // one or d for each of the rows
}

// tier is the first so many of the clean rows.
type tier struct {
	rows         int
	all, grouped *smooth.Rows // grouped by labels; nil for a model without
	anyOf, some  bool         // whether noisy rows ask for them in this step
}

// referenced is what a noisy row averages over.
type referenced struct {
	point smooth.Point
	from  *smooth.Rows // nil when the target is the clean row
}

// newReferences returns references for batch noisy rows of own distinct clean rows.
func newReferences(p Pool, rows, own, batch, dim, groups int, byColumn bool) *references {
	near := 20.0
	if dim > 3 {
		near = 200
	}
	r := &references{neighbours: cmp.Or(p.Neighbours, near), groups: groups, rows: make([]referenced, batch)}
	width := 1
	if byColumn {
		width = dim
	}
	r.sigma = make([]float64, batch*width)
	for i := range r.rows {
		r.rows[i].point.Sigma = r.sigma[i*width : (i+1)*width]
	}
	for m := min(max(leastReferences, own), rows); ; m = min(2*m, rows) {
		t := tier{rows: m, all: smooth.New(m, dim, 1)}
		if groups > 1 {
			t.grouped = smooth.New(m, dim, groups)
		}
		r.tiers = append(r.tiers, t)
		if m == rows {
			return r
		}
	}
}

// begin forgets the rows of the step before.
func (r *references) begin() {
	for i := range r.tiers {
		r.tiers[i].anyOf, r.tiers[i].some = false, false
	}
}

// at returns the least tier that has the rows that a noise level asks for.
func (r *references) at(σ float64, groups int) *tier {
	want := r.neighbours * float64(groups) / (σ * σ)
	for i := range r.tiers {
		if t := &r.tiers[i]; float64(t.rows) >= want {
			return t
		}
	}
	return &r.tiers[len(r.tiers)-1]
}

// set says what noisy row i averages over: y with the level σ of all columns or those of
// each, which came from the clean row own by noise of half the square norm shift, of a
// group, or −1 for all rows.
func (r *references) set(i, own int, y []float64, shift float64, group int, σ ...float64) {
	q := &r.rows[i]
	least := math.Inf(1)
	for k, v := range σ {
		q.point.Sigma[k], least = v, min(least, v)
	}
	q.point.Y, q.point.Row, q.point.Shift = y, own%r.tiers[len(r.tiers)-1].rows, shift
	if group < 0 || r.groups < 2 {
		t := r.at(least, 1)
		q.point.Group, q.from, t.anyOf = 0, t.all, true
		return
	}
	t := r.at(least, r.groups)
	q.point.Group, q.from, t.some = group, t.grouped, true
}

// skip says that the target of row i is the clean row.
func (r *references) skip(i int) { r.rows[i].from = nil }

// load sets the clean rows and their groups.
func (r *references) load(clean *mat.Dense, group []int) {
	x, d := clean.RawMatrix().Data, clean.RawMatrix().Cols
	for i := range r.tiers {
		t := &r.tiers[i]
		if t.anyOf {
			t.all.Load(x[:t.rows*d], nil)
		}
		if t.some {
			t.grouped.Load(x[:t.rows*d], group[:t.rows])
		}
	}
}

// average puts the mean of noisy row i in the place of its y, and reports whether there
// is one.
func (r *references) average(i int) bool {
	q := &r.rows[i]
	return q.from != nil && q.from.Mean(q.point.Y, q.point)
}
