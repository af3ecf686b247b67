package table

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// Table is a list of columns of the same number of cells.
type Table struct {
	Fields []Field
	// Columns has the cells of each of Fields, NaN where one is missing, and nil for
	// an Identifier.
	Columns [][]float64
}

// Len returns the number of rows.
func (t *Table) Len() int {
	for _, c := range t.Columns {
		if c != nil {
			return len(c)
		}
	}
	return 0
}

// Index returns the index of the column of this name, −1 when there is none.
func (t *Table) Index(name string) int {
	return slices.IndexFunc(t.Fields, func(f Field) bool { return f.Name == name })
}

// Text returns how the cell in row i of column j is written, "" when it is missing
// or of an Identifier.
func (t *Table) Text(i, j int) string {
	if t.Columns[j] == nil {
		return ""
	}
	return t.Fields[j].Text(t.Columns[j][i])
}

// Select returns the rows with these indices, in this order. The cells are copied.
func (t *Table) Select(rows []int) *Table {
	s := &Table{Fields: t.Fields, Columns: make([][]float64, len(t.Columns))}
	for j, c := range t.Columns {
		if c == nil {
			continue
		}
		s.Columns[j] = make([]float64, len(rows))
		for i, r := range rows {
			s.Columns[j][i] = c[r]
		}
	}
	return s
}

// Split returns n rows drawn at random without replacement, and the others, each in
// the order of t. It panics when t has not n rows.
func (t *Table) Split(n int, seed uint64) (drawn, rest *Table) {
	if n < 0 || n > t.Len() {
		panic(fmt.Sprintf("table: Split: n is %d, want 0 ≤ n ≤ %d, the number of rows", n, t.Len()))
	}
	rows := rand.New(rand.NewPCG(seed, 0)).Perm(t.Len())
	slices.Sort(rows[:n])
	slices.Sort(rows[n:])
	return t.Select(rows[:n]), t.Select(rows[n:])
}

// Keep returns the columns of these names, in this order. It shares the cells with
// t. It returns ErrName when there is no such column.
func (t *Table) Keep(names ...string) (*Table, error) {
	k := &Table{}
	for _, name := range names {
		j := t.Index(name)
		if j < 0 {
			return nil, t.noColumn("Keep", name)
		}
		k.Fields, k.Columns = append(k.Fields, t.Fields[j]), append(k.Columns, t.Columns[j])
	}
	return k, nil
}

// Drop returns the other columns. It shares the cells with t. It returns ErrName
// when there is no such column.
func (t *Table) Drop(names ...string) (*Table, error) {
	for _, name := range names {
		if t.Index(name) < 0 {
			return nil, t.noColumn("Drop", name)
		}
	}
	k := &Table{}
	for j, f := range t.Fields {
		if !slices.Contains(names, f.Name) {
			k.Fields, k.Columns = append(k.Fields, f), append(k.Columns, t.Columns[j])
		}
	}
	return k, nil
}

func (t *Table) noColumn(verb, name string) error {
	return fmt.Errorf("table: %s: the name is %s, want one of %s: %w", verb, shown(name), list(t.names()), ErrName)
}

func (t *Table) names() []string {
	names := make([]string, len(t.Fields))
	for j, f := range t.Fields {
		names[j] = f.Name
	}
	return names
}
