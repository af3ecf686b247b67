package inference

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// coordinates are the maps between parameters θ and the y that the score is learned in,
//
//	u = free(θ),   u = Center + Root w,   w = shift(x) + Root⁻¹ diag(s(x)) Root y,
//
// where free has no bounds, z is the observation, standardised and cut at ±cut, and y is what the
// trends of z leave, with covariance I: see place for the last step.
type coordinates struct {
	axes   []axis
	center []float64
	root   *mat.Dense // diag(deviations) times a symmetric matrix
	back   *mat.Dense // its inverse
	volume float64    // log det root

	sets         *sets
	low, high    []float64 // of the columns of x that were learned from, and of what the sets put beside
	shift, scale []float64 // of x
	tails        []*tails  // of x
	trends       []*trend
}

// cut is the largest standardised number that the regression sees: an observation far from
// all that was simulated shall not move the answer without bound.
const cut = 5

// newCoordinates measures the maps for the pairs of theta and x, which is what the sets make
// of it, and returns what is to be learned: the y of every pair, by the regression on all
// others. plain leaves the regression out.
func newCoordinates(low, high []float64, theta, x *mat.Dense, s *sets, plain bool) (c *coordinates, y *mat.Dense, err error) {
	n, d := theta.Dims()
	_, k := x.Dims()
	c = &coordinates{
		axes: make([]axis, d), center: make([]float64, d), low: make([]float64, k), high: make([]float64, k),
		sets: s, shift: make([]float64, k), scale: make([]float64, k), tails: make([]*tails, k), trends: make([]*trend, d),
	}
	for j := range c.axes {
		c.axes[j] = axis{low: low[j], high: high[j]}
	}
	measureAll(c.axes, theta)
	column := make([]float64, n)
	for j := range k {
		mat.Col(column, j, x)
		c.low[j], c.high[j] = floats.Min(column), floats.Max(column)
		c.tails[j], _ = tailsOf(column)
		c.shift[j], c.scale[j] = spread(c.tails[j].within(column))
	}
	y = mat.NewDense(n, d, nil)
	if err := c.free(y, theta); err != nil {
		return nil, nil, err
	}
	e := &explainer{few: d <= 3}
	if !plain {
		e.z, e.starts = c.standards(x), s.logDeviations(x)
		if n >= 4*k+20 {
			e.ridge = newRidge(e.z)
		}
	}
	for j := range c.axes {
		a, t := e.choose(c.axes[j], mat.Col(nil, j, y), mat.Col(nil, j, theta))
		of := t.trend // without the rows
		c.axes[j], c.trends[j], c.center[j] = a, &of, of.center
		y.SetCol(j, t.rest())
	}
	c.whiten(y)
	if !finite(c.volume) {
		return nil, nil, fmt.Errorf("theta: a spread of %v is too small or too large: %w", c.deviations(), ErrRange)
	}
	return c, y, nil
}

// deviations returns those of u.
func (c *coordinates) deviations() (all []float64) {
	for _, t := range c.trends {
		all = append(all, t.deviation)
	}
	return all
}

// spread returns mean and deviation of a column of any units, the deviation 1 of one that is
// constant but for rounding.
func spread(column []float64) (mean, deviation float64) {
	first := column[0] // against the rounding of large means
	sum, unit := 0.0, 0.0
	for _, v := range column {
		sum += (v - first) / float64(len(column))
		unit = max(unit, math.Abs(v-first))
	}
	if unit == 0 {
		return first, 1
	}
	mean = first + sum
	square := 0.0
	for _, v := range column {
		off := (v - mean) / unit // so that no square overflows, or is 0
		square += off * off / float64(len(column))
	}
	if deviation = unit * math.Sqrt(square); !(deviation > 4e-16*math.Abs(mean)) || math.IsInf(deviation, 1) {
		deviation = 1
	}
	return mean, deviation
}

// free writes the u of the rows of theta into dst.
func (c *coordinates) free(dst, theta *mat.Dense) error {
	n, _ := theta.Dims()
	for i := range n {
		to, from := dst.RawRowView(i), theta.RawRowView(i)
		for j, v := range from {
			switch {
			case !finite(v):
				return fmt.Errorf("theta: row %d, parameter %d: is %v, want a finite number: %w", i, j, v, ErrNonFinite)
			case !c.axes[j].holds(v):
				return fmt.Errorf("theta: row %d, parameter %d: is %v, outside the prior's bounds %v and %v: %w", i, j, v, c.axes[j].low, c.axes[j].high, ErrRange)
			}
			to[j] = c.axes[j].toFree(v)
		}
	}
	return nil
}

// standard writes z(x) into dst.
func (c *coordinates) standard(dst, x []float64) {
	for j, v := range x {
		dst[j] = max(-cut, min(cut, (v-c.shift[j])/c.scale[j]))
	}
}

// leastRest is the least deviation, in units of that of a parameter, that a regression can
// leave: a smaller one is that of a parameter that x gives away.
const leastRest = 1e-6

// leastEigenvalue bounds how much of a parameter others can explain.
const leastEigenvalue = 1e-8

// roots returns the symmetric root of a matrix and its inverse.
func roots(a *mat.SymDense) (root, back *mat.Dense) {
	d := a.SymmetricDim()
	var eigen mat.EigenSym
	if !eigen.Factorize(a, true) {
		eigen.Factorize(identity(d), true)
	}
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	power := func(p float64) *mat.Dense {
		values := eigen.Values(nil)
		for i, v := range values {
			values[i] = math.Pow(max(v, leastEigenvalue), p)
		}
		var r mat.Dense
		r.Mul(&vectors, mat.NewDiagDense(d, values))
		r.Mul(&r, vectors.T())
		return &r
	}
	return power(0.5), power(-0.5)
}

func identity(d int) *mat.SymDense {
	one := mat.NewSymDense(d, nil)
	for j := range d {
		one.SetSym(j, j, 1)
	}
	return one
}

// wide writes the w of the rows of theta into dst.
func (c *coordinates) wide(dst, theta *mat.Dense) error {
	n, d := theta.Dims()
	u := mat.NewDense(n, d, nil)
	if err := c.free(u, theta); err != nil {
		return err
	}
	for i := range n {
		floats.Sub(u.RawRowView(i), c.center)
	}
	dst.Mul(u, c.back.T())
	return nil
}

// fromWide writes the θ of the rows of w into dst.
func (c *coordinates) fromWide(dst, w *mat.Dense) {
	dst.Mul(w, c.root.T())
	n, _ := w.Dims()
	for i := range n {
		row := dst.RawRowView(i)
		for j, v := range row {
			row[j] = c.axes[j].fromFree(v + c.center[j])
		}
	}
}

// logSlopes returns log |dw/dθ| at θ, −Inf outside the bounds.
func (c *coordinates) logSlope(theta []float64) float64 {
	sum := -c.volume
	for j, v := range theta {
		if !c.axes[j].holds(v) {
			return math.Inf(-1)
		}
		log, _ := c.axes[j].logSlope(c.axes[j].toFree(v))
		sum += log
	}
	return sum
}
