package dataset

import "math"

// The pinwheel of FFJORD's code is twisted by the angle rate·e^u of a point
// f = (u, v), not by that of |f|. This keeps no areas: with θ(u) the determinant
// of the map is 1 − θ'(u)v, and several f may come to the same point.

// shearMost is the u from which on the twist stays the same: one in 10¹⁵ points
// lies beyond. Without it, the twist of points far out would turn without end.
const shearMost = 1 + 8*pinwheelRadial

// root is a point f that the map of an arm takes to a given point, for a
// positive rate.
type root struct {
	u, v  float64
	angle float64 // by which f is turned
	slope float64 // θ'(u)
	logp  float64 // of N(f; …)/|1 − θ'v| relative to the peak, then its share
}

// mostRoots is more than there are: three monotone pieces with as many roots as
// the twist has turns, and one or two more, in each arm.
const mostRoots = 64

// roots stores in list what comes to the point (x, y) and returns it. In polar
// coordinates of f an arm's condition is φ + θ(r cos φ) = ψ, modulo a turn, whose
// left side falls where θ'v > 1 only.
func (p *Pinwheel) roots(list []root, x, y float64) []root {
	rate := math.Abs(p.rate)
	r, ψ := math.Hypot(x, y)/pinwheelScale, math.Atan2(y, x)
	turned := func(φ float64) float64 { return φ + rate*math.Exp(min(r*math.Cos(φ), shearMost)) }
	ends := []float64{-math.Pi, math.Pi}
	if a, b := p.falls(rate, r); a < b {
		ends = []float64{-math.Pi, a, b, math.Pi}
	}
	for i := range ends[1:] {
		low, high := ends[i], ends[i+1]
		from, to := turned(low), turned(high)
		for k := range pinwheelArms {
			arm := 2 * math.Pi * float64(k) / pinwheelArms
			first := math.Ceil((min(from, to) - ψ + arm) / (2 * math.Pi))
			for m := first; ψ-arm+2*math.Pi*m < max(from, to) && len(list) < cap(list); m++ {
				φ := crossing(turned, low, high, ψ-arm+2*math.Pi*m)
				list = append(list, newRoot(rate, r, φ, arm))
			}
		}
	}
	return list
}

func newRoot(rate, r, φ, arm float64) root {
	sin, cos := math.Sincos(φ)
	f := root{u: r * cos, v: r * sin}
	twist := rate * math.Exp(min(f.u, shearMost))
	if f.u < shearMost {
		f.slope = twist
	}
	f.angle = arm + twist
	a, b := (f.u-1)/pinwheelRadial, f.v/pinwheelTangent
	f.logp = -(a*a+b*b)/2 - math.Log(math.Abs(1-f.slope*f.v))
	return f
}

// falls returns the ends of the interval of φ in which θ'(u)v > 1, or nothing.
// On [0, π] θ'v rises up to where cos φ = r sin²φ and falls from there on.
func (p *Pinwheel) falls(rate, r float64) (a, b float64) {
	excess := func(φ float64) float64 {
		sin, cos := math.Sincos(φ)
		return rate*r*math.Exp(min(r*cos, shearMost))*sin - 1
	}
	held := math.Acos(min(1, shearMost/r)) // no slope below
	top := max(held, math.Acos(2*r/(1+math.Sqrt(1+4*r*r))))
	if !(r > 0 && excess(top) > 0) {
		return 0, 0
	}
	a = held
	if excess(held) < 0 {
		a = crossing(excess, held, top, 0)
	}
	return a, crossing(excess, top, math.Pi, 0)
}

// crossing returns where a monotone f takes a value that lies between those at
// the ends, by the Illinois form of the false position.
func crossing(f func(float64) float64, a, b, value float64) float64 {
	fa, fb := f(a)-value, f(b)-value
	for range 100 {
		c := b - fb*(b-a)/(fb-fa)
		fc := f(c) - value
		if done := math.Abs(c-b) <= 1e-15; fc == 0 || done {
			return c
		}
		if fc < 0 == (fb < 0) {
			fa /= 2
		} else {
			a, fa = b, fb
		}
		b, fb = c, fc
	}
	return b
}

// shearLogProb is logProb for a twist by e^u.
func (p *Pinwheel) shearLogProb(x, y float64) float64 {
	if x != x || y != y {
		return math.NaN()
	}
	var buf [mostRoots]root
	_, logp := mix(p.roots(buf[:0], x, math.Copysign(1, p.rate)*y))
	return logp
}

// mix replaces the logarithms of the roots by their shares of the density, and
// returns its logarithm.
func mix(all []root) ([]root, float64) {
	top := math.Inf(-1)
	for _, f := range all {
		top = max(top, f.logp)
	}
	var sum float64
	for i := range all {
		all[i].logp = math.Exp(all[i].logp - top)
		sum += all[i].logp
	}
	for i := range all {
		all[i].logp /= sum
	}
	return all, top + math.Log(sum*pinwheelPeak)
}

// shearScore is ScoreInput for a twist by e^u: with g the gradient of the
// logarithm of a root's density, the mean over the roots of
//
//	R(angle) ((g₁ − θ'u g₂)/(1 − θ'v), g₂)/1.35.
func (p *Pinwheel) shearScore(dst, x []float64) {
	if hasNaN(x) {
		fill(dst, math.NaN())
		return
	}
	var buf [mostRoots]root
	mirror := math.Copysign(1, p.rate)
	all, _ := mix(p.roots(buf[:0], x[0], mirror*x[1]))
	clear(dst)
	for _, f := range all {
		det := 1 - f.slope*f.v
		g1 := (1-f.u)/(pinwheelRadial*pinwheelRadial) + f.slope*f.v/det // θ'' = θ'
		g2 := -f.v/(pinwheelTangent*pinwheelTangent) + f.slope/det
		g1 = (g1 - f.slope*f.u*g2) / det
		sin, cos := math.Sincos(f.angle)
		dst[0] += f.logp * (cos*g1 - sin*g2) / pinwheelScale
		dst[1] += mirror * f.logp * (sin*g1 + cos*g2) / pinwheelScale
	}
}
