package score

import (
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/sde"
)

// Times is the law of the training times, as the quantile function on (0, 1),
// so that any law can be stratified over a batch. It is called from several
// goroutines at once. One that is an nn.Validator is checked by Fit.
type Times interface {
	// At returns the time below which a fraction u of the times lies, within
	// the span of p.
	At(p sde.SDE, u float64) float64
}

// LogNormal draws ln(σ/α) ~ N(Mean, Std²), in model coordinates; what falls
// outside the span moves to its ends (Karras et al. 2022). The zero value means
// Mean −1.6 and Std 1.4.
type LogNormal struct {
	Mean, Std float64
}

// At returns the time at quantile u.
func (l LogNormal) At(p sde.SDE, u float64) float64 {
	if l == (LogNormal{}) {
		l = LogNormal{Mean: -1.6, Std: 1.4}
	}
	start, end := p.Span()
	λ := -(l.Mean + l.Std*math.Sqrt2*math.Erfinv(2*u-1))
	switch {
	case λ >= sde.LogSNR(p, start):
		return start
	case λ <= sde.LogSNR(p, end):
		return end
	}
	return min(max(sde.TimeAt(p, λ), start), end)
}

// Validate returns an error wrapping ErrRange unless Mean is finite and Std
// positive and finite, or both are zero.
func (l LogNormal) Validate() error {
	switch {
	case !finite(l.Mean):
		return fmt.Errorf("%w: LogNormal.Mean is %v, want a finite number", ErrRange, l.Mean)
	case l != (LogNormal{}) && !(l.Std > 0 && finite(l.Std)):
		return fmt.Errorf("%w: LogNormal.Std is %v, want a positive number", ErrRange, l.Std)
	}
	return nil
}

// Uniform draws the times uniformly from the span.
type Uniform struct{}

// At returns the time at quantile u.
func (Uniform) At(p sde.SDE, u float64) float64 {
	start, end := p.Span()
	return start + u*(end-start)
}
