package table

import (
	"fmt"
	"math"
	"slices"
)

var noCell = math.NaN()

// mostNumber leaves room for differences and sums of numbers.
const mostNumber = 1e300

// rowCells are rows of a table, one after the other, with a cell for every field.
type rowCells struct {
	n, d int
	data []float64
}

func (r *rowCells) row(i int) []float64 { return r.data[i*r.d : (i+1)*r.d] }

func (r *rowCells) clone() *rowCells { return &rowCells{n: r.n, d: r.d, data: slices.Clone(r.data)} }

// present returns the cells of a column that are there, sorted.
func (r *rowCells) present(j int) []float64 {
	var v []float64
	for i := range r.n {
		if x := r.data[i*r.d+j]; !math.IsNaN(x) {
			v = append(v, x)
		}
	}
	slices.Sort(v)
	return v
}

// load returns the rows of t in the columns of c, which are found by their names, and
// their levels by the texts. Columns that t lacks are an error unless partial, and
// missing then. Levels without a code and numbers off the lattice are errors unless
// lenient; such a level is missing then.
func (c *Codec) load(t *Table, partial, lenient bool) (*rowCells, error) {
	n, d := t.Len(), len(c.fields)
	r := &rowCells{n: n, d: d, data: make([]float64, n*d)}
	for j, f := range c.fields {
		if f.Kind == Infer {
			return nil, fmt.Errorf("column %q: Kind: is %v, want the kind of the cells: %w", f.Name, f.Kind, ErrKind)
		}
		from := t.Index(f.Name)
		if f.Kind == Identifier || from < 0 && partial {
			for i := range n {
				r.data[i*d+j] = noCell
			}
			continue
		}
		if from < 0 {
			return nil, fmt.Errorf("column %q: the table has none: %w", f.Name, ErrShape)
		}
		g, column := t.Fields[from], t.Columns[from]
		if len(column) != n {
			return nil, fmt.Errorf("column %q has %d cells, want the first one's %d: %w", f.Name, len(column), n, ErrShape)
		}
		if f.Kind.Discrete() != g.Kind.Discrete() {
			return nil, fmt.Errorf("column %q is %v, want %v: %w", f.Name, g.Kind, f.Kind, ErrRange)
		}
		var err error
		if f.Kind.Discrete() {
			err = c.loadLevels(r, j, g, column, lenient)
		} else {
			err = loadNumbers(r, j, f, column, lenient)
		}
		if err != nil {
			return nil, err
		}
	}
	return r, nil
}

func loadNumbers(r *rowCells, j int, f Field, column []float64, lenient bool) error {
	for i, v := range column {
		if math.IsInf(v, 0) {
			return fmt.Errorf("row %d, column %q: is %v: %w", i, f.Name, v, ErrNonFinite)
		}
		if last := f.limit(v); math.Abs(v) > math.Abs(last) {
			return fmt.Errorf("row %d, column %q: is %v, want no more than %v for kind %v: %w", i, f.Name, v, last, f.Kind, ErrRange)
		}
		step := latticeOf(f)
		if !lenient && step > 0 && !math.IsNaN(v) && !onLattice(v, step) {
			return fmt.Errorf("row %d, column %q: is %v, want a whole multiple of %v: %w", i, f.Name, v, step, ErrRange)
		}
		r.data[i*r.d+j] = v
	}
	return nil
}

func (c *Codec) loadLevels(r *rowCells, j int, from Field, column []float64, lenient bool) error {
	f := c.fields[j]
	index := make(map[string]int, len(f.Levels))
	for k, text := range f.Levels {
		if c.codes(j, k) {
			index[text] = k
		}
	}
	for i, v := range column {
		if math.IsNaN(v) {
			r.data[i*r.d+j] = noCell
			continue
		}
		if !(v >= 0 && v < float64(len(from.Levels)) && v == math.Trunc(v)) {
			return fmt.Errorf("row %d, column %q: is %v, want the index of one of %d levels: %w", i, f.Name, v, len(from.Levels), ErrRange)
		}
		text := from.Levels[int(v)]
		k, ok := index[text]
		if !ok && lenient {
			r.data[i*r.d+j] = noCell
			continue
		}
		if !ok {
			return fmt.Errorf("row %d, column %q: is %s, which no row fitted had: %w", i, f.Name, shown(text), ErrRange)
		}
		r.data[i*r.d+j] = float64(k)
	}
	return nil
}

// codes reports whether the level k of a field has a code: whether a row fitted had it. A
// codec that is being fitted has none yet, and takes all.
func (c *Codec) codes(j, k int) bool {
	for i := range c.columns {
		switch p := &c.columns[i]; {
		case p.Field != j:
		case p.Levels != nil:
			_, ok := p.Levels.place[k]
			return ok
		case p.OneHot != nil:
			return slices.Contains(p.OneHot.Seen, k)
		}
	}
	return c.fixed == nil || math.IsNaN(c.fixed[j]) || c.fixed[j] == float64(k)
}

// latticeOf returns the lattice of a column's cells, 0 when they have none.
func latticeOf(f Field) float64 {
	if f.Kind == Whole && f.Step == 0 {
		return 1
	}
	return f.Step
}
