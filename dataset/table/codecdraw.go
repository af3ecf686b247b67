package table

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// Sampler draws n coded rows, as by a run of a sampler with a seed: n×Dim. Row i is drawn
// given row i of observed, where a number is known, NaN is to be drawn and +Inf is left
// out, integrated over; what is returned there does not matter. Observed is nil when
// nothing is known of any row.
type Sampler func(n int, observed *mat.Dense, seed uint64) (*mat.Dense, error)

// Drawn says how rows obeyed the rules.
type Drawn struct {
	Rows int // that had something to be drawn
	// Broken are the rows that broke a rule at first, in order, and By the same for each.
	Broken []int
	By     []Violation
	// Left are the rows that still break one.
	Left []int
}

// rounds is how often rows that break a rule are drawn, with the first time.
const rounds = 20

// Draw returns n rows drawn by a function of the caller's. Given is nil, or has n rows of
// some of the columns: its cells come out as they are; those that are missing, and the
// columns that it lacks, are drawn, with whether they are missing. Rows that break a rule
// are drawn again, up to 19 times. The function is called with other seeds each time,
// which are functions of seed, and with the rows only of which a cell is to be drawn.
//
// Errors are those of draw, ErrShape for other numbers of rows, ErrName for a column that
// the codec has not, ErrRange for a level that no row fitted had, ErrRule when a rule codes
// what is given by what is not, and ErrNonFinite when draw returns no number for a cell
// that it was to draw.
func (c *Codec) Draw(n int, given *Table, seed uint64, draw Sampler) (*Table, *Drawn, error) {
	out, report, err := c.draw(n, given, seed, draw)
	if err != nil {
		return nil, nil, fmt.Errorf("table: Draw: %w", err)
	}
	t := &Table{Fields: c.Fields(), Columns: make([][]float64, len(c.fields))}
	for j, f := range c.fields {
		if f.Kind != Identifier {
			t.Columns[j] = mat.Col(nil, j, mat.NewDense(n, len(c.fields), out.data))
		}
	}
	return t, report, nil
}

func (c *Codec) draw(n int, given *Table, seed uint64, draw Sampler) (*rowCells, *Drawn, error) {
	if n < 1 {
		return nil, nil, fmt.Errorf("n is %d, want at least 1: %w", n, ErrShape)
	}
	known := c.noCells(n)
	if given != nil {
		if given.Len() != n {
			return nil, nil, fmt.Errorf("given has %d rows, want %d: %w", given.Len(), n, ErrShape)
		}
		all := &Table{Fields: c.fields}
		for _, f := range given.Fields {
			if all.Index(f.Name) < 0 {
				return nil, nil, fmt.Errorf("given has a column %s, want some of %s: %w", shown(f.Name), list(all.names()), ErrName)
			}
		}
		var err error
		if known, err = c.load(given, true, false); err != nil {
			return nil, nil, err
		}
		for i := range n {
			if err := c.checkKnown(known.row(i)); err != nil {
				return nil, nil, fmt.Errorf("row %d: %w", i, err)
			}
		}
	}
	out := known.clone()
	wanting := c.wanting(known)
	drawn := make([]bool, len(c.fields))
	r := &run{codec: c, draw: draw, seed: seed}
	report, err := r.untilObeyed(out, indices(n), func(rows []int) error {
		rows = slices.DeleteFunc(slices.Clone(rows), func(i int) bool { return !wanting[i] })
		if len(rows) == 0 {
			return nil
		}
		var observed *mat.Dense
		if given != nil {
			observed = mat.NewDense(len(rows), c.dim, nil)
			for k, i := range rows {
				c.observe(observed.RawRowView(k), known.row(i), seed, i)
			}
		}
		return r.rows(len(rows), observed, func(k int, cells []float64) {
			row := out.row(rows[k])
			for j, v := range known.row(rows[k]) {
				drawn[j] = math.IsNaN(v)
				if drawn[j] {
					v = cells[j]
				}
				row[j] = v
			}
			if given != nil {
				for _, step := range c.steps {
					step.settle(row, drawn, false)
				}
			}
		})
	})
	if err == nil {
		report.Rows = 0
		for _, wants := range wanting {
			if wants {
				report.Rows++
			}
		}
	}
	return out, report, err
}

// makes reports which columns of a table decoding makes. The others are left out, or no
// row fitted had a cell of them.
func (c *Codec) makes() []bool {
	made := make([]bool, len(c.fields))
	for j, v := range c.fixed {
		made[j] = !math.IsNaN(v)
	}
	for k := range c.columns {
		made[c.columns[k].Field] = true
	}
	for _, step := range c.steps {
		if j := step.drops(); j >= 0 {
			made[j] = true
		}
	}
	return made
}

// wanting reports which rows lack a cell that decoding makes.
func (c *Codec) wanting(rows *rowCells) []bool {
	made, wanting := c.makes(), make([]bool, rows.n)
	for i := range wanting {
		for j, v := range rows.row(i) {
			wanting[i] = wanting[i] || made[j] && math.IsNaN(v)
		}
	}
	return wanting
}

// noCells returns n rows in which all cells are missing.
func (c *Codec) noCells(n int) *rowCells {
	r := &rowCells{n: n, d: len(c.fields), data: make([]float64, n*len(c.fields))}
	for k := range r.data {
		r.data[k] = noCell
	}
	return r
}

func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// run calls a Sampler, each time with another seed.
type run struct {
	codec *Codec
	draw  Sampler
	seed  uint64
	calls uint64
}

// rows draws n rows and gives the cells of each to put.
func (r *run) rows(n int, observed *mat.Dense, put func(k int, cells []float64)) error {
	c := r.codec
	r.calls++
	x, err := r.draw(n, observed, mix(mix(r.seed)+r.calls))
	if err != nil {
		return err
	}
	if m, d := x.Dims(); m != n || d != c.dim {
		return fmt.Errorf("the sampler returned %d×%d numbers, want %d×%d: %w", m, d, n, c.dim, ErrShape)
	}
	var seen mat.Matrix // a nil *mat.Dense is no nil mat.Matrix
	if observed != nil {
		seen = observed
	}
	cells, y, known := make([]float64, len(c.fields)), make([]float64, c.dim), make([]bool, c.dim)
	for k := range n {
		for j := range c.dim {
			y[j], known[j] = codeAt(x, seen, k, j)
			if math.IsInf(y[j], 1) && seen != nil && math.IsInf(seen.At(k, j), 1) {
				continue
			}
			if math.IsNaN(y[j]) || math.IsInf(y[j], 0) {
				return fmt.Errorf("the sampler returned %v in row %d, column %d: %w", y[j], k, j, ErrNonFinite)
			}
		}
		c.decodeRow(cells, y, known)
		put(k, cells)
	}
	return nil
}

// untilObeyed calls draw, which draws some rows of out, for these and then for those that
// break a rule.
func (r *run) untilObeyed(out *rowCells, rows []int, draw func(rows []int) error) (*Drawn, error) {
	report := &Drawn{Rows: len(rows)}
	for round := range rounds {
		if len(rows) == 0 {
			break
		}
		if err := draw(rows); err != nil {
			return nil, err
		}
		var left []int
		for _, rule := range r.codec.rules {
			broken := out.broken(rule, r.codec.at(rule), rows)
			left = append(left, broken...)
			if round == 0 {
				report.By = append(report.By, Violation{Rule: rule, Rows: broken})
			}
		}
		slices.Sort(left)
		rows = slices.Compact(left)
		if round == 0 {
			report.Broken = rows
		}
	}
	report.Left = rows
	if len(rows) == 0 {
		report.Left = nil
	}
	return report, nil
}
