package boost

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// node is a split, which sends x[column] ≤ value to the node left and larger ones
// to the next one after it, or a leaf, with column −1.
type node struct {
	value        float64
	column, left int32
	missing      int32 // 1 when NaN goes to the right
}

type tree []node

// at returns the value of the leaf of a row.
func (t tree) at(row []float64) float64 {
	nd := &t[0]
	for nd.column >= 0 {
		v, right := row[nd.column], int32(0)
		if v > nd.value {
			right = 1
		}
		if v != v {
			right = nd.missing
		}
		nd = &t[nd.left+right]
	}
	return nd.value
}

// ensemble is the sum of a constant and of trees, for each of its outputs.
type ensemble struct {
	columns int
	base    []float64
	trees   [][]tree // by step, then output
}

// chunk writes the outputs for the rows [lo, hi) of x, one row after the other.
func (e *ensemble) chunk(dst []float64, x *mat.Dense, lo, hi int) {
	k := len(e.base)
	for i := range hi - lo {
		copy(dst[i*k:], e.base)
	}
	for _, step := range e.trees {
		for o, t := range step {
			for i := lo; i < hi; i++ {
				dst[(i-lo)*k+o] += t.at(x.RawRowView(i))
			}
		}
	}
}

// scale multiplies the outputs by 2^exp.
func (e *ensemble) scale(exp int) {
	for k := range e.base {
		e.base[k] = math.Ldexp(e.base[k], exp)
	}
	for _, step := range e.trees {
		for _, t := range step {
			for i := range t {
				if t[i].column < 0 {
					t[i].value = math.Ldexp(t[i].value, exp)
				}
			}
		}
	}
}
