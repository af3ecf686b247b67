package dataset

import (
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
}

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
	var weights, std []float64
	means := mat.NewDense(a.count*n, 2, nil)
	for k := range a.count {
		weights = append(weights, w...)
		for i := range n {
			x, y := a.at(k, v[i])
			means.SetRow(k*n+i, []float64{x, y})
			std = append(std, a.std)
		}
	}
	return constant(NewIsotropicMixture(weights, means, std, nil))
}

// curve is the law of arms chosen with equal probability.
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

// Rand draws x. A nil x is allocated. It panics when the law has no source.
func (c *curve) Rand(x []float64) []float64 {
	x = planar(x, c.rng)
	k := int(c.rng.Uint64() % uint64(c.arms.count))
	v := c.rng.Float64()
	if c.arms.quantile != nil {
		v = c.arms.quantile(v)
	}
	x[0], x[1] = c.arms.at(k, v)
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

// Diffuse returns the law of αx₀ + σz.
func (c *curve) Diffuse(alpha, sigma float64) Diffused { return c.density.Diffuse(alpha, sigma) }

// planar returns x, or a new point of the plane when it is nil, ready to be
// drawn with rng.
func planar(x []float64, rng *rand.Rand) []float64 {
	if x == nil {
		x = make([]float64, 2)
	}
	if len(x) != 2 {
		panic(badDimension)
	}
	if rng == nil {
		panic(badSource)
	}
	return x
}
