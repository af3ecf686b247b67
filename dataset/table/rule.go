package table

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Rule is what all rows of a table obey: Bounds, Order, Sum, Simplex or Check. A row in
// which one of its cells is missing obeys.
//
// Where the columns of an Order, Sum or Simplex have no missing cell in the rows fitted,
// and no earlier rule has changed them, a Codec codes them in coordinates in which every
// row obeys; and it keeps numbers within Bounds. What is left is found by
// Codec.Violations.
type Rule interface {
	fmt.Stringer
	// columns are the names of the columns of the rule, nil for all.
	columns() []string
	// check returns an error when the rule itself makes no sense.
	check() error
	// holds reports whether the cells of the columns, none missing, obey.
	holds(v []float64) bool
}

// Bounds keeps the numbers of a column on [Low, High]; an end may be infinite.
type Bounds struct {
	Column    string
	Low, High float64
}

// Order keeps every column no greater than the next: a ≤ b ≤ c.
type Order struct{ Columns []string }

// Sum keeps the sum of columns at the value of the column Total, or, when that is
// empty, at Constant.
type Sum struct {
	Columns  []string
	Total    string  `json:",omitempty"`
	Constant float64 `json:",omitempty"`
}

// Simplex keeps columns no less than 0 and their sum at Total; 0 is 1.
type Simplex struct {
	Columns []string
	Total   float64 `json:",omitempty"`
}

// Check is a rule of the user's: Holds is given the cells of a row in the order of the
// table's fields, of which some may be missing. Rows that break it are found, not
// prevented, and the text of a Codec does not have it.
type Check struct {
	Name  string
	Holds func(row []float64) bool
}

func (r Bounds) String() string {
	return fmt.Sprintf("%q within [%v, %v]", r.Column, r.Low, r.High)
}

func (r Bounds) columns() []string { return []string{r.Column} }

func (r Bounds) check() error {
	if !(r.Low < r.High) {
		return fmt.Errorf("Bounds: are [%v, %v], want the lower one first: %w", r.Low, r.High, ErrRange)
	}
	return nil
}

func (r Bounds) holds(v []float64) bool { return v[0] >= r.Low && v[0] <= r.High }

func (r Order) String() string {
	names := make([]string, len(r.Columns))
	for k, name := range r.Columns {
		names[k] = fmt.Sprintf("%q", name)
	}
	return strings.Join(names, " ≤ ")
}

func (r Order) columns() []string { return r.Columns }

func (r Order) check() error { return several("Order", r.Columns) }

func (r Order) holds(v []float64) bool { return slices.IsSorted(v) }

func (r Sum) String() string {
	if r.Total != "" {
		return fmt.Sprintf("the sum of %q is %q", r.Columns, r.Total)
	}
	return fmt.Sprintf("the sum of %q is %v", r.Columns, r.Constant)
}

func (r Sum) columns() []string {
	if r.Total != "" {
		return append(slices.Clone(r.Columns), r.Total)
	}
	return r.Columns
}

func (r Sum) check() error {
	if math.IsNaN(r.Constant) || math.IsInf(r.Constant, 0) || r.Total != "" && r.Constant != 0 {
		return fmt.Errorf("Sum: Constant: is %v, want a finite number, and 0 beside Total: %w", r.Constant, ErrRange)
	}
	return several("Sum", r.columns())
}

func (r Sum) holds(v []float64) bool {
	if r.Total != "" {
		return sums(v[:len(v)-1], v[len(v)-1])
	}
	return sums(v, r.Constant)
}

func (r Simplex) String() string { return fmt.Sprintf("%q are shares of %v", r.Columns, r.total()) }

func (r Simplex) columns() []string { return r.Columns }

func (r Simplex) check() error {
	if !(r.Total >= 0) || math.IsInf(r.Total, 0) {
		return fmt.Errorf("Simplex: Total: is %v, want a positive number, or 0 for 1: %w", r.Total, ErrRange)
	}
	return several("Simplex", r.Columns)
}

func (r Simplex) holds(v []float64) bool { return slices.Min(v) >= 0 && sums(v, r.total()) }

func (r Simplex) total() float64 {
	if r.Total == 0 {
		return 1
	}
	return r.Total
}

func (r Check) String() string { return r.Name }

func (r Check) columns() []string { return nil }

func (r Check) check() error {
	if r.Holds == nil {
		return fmt.Errorf("Check: %q: Holds is nil: %w", r.Name, ErrRange)
	}
	return nil
}

func (r Check) holds(v []float64) bool { return r.Holds(v) }

// several checks that columns are at least two, and different.
func several(rule string, columns []string) error {
	if len(columns) < 2 {
		return fmt.Errorf("%s: Columns: are %q, want at least two: %w", rule, columns, ErrRange)
	}
	for k, name := range columns {
		if slices.Contains(columns[:k], name) {
			return fmt.Errorf("%s: Columns: have %q twice: %w", rule, name, ErrRange)
		}
	}
	return nil
}

// sums reports whether numbers add up to a total, up to rounding.
func sums(v []float64, total float64) bool {
	size := math.Abs(total)
	var sum float64
	for _, x := range v {
		sum += x
		size += math.Abs(x)
	}
	return math.Abs(sum-total) <= 1e-9*size
}

// Violation is a rule and the rows that break it.
type Violation struct {
	Rule Rule
	Rows []int
}

// Violations returns the rows of t that break a rule of c, in order, and those of every
// rule. Draw and Impute draw such rows again. Errors are those of Encode.
func (c *Codec) Violations(t *Table) (rows []int, by []Violation, err error) {
	r, err := c.load(t, false, false)
	if err != nil {
		return nil, nil, fmt.Errorf("table: Violations: %w", err)
	}
	for _, rule := range c.rules {
		broken := r.breaking(rule, c.at(rule))
		by = append(by, Violation{Rule: rule, Rows: broken})
		rows = append(rows, broken...)
	}
	slices.Sort(rows)
	return slices.Compact(rows), by, nil
}

// at returns the indices of the columns of a rule, which exist.
func (c *Codec) at(r Rule) []int {
	var at []int
	for _, name := range r.columns() {
		at = append(at, (&Table{Fields: c.fields}).Index(name))
	}
	return at
}

// breaking returns the rows in which the columns of a rule break it.
func (r *rowCells) breaking(rule Rule, columns []int) []int {
	return r.broken(rule, columns, indices(r.n))
}

// broken returns those of some rows.
func (r *rowCells) broken(rule Rule, columns, rows []int) []int {
	var broken []int
	v := make([]float64, len(columns))
	for _, i := range rows {
		row := r.row(i)
		gone := false
		for k, j := range columns {
			v[k] = row[j]
			gone = gone || math.IsNaN(row[j])
		}
		if columns == nil {
			v = append(v[:0], row...)
		}
		if !gone && !rule.holds(v) {
			broken = append(broken, i)
		}
	}
	return broken
}
