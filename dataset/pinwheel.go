package dataset

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// The distribution of the pinwheel before the twist.
const (
	pinwheelArms    = 5
	pinwheelScale   = 1.35
	pinwheelRadial  = 0.3
	pinwheelTangent = 0.1
)

// Pinwheel is a distribution of five twisted arms on the plane: the point
//
//	f ~ N((1, 0), diag(0.3², 0.1²))
//
// is turned by the angle 2πk/5 + rate·e^|f|, k one of 0…4 with equal
// probability, and scaled by 1.35. Turning by an angle that depends on the
// radius alone keeps areas, so that the density is that of f,
//
//	p(x) = Σ_k N(R(−2πk/5 − rate·e^r) x/1.35; (1, 0), diag(0.3², 0.1²)) / (5·1.35²),   r = |x|/1.35,
//
// with the rotation R. Its entropy is 1.5345 nats at any rate.
type Pinwheel struct {
	rate    float64
	sheared bool // twisted by e^u, not by e^|f|
	rng     *rand.Rand
}

// NewPinwheel returns the pinwheel of a rate: 0.25 is usual, 0.5 is hard to
// learn. The source may be nil when Rand is not used. It panics unless
// 0 ≤ rate ≤ 1.
func NewPinwheel(rate float64, src rand.Source) *Pinwheel {
	if !(rate >= 0 && rate <= 1) {
		panic(fmt.Sprintf("dataset: NewPinwheel: rate is %v, want 0 to 1", rate))
	}
	p := &Pinwheel{rate: rate}
	if src != nil {
		p.rng = rand.New(src)
	}
	return p
}

// Dim returns 2.
func (p *Pinwheel) Dim() int { return 2 }

// Rand draws x. A nil x is allocated. It panics when p has no source.
func (p *Pinwheel) Rand(x []float64) []float64 {
	x = planar(x, p.rng)
	k := p.rng.IntN(pinwheelArms)
	u := 1 + pinwheelRadial*p.rng.NormFloat64()
	v := pinwheelTangent * p.rng.NormFloat64()
	x[0], x[1] = p.place(k, u, v)
	return x
}

// twist returns the angle by which points at the distance r are turned. Where
// its exponential would overflow, it no longer means anything.
func (p *Pinwheel) twist(r float64) float64 { return p.rate * math.Exp(min(r, 700)) }

// place returns the point of arm k that f = (u, v) becomes.
func (p *Pinwheel) place(k int, u, v float64) (x, y float64) {
	lever := math.Hypot(u, v)
	if p.sheared {
		lever = min(u, shearMost)
	}
	sin, cos := math.Sincos(2*math.Pi*float64(k)/pinwheelArms + p.twist(lever))
	return pinwheelScale * (cos*u - sin*v), pinwheelScale * (sin*u + cos*v)
}

// untwist returns what f is for the point (x, y) of arm 0.
func (p *Pinwheel) untwist(x, y float64) (u, v float64) {
	x, y = x/pinwheelScale, y/pinwheelScale
	sin, cos := math.Sincos(p.twist(math.Hypot(x, y)))
	return cos*x + sin*y, cos*y - sin*x
}

// posterior stores the probabilities of the arms in prob, given what f is for
// arm 0, and returns log p.
func (p *Pinwheel) posterior(prob *[pinwheelArms]float64, u, v float64) float64 {
	top := math.Inf(-1)
	for k := range prob {
		a, b := (u-1)/pinwheelRadial, v/pinwheelTangent
		prob[k] = -(a*a + b*b) / 2
		top = max(top, prob[k])
		u, v = backOneArm(u, v)
	}
	var sum float64
	for k, l := range prob {
		prob[k] = math.Exp(l - top)
		sum += prob[k]
	}
	for k := range prob {
		prob[k] /= sum
	}
	return top + math.Log(sum*pinwheelPeak)
}

// pinwheelPeak is the density of an arm at its mode.
const pinwheelPeak = 1 / (pinwheelArms * 2 * math.Pi * pinwheelRadial * pinwheelTangent * pinwheelScale * pinwheelScale)

// backOneArm turns by −2π/5.
func backOneArm(u, v float64) (float64, float64) {
	const cos, sin = 0.309016994374947424102293417182819, 0.951056516295153572116439333379382
	return cos*u + sin*v, cos*v - sin*u
}

// LogProb returns log p(x).
func (p *Pinwheel) LogProb(x []float64) float64 {
	wantLen("x", x, 2)
	return p.logProb(x[0], x[1])
}

func (p *Pinwheel) logProb(x, y float64) float64 {
	if p.sheared {
		return p.shearLogProb(x, y)
	}
	var prob [pinwheelArms]float64
	u, v := p.untwist(x, y)
	return p.posterior(&prob, u, v)
}

// ScoreInput returns ∇ₓ log p(x), in dst when it is not nil. With f = R(−θ(r))q,
// q = x/1.35, and g = ∇_f log p it is the mean over the arms of
//
//	(R(θ)g − θ'(r) (f₁g₂ − f₂g₁) q/r)/1.35.
func (p *Pinwheel) ScoreInput(dst, x []float64) []float64 {
	dst = reuse(dst, x, 2)
	if p.sheared {
		p.shearScore(dst, x)
		return dst
	}
	var prob [pinwheelArms]float64
	u, v := p.untwist(x[0], x[1])
	p.posterior(&prob, u, v)
	var gu, gv, torque float64 // in the frame of arm 0
	a, b := u, v               // in that of arm k
	for k := range prob {
		pull, side := (1-a)/(pinwheelRadial*pinwheelRadial), -b/(pinwheelTangent*pinwheelTangent)
		torque += prob[k] * (a*side - b*pull)
		for range pinwheelArms - k { // on to arm 0, the other way round
			pull, side = backOneArm(pull, side)
		}
		gu, gv = gu+prob[k]*pull, gv+prob[k]*side
		a, b = backOneArm(a, b)
	}
	q0, q1 := x[0]/pinwheelScale, x[1]/pinwheelScale
	r := math.Hypot(q0, q1)
	sin, cos := math.Sincos(p.twist(r))
	dst[0], dst[1] = cos*gu-sin*gv, sin*gu+cos*gv
	if r > 0 {
		radial := -p.twist(r) * torque / r // θ' = θ
		dst[0], dst[1] = dst[0]+radial*q0, dst[1]+radial*q1
	}
	dst[0], dst[1] = dst[0]/pinwheelScale, dst[1]/pinwheelScale
	return dst
}

var _ Diffusible = (*Pinwheel)(nil)
