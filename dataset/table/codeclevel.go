package table

import (
	"sort"
)

// levelCoder codes the level in place k as a number between Border[k] and
// Border[k+1].
type levelCoder struct {
	Seen   []int     // the level of each place
	Border []float64 // of places; their number and one

	place map[int]int
}

// fitLevels gives the levels of values places in this order. All intervals have the
// same width.
func fitLevels(values []float64, order []int) *levelCoder {
	c := &levelCoder{Seen: order}
	for k := range len(order) + 1 {
		c.Border = append(c.Border, float64(k))
	}
	c.index()
	mean, deviation := moments(values, c.cell)
	for k, b := range c.Border {
		c.Border[k] = (b - mean) / deviation
	}
	return c
}

func (c *levelCoder) index() {
	c.place = make(map[int]int, len(c.Seen))
	for k, level := range c.Seen {
		c.place[level] = k
	}
}

// cell returns the ends of the interval of a level.
func (c *levelCoder) cell(v float64) (lo, hi float64) {
	k := c.place[int(v)]
	return c.Border[k], c.Border[k+1]
}

func (c *levelCoder) encode(v, u float64) float64 {
	lo, hi := c.cell(v)
	return lo + u*(hi-lo)
}

func (c *levelCoder) decode(y float64) float64 {
	k := sort.SearchFloat64s(c.Border[1:len(c.Border)-1], y)
	return float64(c.Seen[k])
}

// valid reports whether the levels are different ones of n, and the intervals not
// empty.
func (c *levelCoder) valid(n int) bool {
	if len(c.Seen) == 0 || len(c.Border) != len(c.Seen)+1 || !ascend(c.Border) || !allDistinct(c.Seen, n) {
		return false
	}
	for k := range c.Seen {
		if c.Border[k] == c.Border[k+1] {
			return false
		}
	}
	return true
}

// allDistinct reports whether all of levels are on [0, n) and no two the same.
func allDistinct(levels []int, n int) bool {
	seen := make(map[int]bool, len(levels))
	for _, k := range levels {
		if k < 0 || k >= n || seen[k] {
			return false
		}
		seen[k] = true
	}
	return true
}

// oneHotCoder codes a level as 1 in a column of its own and 0 in those of the others.
type oneHotCoder struct{ Seen []int }

func fitOneHot(values []float64, levels int) *oneHotCoder {
	seen := make([]bool, levels)
	for _, v := range values {
		seen[int(v)] = true
	}
	c := &oneHotCoder{}
	for k, ok := range seen {
		if ok {
			c.Seen = append(c.Seen, k)
		}
	}
	return c
}

func (c *oneHotCoder) encode(dst []float64, v float64) {
	for k, level := range c.Seen {
		dst[k] = 0
		if level == int(v) {
			dst[k] = 1
		}
	}
}

// decode returns the level of the largest column.
func (c *oneHotCoder) decode(y []float64) float64 {
	best := 0
	for k, v := range y {
		if v > y[best] {
			best = k
		}
	}
	return float64(c.Seen[best])
}
