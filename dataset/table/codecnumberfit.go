package table

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// interval is what a rule bounds a column to; the ends may be infinite.
type interval struct{ low, high float64 }

const (
	// atomShare is the least share of rows of a value that is an atom, if it has
	// atomRows rows.
	atomShare = .02
	atomRows  = 5
	// atomWidth is the width of the interval of an atom of all rows, in deviations of the
	// others.
	atomWidth = 1
	// ties is the mean number of rows a value has in a column without a lattice whose
	// values are all atoms, at most mostAtoms.
	ties      = 5
	mostAtoms = 1024
	// heavy is how far the outer .5 % of a column may begin, in deviations measured by
	// the quartiles, until the column is heavy-tailed: 2.6 for a normal distribution, 5.7
	// for an exponential one, 11 for a log-normal one.
	heavy = 8
	// wild is how many of these deviations the standard deviation may be, which a few
	// values can make: 1 for a normal distribution, 1.2 for an exponential one, 2 for a
	// log-normal one.
	wild = 3
)

// fitNumber fits the coder of a column to its sorted values, at least two of which
// differ.
func fitNumber(values []float64, step float64, coding Coding, b interval) *numberCoder {
	c := &numberCoder{Step: step, Grid: gridOf(values, step), Coding: coding, Unit: 1, Scale: 1}
	if !math.IsInf(b.low, -1) {
		c.Low = &b.low
	}
	if !math.IsInf(b.high, 1) {
		c.High = &b.high
	}
	spikes := atomsOf(values, func(count int) bool {
		return count >= atomRows && float64(count) >= atomShare*float64(len(values))
	})
	rest := outside(values, spikes)
	if len(rest) < max(20, len(values)/20) {
		rest = values
	}
	c.choose(values, rest)
	c.fitSpread(values, rest, spikes)
	return c
}

// gridOf returns the largest multiple of step that all values are multiples of.
func gridOf(values []float64, step float64) float64 {
	if step == 0 {
		return 0
	}
	var common int64
	for _, v := range values {
		k := math.Abs(math.Round(v / step))
		if k > largestWhole {
			return step
		}
		for a := int64(k); a != 0; {
			common, a = a, common%a
		}
		if common == 1 {
			return step
		}
	}
	return float64(common) * step
}

// atom is a value and the number of rows that have it.
type atom struct {
	value float64
	count int
}

// atomsOf returns the distinct values whose number of rows is right.
func atomsOf(sorted []float64, right func(count int) bool) []atom {
	var atoms []atom
	for from := 0; from < len(sorted); {
		to := from + 1
		for to < len(sorted) && sorted[to] == sorted[from] {
			to++
		}
		if right(to - from) {
			atoms = append(atoms, atom{sorted[from], to - from})
		}
		from = to
	}
	return atoms
}

// outside returns the values that are none of the atoms'.
func outside(sorted []float64, atoms []atom) []float64 {
	var rest []float64
	for _, v := range sorted {
		if _, ok := slices.BinarySearchFunc(atoms, v, func(a atom, v float64) int {
			switch {
			case a.value < v:
				return -1
			case a.value > v:
				return 1
			}
			return 0
		}); !ok {
			rest = append(rest, v)
		}
	}
	return rest
}

// choose sets the coding and its parameters.
func (c *numberCoder) choose(values, rest []float64) {
	if c.Coding != Auto {
		c.set(c.Coding, values, rest)
		return
	}
	for _, coding := range []Coding{Standard, Log, Quantile} {
		c.set(coding, values, rest)
		z := c.bent(rest)
		middle, unit := quantile(z, .5), spreadOf(z, 0)
		if max(quantile(z, .995)-middle, middle-quantile(z, .005)) <= heavy*unit && stat.PopStdDev(z, nil) <= wild*unit {
			return
		}
	}
}

// bent returns values bent.
func (c *numberCoder) bent(values []float64) []float64 {
	z := make([]float64, len(values))
	for i, v := range values {
		z[i] = c.bend((v - c.Center) / c.Unit)
	}
	return z
}

// set sets the parameters of a coding.
func (c *numberCoder) set(coding Coding, values, rest []float64) {
	c.Coding = coding
	lo, hi := values[0], values[len(values)-1]
	c.Center = quantile(rest, .5)
	if c.Step > 0 {
		c.Center = snap(c.Center, c.Step)
	}
	c.Unit = max(spreadOf(rest, c.Step), (hi-lo)*1e-100)
	switch coding {
	case Log:
		if c.Low != nil {
			lo = min(lo, *c.Low)
		}
		if lo >= 0 {
			c.Center = 0
			if c.Low != nil {
				c.Center = *c.Low
			}
			c.Unit = quantile(rest, .05) - c.Center
			if least := c.Step; !(c.Unit > least) {
				c.Unit = least
			}
			if !(c.Unit > 0) {
				c.Unit = (quantile(rest, .5) - c.Center) / 10
			}
			if !(c.Unit > 0) {
				c.Unit = hi - c.Center
			}
		}
	case Logit:
		if c.Low != nil {
			lo = min(lo, *c.Low)
		}
		if c.High != nil {
			hi = max(hi, *c.High)
		}
		room := max(c.Step/2, (hi-lo)/1000)
		c.Lower, c.Upper = (lo-c.Center-room)/c.Unit, (hi-c.Center+room)/c.Unit
	case Quantile:
		c.Bend = quantileCurve(rest, c)
	}
}

// quantileCurve is Φ⁻¹ of the distribution function of sorted values, in units.
func quantileCurve(sorted []float64, c *numberCoder) *curve {
	m := newMarginal(sorted, func(v float64) (lo, hi float64) {
		x := (v - c.Center)
		return (x - c.Step/2) / c.Unit, (x + c.Step/2) / c.Unit
	})
	b := &curve{}
	least := .5 / float64(len(sorted))
	for k, p := range m.P {
		z := distuv.UnitNormal.Quantile(max(least, min(p, 1-least)))
		if n := len(b.X); n > 0 && (z <= b.Y[n-1] || m.Y[k] <= b.X[n-1]) {
			continue
		}
		b.X, b.Y = append(b.X, m.Y[k]), append(b.Y, z)
	}
	if len(b.X) == 1 {
		b.Before, b.After = 1, 1
		return b
	}
	n := len(b.X)
	mean := (b.Y[n-1] - b.Y[0]) / (b.X[n-1] - b.X[0])
	b.Before = max(mean/100, (b.Y[1]-b.Y[0])/(b.X[1]-b.X[0]))
	b.After = max(mean/100, (b.Y[n-1]-b.Y[n-2])/(b.X[n-1]-b.X[n-2]))
	return b
}

// spreadOf is a deviation that wild values do not make: from the quartiles, or from
// wider quantiles where these are the same.
func spreadOf(sorted []float64, step float64) float64 {
	for _, q := range []struct{ tail, deviations float64 }{{.25, 1.349}, {.05, 3.290}, {.005, 5.152}, {0, 6}} {
		if s := (quantile(sorted, 1-q.tail) - quantile(sorted, q.tail)) / q.deviations; s > 0 && !math.IsInf(s, 0) {
			return s
		}
	}
	if step > 0 {
		return step
	}
	return 1
}

// quantile interpolates between sorted values.
func quantile(sorted []float64, p float64) float64 {
	h := p * float64(len(sorted)-1)
	k := int(h)
	if k+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[k] + (sorted[k+1]-sorted[k])*(h-float64(k))
}

// fitSpread makes room for the atoms: those of a share of rows, and all values of a
// column without a lattice of few values.
func (c *numberCoder) fitSpread(values, rest []float64, spikes []atom) {
	atoms := spikes
	every := false
	if c.Step == 0 {
		all := atomsOf(values, func(int) bool { return true })
		if every = len(all) <= min(mostAtoms, len(values)/ties); every {
			atoms = all
		}
	}
	if len(atoms) == 0 {
		return
	}
	unit := spreadOf(c.bent(rest), 0)
	s := &curve{Before: 1, After: 1}
	for k, a := range atoms {
		lo, hi := c.bend((a.value-c.Center-c.Step/2)/c.Unit), c.bend((a.value-c.Center+c.Step/2)/c.Unit)
		width := hi - lo
		if every {
			width = c.room(atoms, k, unit)
		}
		if share := float64(a.count) / float64(len(values)); share >= atomShare {
			width = max(width, atomWidth*unit*share)
		}
		if !every && width <= hi-lo {
			continue // an atom of the lattice that is no denser than the others
		}
		at := lo
		if n := len(s.X); n > 0 {
			lo = max(lo, s.X[n-1]) // the same but for rounding
			gap := lo - s.X[n-1]
			if every {
				gap = max(gap/64, gap-c.room(atoms, k-1, unit)/2-c.room(atoms, k, unit)/2)
			}
			at = s.Y[n-1] + gap
		}
		c.Atoms = append(c.Atoms, a.value)
		s.X, s.Y = append(s.X, lo, hi), append(s.Y, at, at+width)
	}
	if len(s.X) > 0 {
		c.Spread = s
	}
}

// room returns the width of the k-th of atoms that stand close: the way to the nearer
// neighbour, but no more than half a deviation.
func (c *numberCoder) room(atoms []atom, k int, unit float64) float64 {
	at := func(k int) float64 { return c.bend((atoms[k].value - c.Center) / c.Unit) }
	width := unit / 2
	if k > 0 {
		width = min(width, at(k)-at(k-1))
	}
	if k+1 < len(atoms) {
		width = min(width, at(k+1)-at(k))
	}
	return width
}
