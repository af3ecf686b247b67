package ad

import "slices"

// inverse returns the table by which Gather is Scatter by t, which makes one row of
// each sample: t has every cell once. Otherwise it returns nil.
func (t *Table) inverse() *Table {
	if len(t.from) != t.cells {
		return nil
	}
	back := make([]int, t.cells)
	for at, cell := range t.from {
		if cell < 0 {
			return nil
		}
		back[cell] = at + 1
	}
	if slices.Contains(back, 0) {
		return nil
	}
	for i := range back {
		back[i]--
	}
	return NewTable([][]int{back}, t.cells, t.size)
}

// inRows returns the table with its one row cut into so many, nil if that cuts cells.
func (t *Table) inRows(rows int) *Table {
	if t.rows > 1 || t.cols%rows > 0 {
		return nil
	}
	from := make([][]int, rows)
	for at, cell := range t.from {
		i := at / (t.cols / rows)
		from[i] = append(from[i], int(cell))
	}
	return NewTable(from, t.cells, t.size)
}

// transposes reports whether the table makes of a sample's matrix, number by number,
// the transposed one.
func (t *Table) transposes() bool {
	if t.size > 1 || t.rows == 1 || t.cols == 1 || len(t.from) != t.cells {
		return false
	}
	for at, cell := range t.from {
		if int(cell) != at%t.cols*t.rows+at/t.cols {
			return false
		}
	}
	return true
}
