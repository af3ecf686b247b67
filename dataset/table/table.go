package table

// Field describes a column.
type Field struct {
	Name string
	Kind Kind
	// Levels are the texts of the cells 0, 1, 2, … of a kind that is Discrete.
	Levels []string `json:",omitempty"`
	// Step is the lattice of Number, Whole and Time: all cells are whole multiples of
	// it, such as .01 for prices, 1 for Whole, 86400 for dates. 0 means that there is
	// none.
	Step float64 `json:",omitempty"`
	// Layout is how cells of kind Time are written, in the manner of time.Layout.
	Layout string `json:",omitempty"`
}

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
	for j, f := range t.Fields {
		if f.Name == name {
			return j
		}
	}
	return -1
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
