package score

import (
	"cmp"
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/sde"
)

// The distributions of this file are those of k-diffusion (Crowson et al. 2024),
// in σ/α of model coordinates, as quantile functions.

// LogLogistic draws ln(σ/α) from the logistic distribution with the given Mean
// and Scale between Low and High: like LogNormal, with heavier tails.
type LogLogistic struct {
	Mean      float64
	Scale     float64 // zero means 1
	Low, High float64 // zero means the end of the span
}

// Quantile returns the time at quantile u.
func (l LogLogistic) Quantile(p sde.SDE, u float64) float64 {
	low, high := levels(p, l.Low, l.High)
	scale := cmp.Or(l.Scale, 1)
	z := func(x float64) float64 { return (math.Log(x) - l.Mean) / scale }
	// The shares below and above, each without the rounding of the other.
	share := func(sign float64) float64 {
		return (1-u)/(1+math.Exp(-sign*z(low))) + u/(1+math.Exp(-sign*z(high)))
	}
	return timeAt(p, l.Mean+scale*math.Log(share(1)/share(-1)))
}

// Validate returns an error wrapping ErrRange for a Mean that is not finite, a
// Scale that is not positive, or impossible levels.
func (l LogLogistic) Validate() error {
	if !finite(l.Mean) {
		return fmt.Errorf("LogLogistic.Mean: is %v, want a finite number: %w", l.Mean, ErrRange)
	}
	if err := positiveOrZero("LogLogistic.Scale", l.Scale, "1"); err != nil {
		return err
	}
	return validLevels("LogLogistic", l.Low, l.High)
}

// SplitLogNormal draws ln(σ/α) from two halves of normal distributions that meet at
// Mean with the same density: deviation Below under it and Above over it.
type SplitLogNormal struct {
	Mean, Below, Above float64
}

// Quantile returns the time at quantile u.
func (l SplitLogNormal) Quantile(p sde.SDE, u float64) float64 {
	share := l.Below / (l.Below + l.Above)
	if u < share {
		return timeAt(p, l.Mean-l.Below*math.Sqrt2*math.Erfinv(1-u/share))
	}
	return timeAt(p, l.Mean+l.Above*math.Sqrt2*math.Erfinv((u-share)/(1-share)))
}

// Validate returns an error wrapping ErrRange unless Mean is finite and the
// deviations are positive.
func (l SplitLogNormal) Validate() error {
	if !finite(l.Mean) || !(l.Below > 0 && finite(l.Below)) || !(l.Above > 0 && finite(l.Above)) {
		return fmt.Errorf("SplitLogNormal: is %+v, want a finite Mean, positive Below and Above: %w", l, ErrRange)
	}
	return nil
}

// CosineTimes draws the angle arctan(σ/(α√v)) uniformly between those of Low and
// High: the times of the cosine process (Salimans & Ho 2022).
type CosineTimes struct {
	Variance  float64 // v in model coordinates; zero means 1
	Low, High float64 // of σ/α; zero means the end of the span
	// ShiftHigh and ShiftLow move the distribution to n times the noise, as large images
	// need, ln(σ/α) being interpolated from ln ShiftHigh more at the high end to
	// ln ShiftLow more at the low end (Hoogeboom et al. 2023, where they are the
	// image's size over that of the noise). Zero means 1.
	ShiftLow, ShiftHigh float64
}

// Quantile returns the time at quantile u.
func (l CosineTimes) Quantile(p sde.SDE, u float64) float64 {
	low, high := levels(p, l.Low, l.High)
	unit := math.Sqrt(cmp.Or(l.Variance, 1))
	shifted := func(n float64) float64 {
		from, to := math.Atan(low/(n*unit)), math.Atan(high/(n*unit))
		return math.Log(n * unit * math.Tan((1-u)*from+u*to))
	}
	return timeAt(p, (1-u)*shifted(cmp.Or(l.ShiftLow, 1))+u*shifted(cmp.Or(l.ShiftHigh, 1)))
}

// Validate returns an error wrapping ErrRange for a variance or a shift that is
// not positive, and for impossible levels.
func (l CosineTimes) Validate() error {
	for _, f := range []struct {
		name string
		v    float64
	}{{"Variance", l.Variance}, {"ShiftLow", l.ShiftLow}, {"ShiftHigh", l.ShiftHigh}} {
		if err := positiveOrZero("CosineTimes."+f.name, f.v, "1"); err != nil {
			return err
		}
	}
	return validLevels("CosineTimes", l.Low, l.High)
}
