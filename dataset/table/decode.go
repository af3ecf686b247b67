package table

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Decode returns the table of coded rows x. It undoes Encode: exactly for levels, for
// values on a lattice of up to 10¹² places and for those that many rows share, up to
// rounding for other numbers. A value beyond what its Field allows, such as the year
// 10,000, is the last that it does.
//
// After Match it also corrects the marginals, which is right for rows that a model has
// drawn. Cells that are not the model's, those known of Observe, are given in observed,
// of x's shape: where it is finite, its value is read as it is, without the
// correction, and where it is +Inf, which is left out, the cell is missing. It may be
// nil, and x itself for rows that are all known.
//
// A value that is NaN or +Inf is a missing cell. −Inf, or a NaN in a column that says
// what is missing, is an error, ErrNonFinite; another number of columns than Dim
// panics.
func (c *Codec) Decode(x, observed mat.Matrix) (*Table, error) {
	n := c.checkDim("Decode", x)
	if observed != nil {
		if m := c.checkDim("Decode", observed); m != n {
			panic(fmt.Sprintf("table: Decode: %d rows, and %d observed ones", n, m))
		}
	}
	t := &Table{Fields: c.Fields(), Columns: make([][]float64, len(c.fields))}
	for j, f := range c.fields {
		if f.Kind != Identifier {
			t.Columns[j] = make([]float64, n)
		}
	}
	row := make([]float64, len(c.fields))
	y, known := make([]float64, c.dim), make([]bool, c.dim)
	for i := range n {
		for j := range c.dim {
			y[j], known[j] = codeAt(x, observed, i, j)
			if math.IsInf(y[j], -1) || j >= c.dim-len(c.groups) && math.IsNaN(y[j]) {
				return nil, fmt.Errorf("table: Decode: row %d, column %d is %v: %w", i, j, y[j], ErrNonFinite)
			}
		}
		c.decodeRow(row, y, known)
		for j, v := range row {
			if t.Columns[j] != nil {
				t.Columns[j][i] = v
			}
		}
	}
	return t, nil
}

// codeAt returns the code of a cell: what is observed, if known, or else that of x; +Inf
// where it is left out.
func codeAt(x, observed mat.Matrix, i, j int) (y float64, known bool) {
	if observed != nil {
		if o := observed.At(i, j); !math.IsNaN(o) {
			return o, !math.IsInf(o, 0)
		}
	}
	return x.At(i, j), false
}

func (c *Codec) decodeRow(row, y []float64, known []bool) {
	copy(row, c.fixed)
	shifts := c.shifts(y, known)
	for k := range c.columns {
		p := &c.columns[k]
		v := y[p.at]
		if math.IsNaN(v) || math.IsInf(v, 0) {
			row[p.Field] = noCell
			continue
		}
		matched := p.Model.fitted() && !known[p.at]
		v = c.moved(k, y, known, shifts)
		if matched && p.Data.Few {
			v = p.Data.seat(v)
		}
		switch {
		case p.Number != nil && matched:
			row[p.Field] = p.Number.decode(v, p.Number.Grid)
		case p.Number != nil:
			row[p.Field] = p.Number.decode(v, p.Number.Step)
		case p.Levels != nil:
			row[p.Field] = p.Levels.decode(v)
		default:
			row[p.Field] = p.OneHot.decode(y[p.at : p.at+p.width()])
		}
	}
	for k := len(c.steps) - 1; k >= 0; k-- {
		c.steps[k].inverse(row)
	}
	for j, f := range c.fields {
		row[j] = f.limit(row[j])
	}
	for k := range c.groups {
		g := &c.groups[k]
		at := c.dim - len(c.groups) + k
		v := y[at]
		if g.Model.fitted() && !known[at] {
			v = g.Data.quantile(g.Model.at(v))
		}
		if !math.IsInf(v, 1) && g.missing(v) {
			for _, j := range g.Fields {
				row[j] = noCell
			}
		}
	}
}

// limit returns the number nearest to v that a column of f may have.
func (f Field) limit(v float64) float64 {
	low, high := -mostNumber, mostNumber
	switch f.Kind {
	case Whole:
		low, high = -largestWhole, largestWhole
	case Time:
		low, high = firstSecond, lastSecond
	}
	if !(v < low || v > high) {
		return v
	}
	if step := latticeOf(f); f.Kind != Number && step > 0 {
		low, high = math.Ceil(low/step)*step, math.Floor(high/step)*step
	}
	return max(low, min(v, high))
}
