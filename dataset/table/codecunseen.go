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
	coded := rows
	if len(c.steps) > 0 { // of which Fixed are the values
		coded = rows.clone()
		for i := range rows.n {
			for k, step := range c.steps {
				step.forward(coded.row(i), c.jitter(0, i, len(c.fields)+len(c.groups)+k))
			}
		}
	}
	made := c.makes()
	unseen := make([][]string, rows.n)
	for j, f := range c.fields {
		at := t.Index(f.Name)
		if f.Kind == Identifier || at < 0 {
			continue
		}
		for i, cell := range t.Columns[at] {
			v, code := rows.row(i)[j], coded.row(i)[j]
			other := !math.IsNaN(code) && !math.IsNaN(c.fixed[j]) && code != c.fixed[j]
			if !math.IsNaN(cell) && (math.IsNaN(v) || !made[j] || other) {
				unseen[i] = append(unseen[i], f.Name)
			}
		}
	}
	return unseen, nil
}
