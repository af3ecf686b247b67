package inference

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// axis is the map of one parameter θ to a coordinate u without bounds, by which of the
// bounds are finite:
//
//	none           u = θ
//	low            u = log(θ − low)
//	high           u = −log(high − θ)
//	both           u = Φ⁻¹(p),                        p = (θ − low)/(high − low)
//	both, straight u = p + bend log(p/(1 − p))
//
// Φ being the distribution function of N(0, 1). What is uniform between two bounds is
// normal in u, and what is lognormal is normal, too. A straight one is nearly linear but
// within some thousandths of the bounds: for parameters that observations tell of linearly.
type axis struct {
	low, high float64
	straight  bool
	ends      *ends  // nil where nothing was measured
	tails     *tails // of u; nil where none is far from all others
}

// formula returns u of a θ that is so far above low and below high.
func (a axis) formula(above, below float64) float64 {
	hasLow, hasHigh, width := a.kind()
	switch {
	case hasLow && hasHigh && a.straight:
		l := math.Log(above/width) - math.Log(below/width)
		return above/width + bend*max(-furthestOdds, min(furthestOdds, l))
	case hasLow && hasHigh && above < below:
		return max(mathext.NormalQuantile(above/width), -furthest)
	case hasLow && hasHigh:
		return min(-mathext.NormalQuantile(below/width), furthest)
	case hasLow:
		return math.Log(max(above, math.SmallestNonzeroFloat64))
	}
	return -math.Log(max(below, math.SmallestNonzeroFloat64))
}

// kind returns which bounds there are and, for both, how far they are apart in the formulas.
func (a axis) kind() (hasLow, hasHigh bool, width float64) {
	low, high := a.formulas()
	width = high - low
	if a.ends != nil {
		width += a.ends.under + a.ends.over
	}
	return !math.IsInf(a.low, -1), !math.IsInf(a.high, 1), width
}

// furthest is how far from 0 a coordinate between two bounds lies at most.
const (
	furthest     = 8
	furthestOdds = 36 // likewise, log(p/(1 − p))
)

// toOpen returns u for a θ within the bounds, without the tails.
func (a axis) toOpen(theta float64) float64 {
	low, high := a.formulas()
	switch {
	case math.IsInf(low, -1) && math.IsInf(high, 1):
		return theta
	case a.ends == nil:
		return a.formula(theta-low, high-theta)
	case theta <= low:
		return a.ends.low
	case theta >= high:
		return a.ends.high
	}
	return a.formula(theta-low+a.ends.under, high-theta+a.ends.over)
}

// fromOpen returns the θ of such a u.
func (a axis) fromOpen(u float64) float64 {
	var under, over float64
	if a.ends != nil {
		under, over = a.ends.under, a.ends.over
	}
	hasLow, hasHigh, width := a.kind()
	low, high := a.formulas()
	var theta float64
	switch {
	case hasLow && hasHigh && a.straight:
		if l, p, q := a.logOdds(u); l < 0 {
			theta = low + (width*p - under)
		} else {
			theta = high - (width*q - over)
		}
	case hasLow && hasHigh && u < 0:
		theta = low + (width*math.Erfc(-u/math.Sqrt2)/2 - under)
	case hasLow && hasHigh:
		theta = high - (width*math.Erfc(u/math.Sqrt2)/2 - over)
	case hasLow:
		theta = low + (math.Exp(u) - under)
	case hasHigh:
		theta = high - (math.Exp(-u) - over)
	default:
		return u
	}
	return max(low, min(high, theta))
}

// openSlope returns log du/dθ at such a u and the derivative of that by u.
func (a axis) openSlope(u float64) (log, derivative float64) {
	hasLow, hasHigh, width := a.kind()
	switch {
	case hasLow && hasHigh && a.straight:
		_, p, q := a.logOdds(u)
		slope := 1 + bend/(p*q) // du/dp
		return math.Log(slope) - math.Log(width), bend * (p - q) / (p * q * p * q) / (slope * slope)
	case hasLow && hasHigh:
		return (u*u+math.Log(2*math.Pi))/2 - math.Log(width), u
	case hasLow:
		return -u, -1
	case hasHigh:
		return u, 1
	}
	return 0, 0
}

// holds reports whether θ is within the bounds.
func (a axis) holds(theta float64) bool { return theta >= a.low && theta <= a.high }

// bend is how much of the width of a straight axis its ends take. Where a bound cuts a posterior,
// what is narrower than that is spread out: examples/sbi has posteriors of half a hundredth.
const bend = 0.0005

// logOdds returns l = log(p/(1 − p)), and p, 1 − p of a point of a straight axis.
func (a axis) logOdds(u float64) (l, p, q float64) {
	sigmoid := func(l float64) (p, q float64) { return 1 / (1 + math.Exp(-l)), 1 / (1 + math.Exp(l)) }
	// p + bend l grows between bend and bend + ¼ per l, so that the root lies here.
	low, high := min((u-1)/bend, 0), max(u/bend, 0)
	l = math.Log(max(u, bend) / max(1-u, bend))
	for range 100 {
		l = max(low, min(high, l))
		p, q = sigmoid(l)
		off := p + bend*l - u
		if off > 0 {
			high = l
		} else {
			low = l
		}
		next := l - off/(bend+p*q)
		if !(next > low && next < high) {
			next = (low + high) / 2
		}
		if math.Abs(next-l) <= 1e-15*(1+math.Abs(l)) {
			break
		}
		l = next
	}
	return l, p, q
}
