package sde

import (
	"fmt"
	"math"
)

// Cosine is the variance-preserving process whose α is a quarter of a cosine,
//
//	α(t) = cos φ(t)/cos φ(0),   α² + σ² = 1,   φ(t) = ½π(t + s)/(1 + s),
//
// of which the usual α = cos(½πt), σ = sin(½πt) is the case s = 0. Nichol &
// Dhariwal 2021, who take s = 0.008.
type Cosine struct {
	Offset float64 // s ≥ 0
}

// angles returns dφ/dt and the sines and cosines of φ(0) and φ(t). As φ(1) is
// ½π, cos φ is the sine of the angle that is left, without cancellation.
func (p Cosine) angles(t float64) (rate, sin0, cos0, sin, cos float64) {
	rate = 0.5 * math.Pi / (1 + p.Offset)
	sin0, cos0 = math.Sin(rate*p.Offset), math.Sin(rate)
	return rate, sin0, cos0, math.Sin(rate * (p.Offset + t)), math.Sin(rate * (1 - t))
}

// Kernel returns α = cos φ(t)/cos φ(0) and
//
//	σ = √(cos²φ(0) − cos²φ(t))/cos φ(0) = √(sin(φ(t) − φ(0)) sin(φ(t) + φ(0)))/cos φ(0),
//
// the second form without cancellation at small t and down to σ = 0 at t = 0.
func (p Cosine) Kernel(t float64) (alpha, sigma float64) {
	rate, _, cos0, _, cos := p.angles(t)
	difference, sum := math.Sin(rate*t), 0.0
	if 2*p.Offset < 2-2*t {
		sum = math.Sin(rate * (t + 2*p.Offset))
	} else { // the same angle seen from π, however large s is
		sum = math.Sin(rate * (2 - t))
	}
	return cos / cos0, math.Sqrt(difference) * math.Sqrt(sum) / cos0
}

// Rates returns f = −φ̇ tan φ and g² = 2φ̇ tan φ.
func (p Cosine) Rates(t float64) (f, g2 float64) {
	rate, _, _, sin, cos := p.angles(t)
	f = -rate * sin / cos
	return f, -2 * f
}

// Span returns [1e-3, 0.99]: the rates grow beyond all bounds as t goes to 1,
// where nothing is left of the data.
func (p Cosine) Span() (start, end float64) { return 1e-3, 0.99 }

// TimeAt returns the time at which log(α/σ) is logSNR, also beyond the span.
// With α and σ known, so is φ(t): cos φ(t) = α cos φ(0); the time is in its
// difference from φ(0), which is found without cancellation.
func (p Cosine) TimeAt(logSNR float64) float64 {
	small := math.Exp(-math.Abs(logSNR))
	alpha, sigma := 1/math.Hypot(1, small), small/math.Hypot(1, small)
	if logSNR < 0 {
		alpha, sigma = sigma, alpha
	}
	if sigma == 0 {
		return 0
	}
	rate, sin0, cos0, _, _ := p.angles(0)
	sin := math.Hypot(sin0, sigma*cos0) // of φ(t)
	return math.Atan2(cos0*sigma*sigma/(sin+alpha*sin0), alpha*cos0*cos0+sin*sin0) / rate
}

// Validate returns an error wrapping ErrRange unless 0 ≤ s < ∞.
func (p Cosine) Validate() error {
	if !(p.Offset >= 0 && p.Offset <= math.MaxFloat64) {
		return fmt.Errorf("sde: Cosine.Offset: is %v, want it 0 or more and finite: %w", p.Offset, ErrRange)
	}
	return nil
}
