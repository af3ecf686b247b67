package table

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// Impute returns t with its missing cells drawn given those that are there. To impute
// several times, call it with several seeds.
//
// A row is drawn in stages. First come the columns that no row fitted lacked, then the
// others, those that are missing together at once, by rising share of missing cells in the
// rows fitted. In each stage what is there, and what earlier stages drew, is known; what
// later ones draw is left out, and so is whether it is missing. For that a cell is there
// says something: of boys whose voice is measured from the age of eight on, drawing it
// together with the height makes them old. That a cell of t is missing says nothing: cells
// are taken to be missing at random. Draw is called once for a stage of all rows that have
// something to draw in it, with other seeds each time.
//
// A level that no row fitted had stays and says nothing of the other cells. So does a
// number that a rule codes by one that is missing. Of a sum the last missing cell is what
// the others leave, of shares the missing ones have together what the others leave; rows
// that break a rule are drawn again, up to 19 times, and Left are those that still do, as
// when known cells break it. Columns that the codec has not stay as they are, and so do
// columns of which no row fitted had a cell.
//
// Errors are those of draw, ErrShape and ErrNonFinite as for Encode and Draw, ErrRange for
// a cell that is none of its Field, and ErrName when t has no column of the codec's.
func (c *Codec) Impute(t *Table, seed uint64, draw Sampler) (*Table, *Drawn, error) {
	filled, report, err := c.impute(t, seed, draw)
	if err != nil {
		return nil, nil, fmt.Errorf("table: Impute: %w", err)
	}
	return filled, report, nil
}

func (c *Codec) impute(t *Table, seed uint64, draw Sampler) (*Table, *Drawn, error) {
	cells, err := c.load(t, true, true)
	if err != nil {
		return nil, nil, err
	}
	if !slices.ContainsFunc(c.fields, func(f Field) bool { return t.Index(f.Name) >= 0 }) {
		all := &Table{Fields: c.fields}
		return nil, nil, fmt.Errorf("the table has the columns %s, want some of %s: %w", list(t.names()), list(all.names()), ErrName)
	}
	m := &imputation{run: &run{codec: c, draw: draw, seed: seed}, cells: cells, derived: c.derived()}
	m.setStages()
	m.findHoles(t)
	var rows []int
	for i := range cells.n {
		if slices.Contains(m.holes(i), true) {
			rows = append(rows, i)
		}
	}
	report, err := m.untilObeyed(cells, rows, m.fill)
	if err != nil {
		return nil, nil, err
	}
	return m.table(t), report, nil
}

// imputation fills the holes of cells.
type imputation struct {
	*run
	cells   *rowCells
	hole    []bool // of each of cells
	stage   []int  // of each field
	groups  []int  // the stage of each group; the others are in stage 0
	derived []*derivedField
}

func (m *imputation) holes(i int) []bool { return m.hole[i*m.cells.d : (i+1)*m.cells.d] }

// setStages orders the groups by their shares of missing cells.
func (m *imputation) setStages() {
	c := m.codec
	by := indices(len(c.groups))
	slices.SortStableFunc(by, func(a, b int) int {
		return cmp.Compare(c.groups[a].share(), c.groups[b].share())
	})
	m.stage, m.groups = make([]int, len(c.fields)), make([]int, len(c.groups))
	for s, g := range by {
		m.groups[g] = s + 1
		for _, j := range c.groups[g].Fields {
			m.stage[j] = s + 1
		}
	}
}

// findHoles marks the cells that t lacks and the codec can fill.
func (m *imputation) findHoles(t *Table) {
	c := m.codec
	made := c.makes()
	m.hole = make([]bool, len(m.cells.data))
	for j, f := range c.fields {
		if from := t.Index(f.Name); made[j] && from >= 0 && t.Columns[from] != nil {
			for i, v := range t.Columns[from] {
				m.holes(i)[j] = math.IsNaN(v)
			}
		}
	}
}

// fill draws the holes of rows, stage by stage.
func (m *imputation) fill(rows []int) error {
	c := m.codec
	for _, i := range rows {
		row, holes := m.cells.row(i), m.holes(i)
		for j, hole := range holes {
			if hole {
				row[j] = noCell
			}
		}
		for _, step := range c.steps {
			step.settle(row, holes, true)
		}
	}
	for s := range len(c.groups) + 1 {
		var some []int
		for _, i := range rows {
			if m.wants(i, s) {
				some = append(some, i)
			}
		}
		if len(some) == 0 {
			continue
		}
		observed := mat.NewDense(len(some), c.dim, nil)
		for k, i := range some {
			m.observe(observed.RawRowView(k), i, s)
		}
		err := m.rows(len(some), observed, func(k int, cells []float64) {
			row, holes := m.cells.row(some[k]), m.holes(some[k])
			for j, v := range cells {
				if holes[j] && m.stage[j] == s && math.IsNaN(row[j]) {
					row[j] = v
				}
			}
			if s == 0 {
				for _, step := range c.steps {
					step.settle(row, holes, false)
				}
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// wants reports whether row i has a hole in a stage.
func (m *imputation) wants(i, s int) bool {
	for j, v := range m.cells.row(i) {
		if m.holes(i)[j] && m.stage[j] == s && math.IsNaN(v) {
			return true
		}
	}
	return false
}

// observe says what is known of row i in a stage, and what is left out.
func (m *imputation) observe(out []float64, i, s int) {
	c := m.codec
	row, holes := m.cells.row(i), m.holes(i)
	c.observe(out, row, m.seed, i)
	for k := range c.columns {
		p := &c.columns[k]
		drawn := m.stage[p.Field] == s && (holes[p.Field] || m.derived[p.Field] != nil)
		for at := p.at; at < p.at+p.width(); at++ {
			if math.IsNaN(out[at]) && !drawn {
				out[at] = math.Inf(1)
			}
		}
	}
	for g := range c.groups {
		at := c.dim - len(c.groups) + g
		switch {
		case m.groups[g] == s:
			out[at] = c.there(g)
		case math.IsNaN(out[at]):
			out[at] = math.Inf(1)
		}
	}
}

// table returns t with its holes filled.
func (m *imputation) table(t *Table) *Table {
	filled := &Table{Fields: slices.Clone(t.Fields), Columns: slices.Clone(t.Columns)}
	for j, f := range m.codec.fields {
		at := t.Index(f.Name)
		if at < 0 || f.Kind == Identifier {
			continue
		}
		to, column := &filled.Fields[at], slices.Clone(t.Columns[at])
		for i := range column {
			if v := m.cells.row(i)[j]; m.holes(i)[j] {
				column[i] = to.adopt(f, v)
			}
		}
		filled.Columns[at] = column
	}
	return filled
}

// adopt returns the cell v of another field as one of f, which takes its level, or gives
// up its lattice, if need be.
func (f *Field) adopt(from Field, v float64) float64 {
	switch {
	case math.IsNaN(v):
	case f.Kind.Discrete():
		text := from.Levels[int(v)]
		k := slices.Index(f.Levels, text)
		if k < 0 {
			k = len(f.Levels)
			f.Levels = append(slices.Clip(f.Levels), text)
			if f.Kind != Ordered {
				f.Kind = Category
			}
		}
		return float64(k)
	case latticeOf(*f) > 0 && !onLattice(v, latticeOf(*f)):
		f.Step = 0
		if f.Kind == Whole {
			f.Kind = Number
		}
	}
	return v
}
