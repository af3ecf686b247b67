package table

import (
	"math"
	"sort"
)

// numberCoder codes a number v as
//
//	y = (w − Shift)/Scale,   w = spread(z),   z = bend((v − Center)/Unit)
//
// where the spread makes room for the atoms, values that many rows share: each becomes
// an interval on which it is put at random. Values on a lattice are first put at random
// within ± Step/2.
type numberCoder struct {
	Step      float64  `json:",omitempty"`
	Grid      float64  `json:",omitempty"` // the coarsest lattice that has all values fitted
	Low, High *float64 `json:",omitempty"` // bounds of what is decoded
	Coding    Coding   // Standard, Log, Quantile, Logit
	Center    float64
	Unit      float64
	// Bend is the curve of Quantile.
	Bend *curve `json:",omitempty"`
	// Lower and Upper are the ends of Logit in units: what bend sends to ∓∞.
	Lower, Upper float64 `json:",omitempty"`
	// Atoms are values, in order, and the knots 2k and 2k+1 of Spread the ends of the
	// interval of the k-th. Without atoms the spread is w = z.
	Atoms  []float64 `json:",omitempty"`
	Spread *curve    `json:",omitempty"`

	Shift, Scale float64
}

// encode returns the coded value of v, with u on (0, 1) saying where in its interval.
func (c *numberCoder) encode(v, u float64) float64 {
	if k, ok := c.atom(v); ok {
		a, b := c.Spread.Y[2*k], c.Spread.Y[2*k+1]
		return (a + u*(b-a) - c.Shift) / c.Scale
	}
	return c.coded(v, c.Step*(u-.5))
}

// coded returns the coded value of v + offset, of which v is exact.
func (c *numberCoder) coded(v, offset float64) float64 {
	z := c.bend(((v - c.Center) + offset) / c.Unit)
	if c.Spread != nil {
		z = c.Spread.at(z)
	}
	return (z - c.Shift) / c.Scale
}

// cell returns the ends of the interval of v.
func (c *numberCoder) cell(v float64) (lo, hi float64) {
	if k, ok := c.atom(v); ok {
		return (c.Spread.Y[2*k] - c.Shift) / c.Scale, (c.Spread.Y[2*k+1] - c.Shift) / c.Scale
	}
	return c.coded(v, -c.Step/2), c.coded(v, c.Step/2)
}

func (c *numberCoder) atom(v float64) (k int, ok bool) {
	k = sort.SearchFloat64s(c.Atoms, v)
	return k, k < len(c.Atoms) && c.Atoms[k] == v
}

// decode returns the value that is coded as y, on a lattice.
func (c *numberCoder) decode(y, step float64) float64 {
	z := y*c.Scale + c.Shift
	if c.Spread != nil {
		if k := sort.SearchFloat64s(c.Spread.Y, z); k%2 == 1 || k < len(c.Spread.Y) && c.Spread.Y[k] == z {
			return c.Atoms[k/2]
		}
		z = c.Spread.inverse(z)
	}
	return c.legal(c.unbend(z)*c.Unit+c.Center, step)
}

// legal returns the value on the lattice and within the bounds that is nearest to v.
func (c *numberCoder) legal(v, step float64) float64 {
	v = max(-math.MaxFloat64, min(v, math.MaxFloat64))
	if c.Low != nil {
		v = max(v, *c.Low)
	}
	if c.High != nil {
		v = min(v, *c.High)
	}
	s := snap(v, step)
	if c.Low != nil && s < *c.Low {
		s = snap(s+step, step)
	}
	if c.High != nil && s > *c.High {
		s = snap(s-step, step)
	}
	return s
}

func (c *numberCoder) bend(x float64) float64 {
	switch c.Coding {
	case Log:
		return math.Asinh(x)
	case Quantile:
		return c.Bend.at(x)
	case Logit:
		return c.logit(x)
	}
	return x
}

func (c *numberCoder) unbend(z float64) float64 {
	switch c.Coding {
	case Log:
		return math.Sinh(z)
	case Quantile:
		return c.Bend.inverse(z)
	case Logit:
		return c.logistic(z)
	}
	return z
}

// edge is the share of the range of a Logit at its ends where it is a straight line, so
// that values beyond have a code.
const edge = 1e-6

func (c *numberCoder) logit(x float64) float64 {
	p := (x - c.Lower) / (c.Upper - c.Lower)
	end := math.Log(edge / (1 - edge))
	switch slope := 1 / (edge * (1 - edge)); {
	case p < edge:
		return end + slope*(p-edge)
	case p > 1-edge:
		return -end + slope*(p-(1-edge))
	}
	return math.Log(p) - math.Log1p(-p)
}

func (c *numberCoder) logistic(z float64) float64 {
	end := math.Log(edge / (1 - edge))
	p := 1 / (1 + math.Exp(-z))
	switch slope := edge * (1 - edge); {
	case z < end:
		p = edge + slope*(z-end)
	case z > -end:
		p = 1 - edge + slope*(z+end)
	}
	return c.Lower + p*(c.Upper-c.Lower)
}

// standardise sets shift and scale to mean and deviation of the coded values.
func (c *numberCoder) standardise(values []float64) {
	c.Shift, c.Scale = 0, 1
	c.Shift, c.Scale = moments(values, c.cell)
}

// point is the cell of a number without one.
func point(v float64) (lo, hi float64) { return v, v }

// moments returns mean and deviation of values that jitter spreads over their cells.
func moments(values []float64, cell func(v float64) (lo, hi float64)) (mean, deviation float64) {
	var sum float64
	for _, v := range values {
		lo, hi := cell(v)
		sum += lo + (hi-lo)/2
	}
	n := float64(len(values))
	mean = sum / n
	sum = 0
	for _, v := range values {
		lo, hi := cell(v)
		d := lo + (hi-lo)/2 - mean
		sum += d*d + (hi-lo)*(hi-lo)/24
	}
	deviation = math.Sqrt(sum / n)
	if !(deviation > 0) || math.IsInf(deviation, 0) {
		deviation = 1
	}
	return mean, deviation
}
