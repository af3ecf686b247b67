package sampler

import "math"

// stage is one of DPM-Solver in a step of length h in λ: with E = expm1,
// y = x/α, ς = σ/α, and indices for how far λ has come,
//
//	y_at = y − ς_at [E(at h) ε̂_0 + c(h) (ε̂ − ε̂_0)],
//
// ε̂ being that of the stage before.
type stage struct {
	at float64
	c  func(h float64) float64
}

// dpmStages returns the stages of DPM-Solver of an order, as many as its number,
// the last of which is the step.
func dpmStages(order int) [3]stage {
	const third, two = 1.0 / 3, 2.0 / 3
	switch order {
	case 1:
		return [3]stage{{1, none}}
	case 2:
		return [3]stage{{0.5, none}, {1, math.Expm1}}
	}
	// E(h)/h − 1 = h φ₂(h).
	return [3]stage{
		{third, none},
		{two, func(h float64) float64 { return 2 * two * h * phi(2, two*h) }},
		{1, func(h float64) float64 { return 1.5 * h * phi(2, h) }},
	}
}

// dpmLower returns the step of one order less that shares the first evaluations
// of dpmStages: of order 2 from the middle at ⅓, or 1.
func dpmLower(order int) stage {
	if order == 2 {
		return stage{1, none}
	}
	return stage{1, func(h float64) float64 { return 1.5 * math.Expm1(h) }}
}

func none(float64) float64 { return 0 }
