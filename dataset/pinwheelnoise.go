package dataset

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// The quadratures of the diffused pinwheel.
const (
	// Lattices are this fine relative to the narrowest deviation of the
	// integrand: the trapezoidal rule then errs by e^(−2π²/0.85²) ≈ 1e-12 on a
	// Gaussian.
	pinwheelStep = 0.85
	// Points of f further out than this many deviations are left out.
	pinwheelReach = 6
	// Below this σ/α the integral is taken around x only.
	pinwheelNarrow = 0.03
	// How far around, in units of σ/α.
	pinwheelWindow = 12
	// The radius up to which the shear of the twist is resolved to
	// pinwheelStep; 1 in 4,000 points lie beyond.
	pinwheelRadius = 2.05
)

// Diffuse returns the distribution of αx₀ + σz. Its density ∫ p(x₀) N(x; αx₀,
// σ²I) dx₀ is computed by the trapezoidal rule, which converges exponentially
// on such integrands. For σ/α ≥ 0.03 the rule is one over all of f, with nodes
// as close as σ and the local shear demand: a mixture of some 10³ to 10⁵
// Gaussians, built here. For less noise it is one over a disc of radius 12σ/α
// around x/α, in which p is smooth. Against rules of twice the fineness and
// wider reach, log p agrees to 1e-5 and the denoiser to 1e-5 of σ/α where noisy
// data lie (rate ≤ 0.5), to 1e-2 among points with three times the noise.
// Further out neither is exact, as f beyond six deviations is left out, or what
// lies outside the disc, but scores stay finite and point back. It panics
// unless σ > 0 and α ≥ 0.
func (p *Pinwheel) Diffuse(alpha, sigma float64) Diffused {
	wantKernel(alpha, sigma, sigma > 0 && alpha >= 0, "alpha ≥ 0, sigma > 0")
	d := &diffusedPinwheel{dist: p, alpha: alpha, sigma: sigma}
	if alpha*pinwheelNarrow <= sigma {
		d.nodes = p.nodes(sigma/alpha, pinwheelStep, pinwheelReach)
		return d
	}
	d.step = pinwheelStep * p.finest(sigma/alpha)
	d.radius = pinwheelWindow * sigma / alpha
	return d
}

// finest returns the smallest deviation of p(y) N(y; c, σ²I) for any c.
func (p *Pinwheel) finest(sigma float64) float64 {
	shear := pinwheelRadius * p.twist(pinwheelRadius)
	width := pinwheelScale * pinwheelTangent / math.Hypot(1, shear)
	return 1 / math.Hypot(1/width, 1/sigma)
}

// node is a point of a rule and the logarithm of its weight.
type node struct{ x, y, logW float64 }

// nodes returns a rule for E[g(x₀)], g as smooth as N(x₀; c, σ²I): a lattice in
// v and in w(u) = Au + B(u − 1)e^u, whose derivative is the precision that the
// shear of the twist, about rate·u·e^u, asks for. σ may be infinite.
func (p *Pinwheel) nodes(sigma, step, reach float64) []node {
	B := math.Abs(p.rate) * pinwheelScale / sigma
	A := math.Hypot(1/pinwheelRadial, pinwheelScale/sigma)
	w := func(u float64) float64 { return A*u + B*(u-1)*math.Exp(u) }
	slope := func(u float64) float64 { return A + B*u*math.Exp(u) } // > 0, as B ≤ A
	dv := step / math.Hypot(1/pinwheelTangent, pinwheelScale/sigma)

	low, high := 1-reach*pinwheelRadial, 1+reach*pinwheelRadial
	var list []node
	var mass float64
	u := low
	for at := w(low); ; at += step {
		for range 50 { // Newton's method for w(u) = at
			du := (at - w(u)) / slope(u)
			u += du
			if math.Abs(du) < 1e-12 {
				break
			}
		}
		if u > high {
			break
		}
		a := (u - 1) / pinwheelRadial
		side := pinwheelTangent * math.Sqrt(max(0, reach*reach-a*a))
		for j := -math.Floor(side / dv); j*dv <= side; j++ {
			b := j * dv / pinwheelTangent
			l := -(a*a+b*b)/2 - math.Log(slope(u))
			mass += math.Exp(l)
			for k := range pinwheelArms {
				x, y := p.place(k, u, j*dv)
				list = append(list, node{x, y, l})
			}
		}
	}
	mass = math.Log(pinwheelArms * mass)
	for i := range list {
		list[i].logW -= mass
	}
	return list
}

// diffusedPinwheel is the distribution of αx₀ + σz for x₀ of the pinwheel.
type diffusedPinwheel struct {
	dist         *Pinwheel
	alpha, sigma float64
	nodes        []node  // of the rule over the distribution, or
	step, radius float64 // of the lattice around x/α
}

// moments are those of x₀ − centre under weights given by their logarithms.
type moments struct {
	top, sum         float64 // Σ weights = sum·e^top
	x, y, xx, xy, yy float64 // weighted sums, in the same unit
}

// pinwheelCut is the logarithm of a weight, e⁻⁴², too small to reach the last
// bits of a sum that has one of 1.
const pinwheelCut = -42

// add takes a point into account.
func (m *moments) add(l, x, y float64) {
	w := 1.0
	if l <= m.top {
		w = math.Exp(l - m.top)
	} else {
		c := math.Exp(m.top - l)
		*m = moments{l, c * m.sum, c * m.x, c * m.y, c * m.xx, c * m.xy, c * m.yy}
	}
	m.sum += w
	m.x += w * x
	m.y += w * y
	m.xx += w * x * x
	m.xy += w * x * y
	m.yy += w * y * y
}

// posterior returns log p_t(x), the posterior mean of x₀, and its covariance
// times (α/σ)².
func (d *diffusedPinwheel) posterior(x []float64) (logp, mx, my, xx, xy, yy float64) {
	wantLen("x", x, 2)
	if hasNaN(x) { // no comparison below would let it through
		nan := math.NaN()
		return nan, nan, nan, nan, nan, nan
	}
	var m moments
	var cx, cy float64
	if d.nodes != nil {
		m = d.everywhere(x)
	} else {
		cx, cy = x[0]/d.alpha, x[1]/d.alpha
		m = d.around(cx, cy)
	}
	mx, my = m.x/m.sum, m.y/m.sum
	snr := d.alpha * d.alpha / (d.sigma * d.sigma)
	xx, xy, yy = snr*(m.xx/m.sum-mx*mx), snr*(m.xy/m.sum-mx*my), snr*(m.yy/m.sum-my*my)
	logp = m.top + math.Log(m.sum/(2*math.Pi*d.sigma*d.sigma))
	return logp, cx + mx, cy + my, xx, xy, yy
}

// everywhere applies the rule over the distribution.
func (d *diffusedPinwheel) everywhere(x []float64) moments {
	m := moments{top: math.Inf(-1)}
	scale, cx, cy := d.alpha/d.sigma, x[0]/d.sigma, x[1]/d.sigma
	for _, n := range d.nodes {
		a, b := scale*n.x-cx, scale*n.y-cy
		if l := n.logW - (a*a+b*b)/2; l >= m.top+pinwheelCut {
			m.add(l, n.x, n.y)
		}
	}
	return m
}

// around applies the lattice around a point.
func (d *diffusedPinwheel) around(cx, cy float64) moments {
	highest := math.Log(pinwheelArms * pinwheelPeak) // that log p can be
	area := 2 * math.Log(d.step)
	m := moments{top: area + d.dist.logProb(cx, cy), sum: 1}
	scale := d.alpha / d.sigma
	n := math.Floor(d.radius / d.step)
	for i := -n; i <= n; i++ {
		for j := -n; j <= n; j++ {
			dx, dy := i*d.step, j*d.step
			q := dx*dx + dy*dy
			l := area - scale*scale*q/2
			if q > d.radius*d.radius || q == 0 || l+highest < m.top+pinwheelCut {
				continue
			}
			m.add(l+d.dist.logProb(cx+dx, cy+dy), dx, dy)
		}
	}
	return m
}

// LogProb implements Diffused.
func (d *diffusedPinwheel) LogProb(x []float64) float64 {
	logp, _, _, _, _, _ := d.posterior(x)
	return logp
}

// ScoreInput implements Diffused.
func (d *diffusedPinwheel) ScoreInput(dst, x []float64) []float64 {
	dst = d.Denoise(dst, x)
	for i := range dst {
		dst[i] = (d.alpha*dst[i] - x[i]) / (d.sigma * d.sigma)
	}
	return dst
}

// ScoreJacobian implements Diffused.
func (d *diffusedPinwheel) ScoreJacobian(dst *mat.Dense, x []float64) {
	square(dst, 2)
	_, _, _, xx, xy, yy := d.posterior(x)
	scale := 1 / (d.sigma * d.sigma)
	dst.Set(0, 0, (xx-1)*scale)
	dst.Set(0, 1, xy*scale)
	dst.Set(1, 0, xy*scale)
	dst.Set(1, 1, (yy-1)*scale)
}

// Denoise implements Diffused.
func (d *diffusedPinwheel) Denoise(dst, x []float64) []float64 {
	dst = reuse(dst, x, 2)
	_, dst[0], dst[1], _, _, _ = d.posterior(x)
	return dst
}
