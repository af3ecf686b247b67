package table

import (
	"fmt"
	"math"
	"slices"
)

// ruleStep is a change of coordinates in which every row obeys a rule. It works on rows
// with a cell for every field.
type ruleStep interface {
	// forward puts the coordinates in the place of the columns; NaN where a cell that one
	// needs is missing.
	forward(row []float64, j jitter)
	// inverse undoes forward.
	inverse(row []float64)
	// derived are the columns whose place has a coordinate, and what it is.
	derived() map[int]derivedField
	// drops is the column that has none, −1 if each has.
	drops() int
	// settle makes the holes of a row, which were drawn, obey with the cells that are known;
	// alone is before they are, when one that follows from the known cells is set.
	settle(row []float64, holes []bool, alone bool)
	// reads are the columns whose values the coordinates are made of.
	reads() []int
}

// derivedField is a coordinate in the place of a column.
type derivedField struct {
	step   float64
	bounds interval
	// of are the other columns that it is made of.
	of []int
}

var line = interval{math.Inf(-1), math.Inf(1)}

// fitRules checks that rows obey c's rules, makes the steps of those that are kept by
// coordinates, and returns the bounds of the columns.
func (c *Codec) fitRules(rows *rowCells) ([]interval, error) {
	bounds := make([]interval, len(c.fields))
	for j := range bounds {
		bounds[j] = line
	}
	for k, r := range c.rules {
		if err := c.checkRule(r, rows); err != nil {
			return nil, fmt.Errorf("CodecSettings.Rules: %d: %w", k, err)
		}
	}
	changed := make([]bool, len(c.fields))
	for _, r := range c.rules {
		at := c.at(r)
		if slices.ContainsFunc(at, func(j int) bool { return changed[j] || rows.gone(j) }) {
			continue
		}
		step := c.newStep(r, at, rows)
		if step == nil {
			continue
		}
		c.steps = append(c.steps, step)
		for j := range step.derived() {
			changed[j] = true
		}
		if j := step.drops(); j >= 0 {
			changed[j] = true
		}
	}
	for _, r := range c.rules {
		if b, ok := r.(Bounds); ok {
			j := c.at(r)[0]
			bounds[j] = interval{max(bounds[j].low, b.Low), min(bounds[j].high, b.High)}
		}
	}
	for _, step := range c.steps {
		for j, d := range step.derived() {
			bounds[j] = d.bounds
		}
	}
	return bounds, nil
}

// checkRule checks a rule, that its columns are numbers, and that rows obey.
func (c *Codec) checkRule(r Rule, rows *rowCells) error {
	if r == nil {
		return fmt.Errorf("is nil: %w", ErrRange)
	}
	if err := r.check(); err != nil {
		return err
	}
	if err := c.checkColumns(r); err != nil {
		return err
	}
	if broken := rows.breaking(r, c.at(r)); len(broken) > 0 {
		return fmt.Errorf("%v: %d of %d rows break it, the first is row %d: %w", r, len(broken), rows.n, broken[0], ErrRule)
	}
	return nil
}

func (c *Codec) checkColumns(r Rule) error {
	for k, j := range c.at(r) {
		if j < 0 {
			return fmt.Errorf("%v: %q is no column: %w", r, r.columns()[k], ErrName)
		}
		if f := c.fields[j]; f.Kind.Discrete() || f.Kind == Identifier {
			return fmt.Errorf("%v: column %q is %v, want numbers: %w", r, f.Name, f.Kind, ErrRange)
		}
	}
	return nil
}

// gone reports whether a column has missing cells.
func (r *rowCells) gone(j int) bool {
	for i := range r.n {
		if math.IsNaN(r.row(i)[j]) {
			return true
		}
	}
	return false
}

// newStep returns the coordinates of a rule, nil when it has none.
func (c *Codec) newStep(r Rule, at []int, rows *rowCells) ruleStep {
	switch r := r.(type) {
	case Order:
		return newOrderStep(c.fields, at)
	case Sum:
		return newSumStep(r, c.fields, at)
	case Simplex:
		return newSimplexStep(r, c.fields, at, rows)
	}
	return nil
}

// derived returns the coordinates in the places of columns, by column.
func (c *Codec) derived() []*derivedField {
	d := make([]*derivedField, len(c.fields))
	for _, step := range c.steps {
		for j, f := range step.derived() {
			d[j] = &f
		}
	}
	return d
}

// orderStep codes every column but the first as its difference from the one before.
type orderStep struct {
	At    []int
	Steps []float64 // the lattices of the columns
}

func newOrderStep(fields []Field, at []int) *orderStep {
	s := &orderStep{At: at}
	for _, j := range at {
		s.Steps = append(s.Steps, latticeOf(fields[j]))
	}
	return s
}

func (s *orderStep) forward(row []float64, _ jitter) {
	for k := len(s.At) - 1; k > 0; k-- {
		row[s.At[k]] -= row[s.At[k-1]]
		if s.shared(k) > 0 {
			row[s.At[k]] = snap(row[s.At[k]], s.Steps[k])
		}
	}
}

func (s *orderStep) inverse(row []float64) {
	for k := 1; k < len(s.At); k++ {
		before := row[s.At[k-1]]
		v := before + row[s.At[k]]
		if step := s.Steps[k]; step > 0 {
			if v = snap(v, step); v < before {
				v = snap(v+step, step)
			}
		}
		row[s.At[k]] = v
	}
}

// shared returns the lattice of the k-th difference.
func (s *orderStep) shared(k int) float64 {
	if s.Steps[k] == s.Steps[k-1] {
		return s.Steps[k]
	}
	return 0
}

func (s *orderStep) derived() map[int]derivedField {
	d := map[int]derivedField{}
	for k := 1; k < len(s.At); k++ {
		d[s.At[k]] = derivedField{step: s.shared(k), bounds: interval{0, math.Inf(1)}, of: []int{s.At[k-1]}}
	}
	return d
}

func (s *orderStep) drops() int { return -1 }

func (s *orderStep) reads() []int { return s.At }

// settle takes back the rounding by which a drawn cell is beyond its neighbour. Rows in
// which more is wrong are to be drawn again.
func (s *orderStep) settle(row []float64, holes []bool, _ bool) {
	near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-12*max(math.Abs(a), math.Abs(b)) }
	last := len(s.At) - 1
	for k := 1; k <= last; k++ {
		if j, before := s.At[k], s.At[k-1]; holes[j] && row[j] < row[before] && near(row[j], row[before]) {
			row[j] = row[before]
		}
	}
	for k := last - 1; k >= 0; k-- {
		if j, after := s.At[k], s.At[k+1]; holes[j] && row[j] > row[after] && near(row[j], row[after]) {
			row[j] = row[after]
		}
	}
}

// sumStep leaves out the column Last: the total, or the last of columns with a constant
// sum.
type sumStep struct {
	Others   []int
	Last     int
	Steps    []float64 // the lattices of the others and the last
	Total    bool
	Constant float64
}

func newSumStep(r Sum, fields []Field, at []int) *sumStep {
	last := at[len(at)-1]
	s := &sumStep{Others: at[:len(at)-1], Last: last, Total: r.Total != "", Constant: r.Constant}
	for _, j := range at {
		s.Steps = append(s.Steps, latticeOf(fields[j]))
	}
	return s
}

func (s *sumStep) forward(row []float64, _ jitter) { row[s.Last] = noCell }

func (s *sumStep) inverse(row []float64) {
	var sum float64
	for _, j := range s.Others {
		sum += row[j]
	}
	if !s.Total {
		sum = s.Constant - sum
	}
	row[s.Last] = snap(sum, s.Steps[len(s.Others)])
}

func (s *sumStep) derived() map[int]derivedField { return nil }

func (s *sumStep) drops() int { return s.Last }

func (s *sumStep) reads() []int { return append(slices.Clone(s.Others), s.Last) }

func (s *sumStep) settle(row []float64, holes []bool, alone bool) {
	last, step := -1, 0.
	sum := -s.Constant
	for k, j := range s.reads() {
		if holes[j] {
			if last >= 0 && alone {
				return
			}
			last, step = j, s.Steps[k]
		}
	}
	if last < 0 {
		return
	}
	for _, j := range s.reads() {
		switch {
		case j == last:
		case j == s.Last && s.Total:
			sum -= row[j]
		default:
			sum += row[j]
		}
	}
	if math.IsNaN(sum) {
		return
	}
	if last != s.Last || !s.Total {
		sum = -sum
	}
	row[last] = snap(sum, step)
}
