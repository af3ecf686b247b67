package dataset

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/mat"
)

// Two moons: the scale of the arcs and the noise around them.
const (
	moonsScale = 1.5
	moonsNoise = 0.075
	moonsNodes = 200 // components an arc
)

// Moons is the two-moons law on the plane: with θ = πu, u uniform on [0, 1), a
// point of one of the arcs
//
//	(cos θ, sin θ)   and   (1 − cos θ, ½ − sin θ),
//
// chosen with equal probability, is shifted by −(½, ¼), scaled by 1.5 and
// blurred by N(0, 0.075² I). Its entropy is 1.099 nats.
//
// Rand is exact. The density, an integral of Gaussians over θ, is computed by
// Gauss–Legendre quadrature with 200 nodes an arc, which is a mixture of 400
// Gaussians. The nodes lie closer together than the noise is wide, so the rule
// has converged: against 1600 nodes an arc, log p and the score agree to 1e-12
// wherever data lie and to 1e-11 at 40 standard deviations. Much further out
// the integrand narrows and the relative errors grow: at |x| = 100 to 1e-6 in
// log p and 1e-4 in the score. Noise (Diffuse) only makes the rule better.
type Moons struct {
	rng     *rand.Rand
	density *Mixture
}

// NewMoons returns the two-moons law. The source may be nil when Rand is not
// used.
func NewMoons(src rand.Source) *Moons {
	m := &Moons{density: moonsMixture(moonsNodes)}
	if src != nil {
		m.rng = rand.New(src)
	}
	return m
}

// moonsMixture returns the quadrature of the density with n nodes an arc.
func moonsMixture(n int) *Mixture {
	u, w := make([]float64, n), make([]float64, n)
	quad.Legendre{}.FixedLocations(u, w, 0, 1)
	std := make([]float64, 2*n)
	means := mat.NewDense(2*n, 2, nil)
	for k := range 2 * n {
		x, y := moonsCurve(k < n, u[k%n])
		means.SetRow(k, []float64{x, y})
		std[k] = moonsNoise
	}
	return constant(NewIsotropicMixture(append(w, w...), means, std, nil))
}

// moonsCurve returns the point of the upper or lower arc at u in [0, 1].
func moonsCurve(upper bool, u float64) (x, y float64) {
	y, x = math.Sincos(math.Pi * u)
	if !upper {
		x, y = 1-x, 0.5-y
	}
	return moonsScale * (x - 0.5), moonsScale * (y - 0.25)
}

// Dim returns 2.
func (m *Moons) Dim() int { return 2 }

// Rand draws x. A nil x is allocated. It panics when m has no source.
func (m *Moons) Rand(x []float64) []float64 {
	x = planar(x, m.rng)
	upper := m.rng.Uint64()&1 == 0
	x[0], x[1] = moonsCurve(upper, m.rng.Float64())
	x[0] += moonsNoise * m.rng.NormFloat64()
	x[1] += moonsNoise * m.rng.NormFloat64()
	return x
}

// LogProb returns log p(x).
func (m *Moons) LogProb(x []float64) float64 { return m.density.LogProb(x) }

// ScoreInput returns ∇ₓ log p(x), in dst when it is not nil.
func (m *Moons) ScoreInput(dst, x []float64) []float64 { return m.density.ScoreInput(dst, x) }

// ScoreJacobian stores the Hessian of log p in dst, which must be 2×2 or empty.
func (m *Moons) ScoreJacobian(dst *mat.Dense, x []float64) { m.density.ScoreJacobian(dst, x) }

// Diffuse returns the law of αx₀ + σz.
func (m *Moons) Diffuse(alpha, sigma float64) Diffused { return m.density.Diffuse(alpha, sigma) }

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

var _ Diffusible = (*Moons)(nil)
