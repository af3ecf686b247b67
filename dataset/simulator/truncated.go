package simulator

import (
	"math"
	"math/rand/v2"
)

// truncated draws from N(mean, sd²) cut to [low, high].
func truncated(mean, sd, low, high float64, rng *rand.Rand) float64 {
	a, b := (low-mean)/sd, (high-mean)/sd
	var z float64
	switch {
	case a > 1:
		z = tail(a, b, rng)
	case b < -1:
		z = -tail(-b, -a, rng)
	default:
		z = middle(a, b, rng)
	}
	return min(max(mean+sd*z, low), high) // rounding may leave the interval
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

// tail draws from N(0, 1) cut to [a, b] with a > 1, by rejection from the exponential
// distribution of rate a on it: the ratio of densities is exp(−(z−a)²/2).
func tail(a, b float64, rng *rand.Rand) float64 {
	mass := -math.Expm1(-a * (b - a))
	for {
		e := -math.Log1p(-mass*rng.Float64()) / a
		if rng.Float64() <= math.Exp(-e*e/2) {
			return a + e
		}
	}
}
