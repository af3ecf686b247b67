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
//	both           u = Φ⁻¹((θ − low)/(high − low))
//
// Φ being the distribution function of N(0, 1). What is uniform between two bounds is
// normal in u, and what is lognormal is normal, too.
type axis struct{ low, high float64 }

// furthest is how far from 0 a coordinate between two bounds lies at most: a bound
// itself has one, too.
const furthest = 8

// toFree returns u for a θ within the bounds.
func (a axis) toFree(theta float64) float64 {
	below, above := !math.IsInf(a.low, -1), !math.IsInf(a.high, 1)
	switch {
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
