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
	learned := c.learned()
	unseen := make([][]string, rows.n)
	for j, f := range c.fields {
		at := t.Index(f.Name)
		if f.Kind == Identifier || at < 0 {
			continue
		}
		for i, cell := range t.Columns[at] {
			v := rows.row(i)[j]
			if !math.IsNaN(cell) && (math.IsNaN(v) || !learned[j] && v != c.fixed[j]) {
				unseen[i] = append(unseen[i], f.Name)
			}
		}
	}
	return unseen, nil
}

// learned reports of every field whether it is coded, or made of those that are.
func (c *Codec) learned() []bool {
	learned := make([]bool, len(c.fields))
	for _, p := range c.columns {
		learned[p.Field] = true
	}
	for _, step := range c.steps {
		if j := step.drops(); j >= 0 {
			learned[j] = true
		}
	}
	return learned
}
