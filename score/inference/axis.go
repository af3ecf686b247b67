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
// within a few hundredths of the bounds: for parameters that observations tell of linearly.
type axis struct {
	low, high float64
	straight  bool
}

// bend is how much of the width of a straight axis its ends take.
const bend = 0.02

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

// furthest is how far from 0 a coordinate between two bounds lies at most: a bound
// itself has one, too.
const (
	furthest     = 8
	furthestOdds = 36 // likewise, log(p/(1 − p))
)

// toFree returns u for a θ within the bounds.
func (a axis) toFree(theta float64) float64 {
	below, above := !math.IsInf(a.low, -1), !math.IsInf(a.high, 1)
	switch {
	case below && above && a.straight:
		p, q := (theta-a.low)/(a.high-a.low), (a.high-theta)/(a.high-a.low)
		return p + bend*max(-furthestOdds, min(furthestOdds, math.Log(p)-math.Log(q)))
	case below && above:
		width := a.high - a.low
		if p, q := (theta-a.low)/width, (a.high-theta)/width; p < q {
			return max(mathext.NormalQuantile(p), -furthest)
		} else {
			return min(-mathext.NormalQuantile(q), furthest)
		}
	case below:
		return math.Log(max(theta-a.low, math.SmallestNonzeroFloat64))
	case above:
		return -math.Log(max(a.high-theta, math.SmallestNonzeroFloat64))
	}
	return theta
}

// fromFree returns the θ of u.
func (a axis) fromFree(u float64) float64 {
	below, above := !math.IsInf(a.low, -1), !math.IsInf(a.high, 1)
	switch {
	case below && above && a.straight:
		l, p, q := a.logOdds(u)
		if l < 0 {
			return a.low + (a.high-a.low)*p
		}
		return a.high - (a.high-a.low)*q
	case below && above && u < 0:
		return a.low + (a.high-a.low)*math.Erfc(-u/math.Sqrt2)/2
	case below && above:
		return a.high - (a.high-a.low)*math.Erfc(u/math.Sqrt2)/2
	case below:
		return a.low + math.Exp(u)
	case above:
		return a.high - math.Exp(-u)
	}
	return u
}

// logSlope returns log du/dθ at u and the derivative of that by u.
func (a axis) logSlope(u float64) (log, derivative float64) {
	below, above := !math.IsInf(a.low, -1), !math.IsInf(a.high, 1)
	switch {
	case below && above && a.straight:
		_, p, q := a.logOdds(u)
		slope := 1 + bend/(p*q) // du/dp
		return math.Log(slope) - math.Log(a.high-a.low), bend * (p - q) / (p * q * p * q) / (slope * slope)
	case below && above:
		return (u*u+math.Log(2*math.Pi))/2 - math.Log(a.high-a.low), u
	case below:
		return -u, -1
	case above:
		return u, 1
	}
	return 0, 0
}

// holds reports whether θ is within the bounds.
func (a axis) holds(theta float64) bool { return theta >= a.low && theta <= a.high }
