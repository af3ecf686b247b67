package inference

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// tails bring numbers far from all others nearer to them, one to one, so that a few rows have no
// say in the scale of a column: with z = (v − middle)/unit
//
//	z                                 for |z| ≤ reach
//	±(reach + log(1 + |z| − reach))   beyond
//
// nil tails change nothing, and are those of a column that has no number beyond reach.
type tails struct{ middle, unit float64 }

const (
	// reach is to how many units nothing changes. Of a normal column a unit is the deviation.
	reach = 10
	// apartness is how many times further out than all others what is called wild lies.
	apartness = 10
	// Wild are mostWild of the rows at most on either side, but mostCoded of one number, as a code
	// for a missing value is.
	mostWild, mostCoded = 0.05, 0.3
	// mostLogs is how many units beyond reach a number of x counts for at most.
	mostLogs = 20
)

// lone are the rows of a column, in order, whose numbers are so far from all others that they are
// rather mistakes, or codes, than measurements.
type lone struct{ rows []int }

// tailsOf returns the tails of the finite numbers of a column, and which of them are alone.
func tailsOf(column []float64) (*tails, lone) {
	sorted := slices.DeleteFunc(slices.Clone(column), func(v float64) bool { return !finite(v) })
	slices.Sort(sorted)
	middle, unit := middleOf(sorted, false)
	if !(unit > 0) {
		return nil, lone{}
	}
	first, last := 0, len(sorted)-1 // of the others
	first = alone(len(sorted), func(i int) float64 { return middle - sorted[i] }, unit)
	last -= alone(len(sorted), func(i int) float64 { return sorted[len(sorted)-1-i] - middle }, unit)
	var l lone
	for i, v := range column {
		if finite(v) && (v < sorted[first] || v > sorted[last]) {
			l.rows = append(l.rows, i)
		}
	}
	middle, unit = middleOf(sorted[first:last+1], true)
	t := &tails{middle, unit}
	if unit > 0 && (t.units(sorted[0]) < -reach || t.units(sorted[len(sorted)-1]) > reach) {
		return t, l
	}
	return nil, l
}

// middleOf returns the median of sorted numbers, and the deviation that normal ones with the same
// quartiles have, or with the same 5 % and 95 % when that is 0, or, for all, the larger one.
func middleOf(sorted []float64, all bool) (middle, unit float64) {
	n := len(sorted)
	if n == 0 {
		return 0, 0
	}
	for _, q := range []struct{ share, deviations float64 }{{0.25, 0.6745}, {0.05, 1.6449}} {
		if k := int(q.share * float64(n)); all || unit == 0 {
			unit = max(unit, (sorted[n-1-k]-sorted[k])/(2*q.deviations))
		}
	}
	return sorted[n/2], unit
}

// alone returns how many of n numbers, the furthest first, are alone by their distances.
func alone(n int, distance func(i int) float64, unit float64) (count int) {
	for k := 1; k < n && float64(k) <= mostCoded*float64(n); k++ {
		if float64(k) > mostWild*float64(n) && distance(k-1) != distance(0) {
			break
		}
		if distance(k-1) > apartness*max(distance(k), 3*unit) {
			count = k
		}
	}
	return count
}

// units returns z.
func (t *tails) units(v float64) float64 { return (v - t.middle) / t.unit }

// in returns where v is brought.
func (t *tails) in(v float64) float64 {
	if t == nil {
		return v
	}
	z := t.units(v)
	if !(math.Abs(z) > reach) {
		return v
	}
	logs := math.Log1p(math.Abs(z) - reach)
	if math.IsInf(logs, 1) {
		logs = math.Log(math.Abs(v-t.middle)) - math.Log(t.unit)
	}
	return t.middle + t.unit*math.Copysign(reach+logs, z)
}

// out is the inverse of in.
func (t *tails) out(v float64) float64 {
	if t == nil {
		return v
	}
	z := t.units(v)
	if !(math.Abs(z) > reach) {
		return v
	}
	v = t.middle + t.unit*math.Copysign(reach+math.Expm1(math.Abs(z)-reach), z)
	return max(-math.MaxFloat64, min(math.MaxFloat64, v))
}

// logSlope returns log dv/du at v = in(u), and the derivative of that by v.
func (t *tails) logSlope(v float64) (log, derivative float64) {
	if t == nil {
		return 0, 0
	}
	z := t.units(v)
	if !(math.Abs(z) > reach) {
		return 0, 0
	}
	return reach - math.Abs(z), -math.Copysign(1/t.unit, z)
}

// within returns the numbers of a column that are not beyond reach.
func (t *tails) within(column []float64) []float64 {
	if t == nil {
		return column
	}
	return slices.DeleteFunc(slices.Clone(column), func(v float64) bool { return math.Abs(t.units(v)) > reach })
}

// possible reports whether tails, which a file has, can be those of a column.
func (t *tails) possible() bool {
	return t == nil || finite(t.middle) && t.unit > 0 && finite(t.unit) && finite(1/t.unit)
}

// nearTails returns the rows of x with what is far from all others brought near.
func (c *coordinates) nearTails(x *mat.Dense) *mat.Dense {
	if !slices.ContainsFunc(c.tails, func(t *tails) bool { return t != nil }) {
		return x
	}
	var near mat.Dense
	near.Apply(func(_, j int, v float64) float64 {
		t := c.tails[j]
		if t == nil {
			return v
		}
		most := t.unit * (reach + mostLogs)
		return t.middle + max(-most, min(most, t.in(v)-t.middle))
	}, x)
	return &near
}

// wildTheta and wildX tell of the rows of a table that are alone in a column, those of parameters
// in coordinates without bounds.
func wildTheta(axes []axis, theta *mat.Dense) (warnings []string) {
	for j, a := range axes {
		column := mat.Col(nil, j, theta)
		u := make([]float64, len(column))
		for i, v := range column {
			u[i] = a.toOpen(v)
		}
		_, l := tailsOf(u)
		warnings = append(warnings, l.warnings(fmt.Sprintf("parameter %d", j), column)...)
	}
	return warnings
}

func wildX(x *mat.Dense) (warnings []string) {
	_, k := x.Dims()
	for j := range k {
		column := mat.Col(nil, j, x)
		_, l := tailsOf(column)
		warnings = append(warnings, l.warnings(fmt.Sprintf("column %d of x", j), column)...)
	}
	return warnings
}

// warnings tell of the rows of a column, name being what it is called.
func (l lone) warnings(name string, column []float64) []string {
	if len(l.rows) == 0 {
		return nil
	}
	first, same := column[l.rows[0]], 0
	low, high := math.Inf(1), math.Inf(-1) // of the others
	for i, rows := 0, l.rows; i < len(column); i++ {
		switch v := column[i]; {
		case len(rows) > 0 && rows[0] == i:
			rows = rows[1:]
			if v == first {
				same++
			}
		case finite(v):
			low, high = min(low, v), max(high, v)
		}
	}
	of := apartIn(first, low, high)
	text := fmt.Sprintf("row %d is %s, far from all others", l.rows[0], of[0])
	switch all := len(l.rows); {
	case all > 1 && same == all:
		text = fmt.Sprintf("%d rows are %s, the first of them row %d, far from all others", all, of[0], l.rows[0])
	case all > 1:
		text = fmt.Sprintf("%d rows, the first of them row %d, %s, are far from all others", all, l.rows[0], of[0])
	}
	return []string{fmt.Sprintf("%s: %s, which lie from %s to %s: take out what is a mistake or stands for a missing value", name, text, of[1], of[2])}
}

// measureTails sets the tails of an axis that has not both bounds by the parameters that are
// learned from.
func (a *axis) measureTails(theta []float64) {
	a.tails = nil
	if finite(a.low) && finite(a.high) {
		return
	}
	u := make([]float64, 0, len(theta))
	for _, v := range theta {
		if a.holds(v) { // others are refused later
			u = append(u, a.toOpen(v))
		}
	}
	a.tails, _ = tailsOf(u)
}

// toFree returns u for a θ within the bounds.
func (a axis) toFree(theta float64) float64 { return a.tails.in(a.toOpen(theta)) }

// fromFree returns the θ of u.
func (a axis) fromFree(u float64) float64 { return a.fromOpen(a.tails.out(u)) }

// logSlope returns log du/dθ at u and the derivative of that by u.
func (a axis) logSlope(u float64) (log, derivative float64) {
	log, derivative = a.openSlope(a.tails.out(u))
	tail, bend := a.tails.logSlope(u)
	return log + tail, derivative*math.Exp(-tail) + bend
}
