package twosample

import (
	"math"
	"slices"
)

// coded is a column with the numbers of its levels or bins, 0 for a missing
// cell.
type coded struct {
	cells              []float64
	category, infinite bool
	code               []int
	levels             int // the codes are below it
}

func newCoded(cells []float64, category bool) coded {
	return coded{
		cells: cells, category: category,
		infinite: slices.ContainsFunc(cells, func(v float64) bool { return math.IsInf(v, 0) }),
	}
}

// codes numbers the labels of one column in several samples, or cuts its numbers
// into bins of the range of the first sample.
func codes(of ...*coded) {
	var values []float64
	for _, c := range of {
		if c.infinite {
			return
		}
		if c.category || c == of[0] {
			values = append(values, present(c.cells)...)
		}
	}
	slices.Sort(values)
	if of[0].category {
		values = slices.Compact(values)
	} else if len(values) > 0 {
		least, most := values[0], values[len(values)-1]
		values = values[:0]
		for k := range 11 {
			values = append(values, 2*(least/2+(most/2-least/2)*float64(k)/10)) // no difference overflows
		}
		values[10] = most
	}
	for _, c := range of {
		c.levels = len(values) + 2
		c.code = make([]int, len(c.cells))
		for i, v := range c.cells {
			if v != v {
				continue
			}
			at, found := slices.BinarySearch(values, v)
			if found { // the last of equal edges
				for at < len(values) && values[at] == v {
					at++
				}
			}
			c.code[i] = at + 1
		}
	}
}

// present returns the cells that are not missing.
func present(cells []float64) []float64 {
	some := make([]float64, 0, len(cells))
	for _, v := range cells {
		if v == v {
			some = append(some, v)
		}
	}
	return some
}
