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
//	both, straight u = p, but log(p/bend) and −log((1 − p)/bend) times bend where p and
//	               1 − p are less than bend
//
// Φ being the distribution function of N(0, 1). What is uniform between two bounds is
// normal in u, and what is lognormal is normal, too. A straight one is linear but within a few
// hundredths of the bounds, where it goes on smoothly: for parameters that observations tell
// of linearly.
type axis struct {
	low, high float64
	straight  bool
	ends      *ends // nil where nothing was measured
}

// formula returns u of a θ that is so far above low and below high.
func (a axis) formula(above, below float64) float64 {
	hasLow, hasHigh, width := a.kind()
	switch {
	case hasLow && hasHigh && a.straight:
		switch p, q := above/width, below/width; {
		case p < bend:
			return bend + bend*max(math.Log(p/bend), -furthestLog)
		case q < bend:
			return 1 - bend - bend*max(math.Log(q/bend), -furthestLog)
		default:
			return p
		}
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
	width = a.high - a.low
	if a.ends != nil {
		width += a.ends.under + a.ends.over
	}
	return !math.IsInf(a.low, -1), !math.IsInf(a.high, 1), width
}

// furthest is how far from 0 a coordinate between two bounds lies at most.
const (
	furthest    = 8
	furthestLog = 36 // likewise, log(p/bend)
)

// toFree returns u for a θ within the bounds.
func (a axis) toFree(theta float64) float64 {
	switch {
	case math.IsInf(a.low, -1) && math.IsInf(a.high, 1):
		return theta
	case a.ends == nil:
		return a.formula(theta-a.low, a.high-theta)
	case theta == a.low:
		return a.ends.low
	case theta == a.high:
		return a.ends.high
	}
	return a.formula(theta-a.low+a.ends.under, a.high-theta+a.ends.over)
}

// fromFree returns the θ of u.
func (a axis) fromFree(u float64) float64 {
	var under, over float64
	if a.ends != nil {
		under, over = a.ends.under, a.ends.over
	}
	hasLow, hasHigh, width := a.kind()
	var theta float64
	switch {
	case hasLow && hasHigh && a.straight:
		if p, q := shares(u); p < q {
			theta = a.low + (width*p - under)
		} else {
			theta = a.high - (width*q - over)
		}
	case hasLow && hasHigh && u < 0:
		theta = a.low + (width*math.Erfc(-u/math.Sqrt2)/2 - under)
	case hasLow && hasHigh:
		theta = a.high - (width*math.Erfc(u/math.Sqrt2)/2 - over)
	case hasLow:
		theta = a.low + (math.Exp(u) - under)
	case hasHigh:
		theta = a.high - (math.Exp(-u) - over)
	default:
		return u
	}
	return max(a.low, min(a.high, theta))
}

// logSlope returns log du/dθ at u and the derivative of that by u.
func (a axis) logSlope(u float64) (log, derivative float64) {
	hasLow, hasHigh, width := a.kind()
	switch {
	case hasLow && hasHigh && a.straight:
		switch {
		case u < bend:
			return 1 - u/bend - math.Log(width), -1 / bend
		case 1-u < bend:
			return 1 - (1-u)/bend - math.Log(width), 1 / bend
		}
		return -math.Log(width), 0
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

// bend is how much of the width of a straight axis each of its ends takes.
const bend = 0.02

// shares returns p and 1 − p of a point of a straight axis.
func shares(u float64) (p, q float64) {
	switch {
	case u < bend:
		p = bend * math.Exp(u/bend-1)
		return p, 1 - p
	case 1-u < bend:
		q = bend * math.Exp((1-u)/bend-1)
		return 1 - q, q
	}
	return u, 1 - u
}
