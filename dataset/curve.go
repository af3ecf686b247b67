package dataset

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/mat"
)

// arms are curves c_k(v) in the plane, v in [0, 1], blurred by N(0, std² I).
type arms struct {
	count, nodes int
	std          float64
	at           func(k int, v float64) (x, y float64)
	// density is the density of v and quantile its inverse distribution
	// function; nil for uniform v.
	density, quantile func(float64) float64
	// side is the side of the square, from the point of the curve on along both
	// axes, over which arm k is spread before the blur; nil for none.
	side func(k int) float64
}

// sideNodes is the number of nodes along the side of a square.
const sideNodes = 7

// mixture returns the quadrature of the density by the Gauss–Legendre rule with
// n nodes an arm.
func (a *arms) mixture(n int) *Mixture {
	v, w := make([]float64, n), make([]float64, n)
	quad.Legendre{}.FixedLocations(v, w, 0, 1)
	if a.density != nil {
		for i := range w {
			w[i] *= a.density(v[i])
		}
	}
	square, side := []node{{}}, func(int) float64 { return 0 }
	if a.side != nil {
		square, side = unitSquare(sideNodes), a.side
	}
	var weights, std, means []float64
	for k := range a.count {
		for i := range n {
			x, y := a.at(k, v[i])
			for _, p := range square {
				weights = append(weights, w[i]*math.Exp(p.logW))
				means = append(means, x+side(k)*p.x, y+side(k)*p.y)
				std = append(std, a.std)
			}
		}
	}
	return constant(NewIsotropicMixture(weights, mat.NewDense(len(std), 2, means), std, nil))
}

// unitSquare returns the Gauss–Legendre rule with n×n nodes on [0, 1]².
func unitSquare(n int) (list []node) {
	v, w := make([]float64, n), make([]float64, n)
	quad.Legendre{}.FixedLocations(v, w, 0, 1)
	for i, x := range v {
		for j, y := range v {
			list = append(list, node{x, y, math.Log(w[i] * w[j])})
		}
	}
	return list
}

// curve is the distribution of arms chosen with equal probability.
type curve struct {
	rng     *rand.Rand
	arms    *arms
	density *Mixture
}

func newCurve(a *arms, src rand.Source) curve {
	c := curve{arms: a, density: a.mixture(a.nodes)}
	if src != nil {
		c.rng = rand.New(src)
	}
	return c
}

// Dim returns 2.
func (c *curve) Dim() int { return 2 }

// Rand draws x. A nil x is allocated. It panics when the distribution has no
// source.
func (c *curve) Rand(x []float64) []float64 {
	x = planar(x, c.rng)
	k := int(c.rng.Uint64() % uint64(c.arms.count))
	v := c.rng.Float64()
	if c.arms.quantile != nil {
		v = c.arms.quantile(v)
	}
	x[0], x[1] = c.arms.at(k, v)
	if c.arms.side != nil {
		side := c.arms.side(k)
		x[0] += side * c.rng.Float64()
		x[1] += side * c.rng.Float64()
	}
	x[0] += c.arms.std * c.rng.NormFloat64()
	x[1] += c.arms.std * c.rng.NormFloat64()
	return x
}

// LogProb returns log p(x).
func (c *curve) LogProb(x []float64) float64 { return c.density.LogProb(x) }

// ScoreInput returns ∇ₓ log p(x), in dst when it is not nil.
func (c *curve) ScoreInput(dst, x []float64) []float64 { return c.density.ScoreInput(dst, x) }

// ScoreJacobian stores the Hessian of log p in dst, which must be 2×2 or empty.
func (c *curve) ScoreJacobian(dst *mat.Dense, x []float64) { c.density.ScoreJacobian(dst, x) }

// Diffuse returns the distribution of αx₀ + σz. The wider the noise is, the
// fewer nodes the quadrature needs; the least keeps clear of 26, for which
// gonum's table of the Gauss–Legendre rule is wrong.
func (c *curve) Diffuse(alpha, sigma float64) Diffused {
	const least, spare = 40, 1.5
	n := least + spare*float64(c.arms.nodes)*c.arms.std/math.Hypot(c.arms.std, sigma/alpha)
	if n < float64(c.arms.nodes) {
		return c.arms.mixture(int(n)).Diffuse(alpha, sigma)
	}
	return c.density.Diffuse(alpha, sigma)
}

// planar returns x, or a new point of the plane when it is nil, ready to be
// drawn with rng.
func planar(x []float64, rng *rand.Rand) []float64 {
	x = room(x, "x", 2)
	if rng == nil {
		panic(badSource)
	}
	return x
}
