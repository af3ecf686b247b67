package dataset

import "math"

// truncated describes a standard normal v given that it lies in [c, c+δ].
type truncated struct {
	logMass  float64 // log of P(c ≤ v ≤ c+δ)/δ, the mean density on the interval
	mean     float64 // E[v]
	variance float64 // Var[v]
	position float64 // (E[v] − c)/δ, in [0, 1]
}

const halfLogTwoPi = 0.918938533204672741780329736405617640

// truncate computes the moments without under- or overflow. Where the density
// changes little across the interval the closed forms cancel, and Gauss–
// Legendre quadrature is exact to rounding instead; it also covers δ = 0.
func truncate(c, width float64) truncated {
	if c+width/2 < 0 {
		t := truncate(-c-width, width)
		t.mean, t.position = -t.mean, 1-t.position
		return t
	}
	switch {
	case width*(math.Abs(c)+width) <= 4:
		return truncateFlat(c, width)
	case c < 0:
		return truncateCentre(c, width)
	}
	return truncateTail(c, width)
}

// truncateTail is for 0 ≤ c. All densities are relative to φ(c): with the Mills
// ratio R the mass is φ(c)(R(c) − e R(c+δ)), e = φ(c+δ)/φ(c).
func truncateTail(c, width float64) truncated {
	drop := width * (c + width/2)
	e := math.Exp(-drop)
	mass := mills(c) - e*mills(c+width)
	mean := -math.Expm1(-drop) / mass
	return truncated{
		logMass:  math.Log(mass/width) - c*c/2 - halfLogTwoPi,
		mean:     mean,
		variance: 1 + (c-(c+width)*e)/mass - mean*mean,
		position: min(max((mean-c)/width, 0), 1),
	}
}

// truncateCentre is for an interval that contains zero: the mass is a sum.
func truncateCentre(c, width float64) truncated {
	end := c + width
	mass := (math.Erf(end/math.Sqrt2) + math.Erf(-c/math.Sqrt2)) / 2
	low, high := math.Exp(-c*c/2-halfLogTwoPi)/mass, math.Exp(-end*end/2-halfLogTwoPi)/mass
	mean := low - high
	return truncated{
		logMass:  math.Log(mass / width),
		mean:     mean,
		variance: 1 + c*low - end*high - mean*mean,
		position: min(max((mean-c)/width, 0), 1),
	}
}

// legendre holds the positive nodes on [−1, 1] and the weights of the 12-point
// Gauss–Legendre rule.
var legendre = [6][2]float64{
	{0.98156063424671925069, 0.047175336386511827195},
	{0.90411725637047485668, 0.10693932599531843096},
	{0.76990267419430468704, 0.16007832854334622633},
	{0.5873179542866174473, 0.20316742672306592175},
	{0.36783149899818019375, 0.23349253653835480876},
	{0.12523340851146891547, 0.249147045813402785},
}

// truncateFlat is for log-densities that vary by at most 4: the terms of the
// rule are then exact to about 1e-17.
func truncateFlat(c, width float64) truncated {
	var at, weight [2 * len(legendre)]float64
	var mass, position, variance float64
	for i, rule := range legendre {
		for j, u := range [2]float64{(1 - rule[0]) / 2, (1 + rule[0]) / 2} {
			w := rule[1] / 2 * math.Exp(-width*u*(c+width*u/2))
			at[2*i+j], weight[2*i+j] = u, w
			mass += w
			position += w * u
		}
	}
	position /= mass
	for i, u := range at {
		variance += weight[i] * (u - position) * (u - position)
	}
	return truncated{
		logMass:  math.Log(mass) - c*c/2 - halfLogTwoPi,
		mean:     c + width*position,
		variance: width * width * variance / mass,
		position: position,
	}
}

// mills returns the Mills ratio R(x) = (1 − Φ(x))/φ(x) for x ≥ 0: directly
// where the distribution function has its digits, and by Laplace's continued
// fraction R(x) = 1/(x + 1/(x + 2/(x + 3/(x + …)))) beyond.
func mills(x float64) float64 {
	const far, terms = 4, 32
	if x < far {
		return math.Sqrt(math.Pi/2) * math.Exp(x*x/2) * math.Erfc(x/math.Sqrt2)
	}
	t := x
	for k := terms; k > 0; k-- {
		t = x + float64(k)/t
	}
	return 1 / t
}
