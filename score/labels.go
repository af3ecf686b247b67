package score

import (
	"fmt"
	"strings"
)

// checkLabels reads the conditions of a finite set before the first step: all, of
// which held is a part, or nil. It returns an error for the first that is none, and
// a line for every column with classes that have no row to train on: the network
// learns nothing of these.
func (c *conditions) checkLabels(all rows, held Data) (missing []string, err error) {
	if c == nil || len(c.Classes) == 0 {
		return nil, nil
	}
	counts := make([][]int, len(c.Classes))
	for j, k := range c.Classes {
		counts[j] = make([]int, k)
	}
	if err := c.tally(counts, all, 1); err != nil {
		return nil, err
	}
	if held, ok := held.(inOrder); ok {
		if err := c.tally(counts, held.rows, -1); err != nil {
			return nil, err
		}
	}
	for j, count := range counts {
		var none []int
		for class, n := range count {
			if n == 0 {
				none = append(none, class)
			}
		}
		if len(none) > 0 {
			missing = append(missing, fmt.Sprintf("condition column %d: %d of %d classes have no row to train on: %s", c.Columns+j, len(none), len(count), list(none)))
		}
	}
	return missing, nil
}

// tally adds by to the count of each class of each label of the rows.
func (c *conditions) tally(counts [][]int, r rows, by int) error {
	d, k := r.Dims()
	x, cond := make([]float64, d), make([]float64, k)
	for i := range r.len() {
		if err := r.read(i, x, cond); err != nil {
			return err
		}
		if err := c.checkRow(r.place(i), cond); err != nil {
			return err
		}
		for j := range counts {
			counts[j][int(cond[c.Columns+j])] += by
		}
	}
	return nil
}

// list returns the first few of a list of numbers.
func list(all []int) string {
	const few = 5
	var b strings.Builder
	for i, v := range all {
		if i == few {
			fmt.Fprintf(&b, " and %d more", len(all)-few)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprint(&b, v)
	}
	return b.String()
}
