package simulator

import (
	"math"
	"math/rand/v2"
)

// truncated draws from N(mean, sd²) cut to [low, high]. From a mean beyond them it goes
// inwards from the bound, so that nothing is lost however far away the mean is.
func truncated(mean, sd, low, high float64, rng *rand.Rand) float64 {
	a, b, width := (low-mean)/sd, (high-mean)/sd, (high-low)/sd
	var x float64
	switch {
	case a > 1:
		x = low + sd*tail(a, width, rng)
	case b < -1:
		x = high - sd*tail(-b, width, rng)
	default:
		x = mean + sd*middle(a, b, rng)
	}
	return min(max(x, low), high) // rounding may leave the interval
}

// middle draws from N(0, 1) cut to [a, b], which is not all beyond 1 or −1.
func middle(a, b float64, rng *rand.Rand) float64 {
	if b-a > 2 {
		for {
			if z := rng.NormFloat64(); a <= z && z <= b {
				return z
			}
		}
	}
	for {
		if z := a + (b-a)*rng.Float64(); rng.Float64() <= math.Exp(-z*z/2) {
			return z
		}
	}
}

// tail draws how far beyond a > 1 a number from N(0, 1) cut to [a, a + width] lies, by
// rejection from the exponential distribution of rate a on it: the ratio of densities at e
// is exp(−e²/2).
func tail(a, width float64, rng *rand.Rand) float64 {
	mass := -math.Expm1(-a * width)
	for {
		e := -math.Log1p(-mass*rng.Float64()) / a
		if rng.Float64() <= math.Exp(-e*e/2) {
			return e
		}
	}
}

// logMass returns log P(a < z < b) of z ~ N(0, 1).
func logMass(a, b float64) float64 {
	switch {
	case a > 1:
		// Both ends lie in one tail, Q(a) − Q(b).
		high, low := logTail(a), logTail(b)
		if math.IsInf(high, -1) {
			return high
		}
		return high + math.Log(-math.Expm1(low-high))
	case b < -1:
		return logMass(-b, -a)
	default:
		return math.Log(0.5 * (math.Erf(b/math.Sqrt2) - math.Erf(a/math.Sqrt2)))
	}
}

// logTail returns log Q(z) = log P(Z > z) for z > 1, beyond the range of Erfc by the
// continued fraction Q(z) = φ(z)/(z + 1/(z + 2/(z + …))).
func logTail(z float64) float64 {
	if z < 30 {
		return math.Log(0.5 * math.Erfc(z/math.Sqrt2))
	}
	f := z
	for k := 10; k > 0; k-- {
		f = z + float64(k)/f
	}
	return -0.5*z*z - 0.5*math.Log(2*math.Pi) - math.Log(f)
}
