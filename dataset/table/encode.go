package table

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// Encode returns the coded rows of t: n×Dim. Where a value stands in its interval is
// drawn from the seed, the row and the column only. Columns are found by their names and
// levels by their texts; other columns of t are left out. A missing cell is coded as a
// draw from the values that are there, and as missing in the column which says so, if
// cells of the rows fitted were.
//
// It returns ErrShape when t lacks a column or its columns are ragged, ErrNonFinite for
// an infinite cell and ErrRange for one that its Field does not allow or a level that no
// row fitted had, with row and column.
func (c *Codec) Encode(t *Table, seed uint64) (*mat.Dense, error) {
	rows, err := c.load(t, false, false)
	if err != nil {
		return nil, fmt.Errorf("table: Encode: %w", err)
	}
	if rows.n == 0 {
		return nil, fmt.Errorf("table: Encode: the table has no rows: %w", ErrShape)
	}
	x := mat.NewDense(rows.n, c.dim, nil)
	for i := range rows.n {
		row := rows.row(i)
		out := x.RawRowView(i)
		for k := range c.groups {
			g := &c.groups[k]
			at := c.dim - len(c.groups) + k
			gone := 0.
			if g.all(row) {
				gone = 1
			}
			out[at] = g.Coder.encode(gone, c.jitter(seed, i, len(c.fields)+k).within())
		}
		c.encodeValues(out, row, seed, i, true)
	}
	return x, nil
}

// all reports whether all cells of the group are missing.
func (g *missingGroup) all(row []float64) bool {
	for _, j := range g.Fields {
		if !math.IsNaN(row[j]) {
			return false
		}
	}
	return true
}

func (c *Codec) jitter(seed uint64, row, column int) jitter {
	return jitter{seed: seed, row: row, column: column}
}

// encodeValues codes the cells of a row, which it changes: for a model to learn, as draws
// from their intervals, a missing one from those of the values that are there, or else as
// the middles, a missing one as NaN.
func (c *Codec) encodeValues(out, row []float64, seed uint64, i int, learn bool) {
	for k, step := range c.steps {
		step.forward(row, c.jitter(seed, i, len(c.fields)+len(c.groups)+k))
	}
	for k := range c.columns {
		p := &c.columns[k]
		v, u := row[p.Field], c.jitter(seed, i, p.Field)
		place := .5
		if learn {
			place = u.within()
			if math.IsNaN(v) {
				v = p.draw(u.uniform(2))
			}
		}
		switch {
		case p.OneHot != nil:
			p.encodeOneHot(out[p.at:p.at+p.width()], v)
		case math.IsNaN(v):
			out[p.at] = noCell
		case p.Number != nil:
			out[p.at] = p.Number.encode(v, place)
		default:
			out[p.at] = p.Levels.encode(v, place)
		}
	}
}

// draw returns the value of the rows fitted at a rank.
func (p *codedColumn) draw(rank float64) float64 {
	switch {
	case p.Number != nil:
		return p.Number.decode(p.Data.quantile(rank), p.Number.Grid)
	case p.Levels != nil:
		return p.Levels.decode(p.Data.quantile(rank))
	}
	return float64(p.OneHot.Seen[int(rank*float64(len(p.OneHot.Seen)))])
}

func (p *codedColumn) encodeOneHot(out []float64, v float64) {
	if !math.IsNaN(v) {
		p.OneHot.encode(out, v)
		return
	}
	for k := range out {
		out[k] = noCell
	}
}

// Observe returns what t says of its rows, n×Dim: the middle of the interval of a cell's
// value where it is known, and NaN elsewhere. That it is there is known of a cell that is,
// and nothing of one that is missing, or in a column that t lacks. So it is what the rows
// with these cells are drawn from, and, for a model that leaves NaN out, what their density
// is that of. All places of the interval say the same, and the middle is where a network
// mixes it up with the neighbours least. The seed is for zeros among the shares of a
// Simplex only.
//
// A level that no row fitted had says nothing, as if it were missing, and neither does a
// number that a rule codes by one that is missing. Errors are those of Encode otherwise,
// but numbers may be off the lattice.
func (c *Codec) Observe(t *Table, seed uint64) (*mat.Dense, error) {
	rows, err := c.load(t, true, true)
	if err != nil {
		return nil, fmt.Errorf("table: Observe: %w", err)
	}
	if rows.n == 0 {
		return nil, fmt.Errorf("table: Observe: the table has no rows: %w", ErrShape)
	}
	x := mat.NewDense(rows.n, c.dim, nil)
	for i := range rows.n {
		c.observe(x.RawRowView(i), rows.row(i), seed, i)
	}
	return x, nil
}

// observe codes what is known of a row.
func (c *Codec) observe(out, row []float64, seed uint64, i int) {
	for g := range c.groups {
		at := c.dim - len(c.groups) + g
		out[at] = noCell
		for _, j := range c.groups[g].Fields {
			if !math.IsNaN(row[j]) {
				out[at] = c.there(g)
			}
		}
	}
	c.encodeValues(out, slices.Clone(row), seed, i, false)
}

// there returns the code which says that the cells of a group are not missing.
func (c *Codec) there(g int) float64 { return c.groups[g].Coder.encode(0, .5) }

// checkKnown returns an error when a cell is known that would not be coded.
func (c *Codec) checkKnown(row []float64) error {
	known := func(j int) bool { return !math.IsNaN(row[j]) }
	for _, step := range c.steps {
		for j, d := range step.derived() {
			for _, other := range d.of {
				if known(j) && !known(other) {
					return fmt.Errorf("column %q is known and %q is not, of which a rule codes it; state the rule as a Check: %w", c.fields[j].Name, c.fields[other].Name, ErrRule)
				}
			}
		}
		last := step.drops()
		if last < 0 || !known(last) {
			continue
		}
		for _, j := range step.reads() {
			if !known(j) {
				return fmt.Errorf("column %q is known and %q is not, of which a rule makes it; state the rule as a Check: %w", c.fields[last].Name, c.fields[j].Name, ErrRule)
			}
		}
	}
	return nil
}
