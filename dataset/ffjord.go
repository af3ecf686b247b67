package dataset

import (
	"math"
	"math/rand/v2"
)

// The toys of FFJORD, on which densities of flows are
// often compared, as their distributions: rows are independent, where the
// published code spaces some evenly. In each the source may be nil when Rand is
// not used.

// NewFFJORDCheckerboard returns the Checkerboard of twice the size. Its entropy
// is log 32 = 3.4657 nats.
func NewFFJORDCheckerboard(src rand.Source) *Affine { return NewAffine(NewCheckerboard(src), 2, nil) }

// NewFFJORDGaussians returns the eight Gaussians of standard deviation
// 0.5/1.414, equally weighted, at the angles 2πk/8 of the circle of radius
// 4/1.414. Their entropy is 2.8319 nats.
func NewFFJORDGaussians(src rand.Source) *Mixture { return ring(8, 4/1.414, 0.5/1.414, src) }

// NewFFJORDRings returns four concentric circles of the radii 3, 2¼, 1½ and ¾,
// equally likely, blurred by N(0, 0.08² I). Their entropy is 2.6232 nats.
func NewFFJORDRings(src rand.Source) Diffusible {
	return circles(600, 0.08, src, 3, 2.25, 1.5, 0.75)
}

// NewFFJORDCircles returns two concentric circles of the radii 3 and 1½, equally
// likely, blurred by N(0, 0.24² I). Their entropy is 3.2681 nats.
func NewFFJORDCircles(src rand.Source) Diffusible { return circles(200, 0.24, src, 3, 1.5) }

// circles has n nodes on each circle.
func circles(n int, std float64, src rand.Source, radii ...float64) Diffusible {
	c := newCurve(&arms{count: len(radii), nodes: n, std: std, at: func(k int, u float64) (x, y float64) {
		sin, cos := math.Sincos(2 * math.Pi * u)
		return radii[k] * cos, radii[k] * sin
	}}, src)
	return &c
}

// NewFFJORDMoons returns scikit-learn's moons with noise 0.1, scaled by 2 and
// shifted by −(1, 0.2). Their entropy is 2.3939 nats.
func NewFFJORDMoons(src rand.Source) *Affine {
	return NewAffine(NewScikitMoons(0.1, src), 2, []float64{-1, -0.2})
}

// NewFFJORDSwissRoll returns scikit-learn's swiss roll with noise 1 over 5, seen
// along its axis: the SwissRoll with 5 in the place of 7 and the noise
// N(0, 0.2² I). Its entropy is 2.6696 nats.
func NewFFJORDSwissRoll(src rand.Source) Diffusible {
	c := newCurve(&arms{count: 1, nodes: 200, std: 0.2, at: roll(5)}, src)
	return &c
}

// NewFFJORDSpirals returns two spirals: with θ = 3π√u, u uniform on [0, 1), and b
// uniform on the square [0, ½)², one of the points
//
//	±((−θ cos θ, θ sin θ) + b)/3,
//
// chosen with equal probability, blurred by N(0, 0.1² I). Their entropy is
// 2.6455 nats. The density is a mixture of 36,848 Gaussians, the square being
// integrated over by a Gauss–Legendre rule too: exact to 1e-9 where data lie,
// and slower than those of the other distributions.
func NewFFJORDSpirals(src rand.Source) Diffusible {
	c := newCurve(&arms{
		count: 2, nodes: 376, std: 0.1,
		density: func(v float64) float64 { return 2 * v }, quantile: math.Sqrt,
		at: spirals(3), side: func(k int) float64 { return [2]float64{0.5 / 3, -0.5 / 3}[k] },
	}, src)
	return &c
}

// NewFFJORDPinwheel returns the five arms of FFJORD: the point
// f = (u, v) ~ N((1, 0), diag(0.3², 0.1²)) turned by the angle −2πk/5 − ¼e^u and
// scaled by 2. The angle depends on u, not, as that of NewPinwheel, on |f|, so
// that areas change, by 1 − ¼e^u v, and points may have several origins: the
// density is the sum over all. From u = 3.4 on, which one point in 10¹⁵ exceeds,
// the angle stays the same. The entropy is 2.3178 nats.
func NewFFJORDPinwheel(src rand.Source) *Affine {
	p := NewPinwheel(0.25, src)
	p.rate, p.sheared = -p.rate, true
	return NewAffine(p, 2/pinwheelScale, nil)
}
