package dataset

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Moons is the two-moons distribution on the plane: with θ = πu, u uniform on
// [0, 1), a point of one of the arcs
//
//	(cos θ, sin θ)   and   (1 − cos θ, ½ − sin θ),
//
// chosen with equal probability, is shifted by −(½, ¼), scaled by 1.5 and
// blurred by N(0, 0.075² I). Its entropy is 1.1002 nats.
//
// NewScikitMoons has the form of another library.
//
// Rand is exact. The density, an integral of Gaussians over θ, is computed by
// Gauss–Legendre quadrature with 200 nodes an arc, which is a mixture of 400
// Gaussians. The nodes lie closer together than the noise is wide, so the rule
// has converged: against 1600 nodes an arc, log p and the score agree to 1e-12
// wherever data lie and to 1e-11 at 40 standard deviations. Much further out
// the integrand narrows and the relative errors grow: at |x| = 100 to 1e-6 in
// log p and 1e-4 in the score. With noise (Diffuse) fewer nodes are as good.
type Moons struct{ curve }

// NewMoons returns the two-moons distribution. The source may be nil when Rand
// is not used.
func NewMoons(src rand.Source) *Moons { return &Moons{newCurve(moonsArms(), src)} }

func moonsArms() *arms { return &arms{count: 2, nodes: 200, std: 0.075, at: moonsCurve} }

// arcs returns the point of the upper (0) or lower arc at u in [0, 1].
func arcs(k int, u float64) (x, y float64) {
	y, x = math.Sincos(math.Pi * u)
	if k == 1 {
		x, y = 1-x, 0.5-y
	}
	return x, y
}

// moonsCurve returns the shifted and scaled point.
func moonsCurve(k int, u float64) (x, y float64) {
	const scale = 1.5
	x, y = arcs(k, u)
	return scale * (x - 0.5), scale * (y - 0.25)
}

// NewScikitMoons returns the moons of scikit-learn's make_moons: points of the
// arcs as they stand above, neither shifted nor scaled, blurred by
// N(0, noise² I). The entropies for the noises 0.05, 0.1 and 0.2 are 0.2892,
// 1.0076 and 1.6775 nats. The source may be nil when Rand is not used. It panics unless
// 0.001 ≤ noise ≤ 1000.
func NewScikitMoons(noise float64, src rand.Source) *Moons {
	if !(noise >= 1e-3 && noise <= 1e3) {
		panic(fmt.Sprintf("dataset: NewScikitMoons: noise is %v, want 0.001 to 1000", noise))
	}
	return &Moons{newCurve(scikitArms(noise), src)}
}

// scikitArms has nodes as close together, in deviations, as moonsArms, or closer:
// wide noise looks at the bends of the arcs from afar.
func scikitArms(noise float64) *arms {
	return &arms{count: 2, nodes: max(100, int(math.Ceil(10/noise))), std: noise, at: arcs}
}

var _ Diffusible = (*Moons)(nil)
