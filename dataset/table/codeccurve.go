package table

import (
	"math"
	"sort"
)

// curve is a function on the line that never falls: linear between its knots, and
// beyond them as steep as Before and After say. Where several knots have the same X it
// jumps, where they have the same Y it is flat.
type curve struct {
	X, Y          []float64
	Before, After float64
}

// at returns y(x), and in a jump the middle of it.
func (c *curve) at(x float64) float64 { return interpolate(c.X, c.Y, x, c.Before, c.After) }

// inverse returns x(y), and where the curve is flat the middle of it.
func (c *curve) inverse(y float64) float64 {
	return interpolate(c.Y, c.X, y, reciprocal(c.Before), reciprocal(c.After))
}

func reciprocal(x float64) float64 {
	if x == 0 {
		return 0
	}
	return 1 / x
}

func interpolate(x, y []float64, at, before, after float64) float64 {
	n := len(x)
	switch {
	case math.IsNaN(at): // as infinities times a slope of 0 are
		return at
	case at < x[0]:
		return y[0] + before*(at-x[0])
	case at > x[n-1]:
		return y[n-1] + after*(at-x[n-1])
	}
	k := sort.SearchFloat64s(x, at)
	if x[k] == at {
		m := k
		for m+1 < n && x[m+1] == at {
			m++
		}
		return y[k] + (y[m]-y[k])/2
	}
	return y[k-1] + (y[k]-y[k-1])*((at-x[k-1])/(x[k]-x[k-1]))
}

// valid reports whether the knots are finite and in order.
func (c *curve) valid() bool {
	return len(c.X) > 0 && len(c.X) == len(c.Y) && ascend(c.X) && ascend(c.Y) &&
		c.Before >= 0 && c.After >= 0 && !math.IsInf(c.Before, 0) && !math.IsInf(c.After, 0)
}

// ascend reports whether v is finite and never falls.
func ascend(v []float64) bool {
	for k, x := range v {
		if math.IsNaN(x) || math.IsInf(x, 0) || k > 0 && x < v[k-1] {
			return false
		}
	}
	return true
}
