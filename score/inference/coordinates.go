package inference

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// coordinates are the maps between parameters θ and the y that the score is learned in,
//
//	u = free(θ),   u = Center + Root w,   w = y + Weights z(x),
//
// where free has no bounds, z is the observation, standardised and cut at ±cut, and y is
// what a linear regression of w on z leaves, with covariance I.
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
	weights      *mat.Dense
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
		sets: s, shift: make([]float64, k), scale: make([]float64, k), weights: mat.NewDense(d, k, nil), tails: make([]*tails, k),
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
	u := mat.NewDense(n, d, nil)
	if err := c.free(u, theta); err != nil {
		return nil, nil, err
	}
	deviation, rest := c.standardise(u), u
	if !plain {
		var explained []float64
		explained, rest = c.regress(u, x)
		if c.straighten(theta, x, explained) {
			if err := c.free(u, theta); err != nil {
				return nil, nil, err
			}
			deviation = c.standardise(u)
			c.weights.Zero()
			_, rest = c.regress(u, x)
		}
	}
	y = c.whiten(rest, deviation)
	if !finite(c.volume) {
		return nil, nil, fmt.Errorf("theta: a spread of %v is too small or too large: %w", deviation, ErrRange)
	}
	return c, y, nil
}

// standardise centres and scales the columns of u and returns their deviations.
func (c *coordinates) standardise(u *mat.Dense) (deviation []float64) {
	n, d := u.Dims()
	deviation = make([]float64, d)
	column := make([]float64, n)
	for j := range d {
		mat.Col(column, j, u)
		c.center[j], deviation[j] = spread(column)
		floats.AddConst(-c.center[j], column)
		floats.Scale(1/deviation[j], column)
		u.SetCol(j, column)
	}
	return deviation
}

// straighten makes those axes between two bounds straight of which a linear regression then
// leaves less than half of the variance, and reports whether there are any.
func (c *coordinates) straighten(theta, x *mat.Dense, explained []float64) (any bool) {
	n, d := theta.Dims()
	s := &coordinates{axes: make([]axis, d), center: make([]float64, d), shift: c.shift, scale: c.scale, weights: mat.NewDense(d, len(c.shift), nil)}
	for j, a := range c.axes {
		s.axes[j] = axis{low: a.low, high: a.high, straight: finite(a.low) && finite(a.high)}
	}
	measureAll(s.axes, theta)
	u := mat.NewDense(n, d, nil)
	if s.free(u, theta) != nil {
		return false
	}
	s.standardise(u)
	shares, _ := s.regress(u, x)
	for j, share := range shares {
		if s.axes[j].straight && 1-share < (1-explained[j])/2 {
			c.axes[j], any = s.axes[j], true
		}
	}
	return any
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

// shifts returns the regression of w for the rows of x.
func (c *coordinates) shifts(x *mat.Dense) *mat.Dense {
	n, k := x.Dims()
	z := mat.NewDense(n, k, nil)
	for i := range n {
		c.standard(z.RawRowView(i), x.RawRowView(i))
	}
	var m mat.Dense
	m.Mul(z, c.weights.T())
	return &m
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
