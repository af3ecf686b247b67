package inference

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// ends are the finite bounds of an axis as parameters were found there. The formulas send a
// bound itself to infinity; it has the coordinate of the nearest parameter that is not there.
// Where there are parameters at it the formulas have the bound further out, by as much as the
// as many parameters next to it lie apart: those at the bound lie in the middle of that, and
// every draw from there is the bound. A number next to a bound that many parameters have, such as
// the ε of those that are clamped to max(ε, θ), stands for the bound.
type ends struct {
	low, high   float64 // coordinates of the bounds themselves
	under, over float64 // how much further out the formulas have them
	from, to    float64 // the bounds, or what stands for them
}

// formulas returns the bounds that the formulas are of.
func (a axis) formulas() (low, high float64) {
	if a.ends == nil {
		return a.low, a.high
	}
	return a.ends.from, a.ends.to
}

// measure sets the ends of an axis by the parameters that are learned from.
func (a *axis) measure(theta []float64) {
	a.ends = nil
	if math.IsInf(a.low, -1) && math.IsInf(a.high, 1) {
		return
	}
	var inside []float64 // others are refused later
	for _, v := range theta {
		if a.holds(v) {
			inside = append(inside, v)
		}
	}
	slices.Sort(inside)
	e := &ends{from: a.low, to: a.high}
	if v, is := clamped(inside); is && finite(a.low) {
		e.from = v
	}
	slices.Reverse(inside)
	if v, is := clamped(inside); is && finite(a.high) {
		e.to = v
	}
	var above, below []float64 // distances from the bounds of what lies within
	atLow, atHigh := 0, 0
	for _, v := range inside {
		switch {
		case v == e.from:
			atLow++
		case v == e.to:
			atHigh++
		default:
			above, below = append(above, v-e.from), append(below, e.to-v)
		}
	}
	slices.Sort(above)
	slices.Sort(below)
	a.ends = e
	e.under, e.over = a.room(atLow, above), a.room(atHigh, below)
	nearest := func(room float64, distances []float64) float64 {
		if room > 0 {
			return room / 2
		}
		return distances[0]
	}
	if finite(a.low) {
		v := nearest(e.under, above)
		e.low = a.formula(v, e.to-e.from+e.under+e.over-v)
	}
	if finite(a.high) {
		v := nearest(e.over, below)
		e.high = a.formula(e.to-e.from+e.under+e.over-v, v)
	}
}

// clamped reports whether the first of numbers in order is there so often that it is not a draw as
// others are: as five and a two-hundredth of them, when the next one is there once.
func clamped(sorted []float64) (v float64, is bool) {
	count := 0
	for count < len(sorted) && sorted[count] == sorted[0] {
		count++
	}
	if count < 5 || 200*count < len(sorted) || count+1 >= len(sorted) || sorted[count] == sorted[count+1] {
		return 0, false
	}
	return sorted[0], true
}

// reach returns the coordinates of the bounds, infinite where there is none.
func (a axis) reach() (low, high float64) {
	low, high = math.Inf(-1), math.Inf(1)
	if a.ends != nil && finite(a.low) {
		low = a.tails.in(a.ends.low)
	}
	if a.ends != nil && finite(a.high) {
		high = a.tails.in(a.ends.high)
	}
	return low, high
}

// room returns by how much a bound moves out for so many parameters at it, where others lie
// at these distances.
func (a axis) room(count int, distances []float64) float64 {
	n := len(distances)
	switch {
	case n > 0 && count > 0:
		return distances[min(count-1, n/2)]
	case n > 0:
		return 0
	case finite(a.high - a.low):
		return a.ends.to - a.ends.from
	}
	return 1
}

// measureAll sets the ends and tails of all axes by a table of parameters.
func measureAll(axes []axis, theta *mat.Dense) {
	for j := range axes {
		axes[j].measure(mat.Col(nil, j, theta))
		axes[j].measureTails(mat.Col(nil, j, theta))
	}
}

// atBounds tells of the parameters that lie exactly at a bound in some simulations.
func atBounds(axes []axis, theta *mat.Dense) (warnings []string) {
	n, _ := theta.Dims()
	for j, a := range axes {
		low, high := a.formulas()
		for _, bound := range []float64{low, high} {
			count := 0
			for i := range n {
				if theta.At(i, j) == bound {
					count++
				}
			}
			if count > 0 && a.ends != nil {
				at := fmt.Sprintf("exactly at its bound %v", bound)
				if bound != a.low && bound != a.high {
					at = fmt.Sprintf("exactly %v, next to its bound,", bound)
				}
				warnings = append(warnings, fmt.Sprintf("parameter %d: is %s in %d of %d simulations (%.2g %%): draws will be, too, and densities are those of what lies within", j, at, count, n, 100*float64(count)/float64(n)))
			}
		}
	}
	return warnings
}
