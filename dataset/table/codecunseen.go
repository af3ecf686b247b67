package table

import (
	"fmt"
	"math"
)

// Unseen returns, for every row of t, the columns whose cell is one that nothing could be
// learned of: a level that no row fitted had, another value where all of them had the
// same, or any where none had one. Observe leaves such cells out, so that a density says
// nothing of them. Errors are those of Observe.
func (c *Codec) Unseen(t *Table) ([][]string, error) {
	rows, err := c.load(t, true, true)
	if err != nil {
		return nil, fmt.Errorf("table: Unseen: %w", err)
	}
	made := c.makes()
	unseen := make([][]string, rows.n)
	for j, f := range c.fields {
		at := t.Index(f.Name)
		if f.Kind == Identifier || at < 0 {
			continue
		}
		for i, cell := range t.Columns[at] {
			v := rows.row(i)[j]
			if !math.IsNaN(cell) && (math.IsNaN(v) || !made[j] || !math.IsNaN(c.fixed[j]) && v != c.fixed[j]) {
				unseen[i] = append(unseen[i], f.Name)
			}
		}
	}
	return unseen, nil
}
