package score

import (
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/sde"
)

// Times is the distribution of the training times, as the quantile function on
// (0, 1), so that any can be stratified over a batch. It is called from several
// goroutines at once. One that is an nn.Validator is checked by Fit.
type Times interface {
	// Quantile returns the time below which a fraction u of the times lies, within
	// the span of p.
	Quantile(p sde.SDE, u float64) float64
}

// LogNormal draws ln(σ/α) ~ N(Mean, Std²), in model coordinates; what falls
// outside the span moves to its ends (Karras et al. 2022). The zero value means
// Mean −1.6 and Std 1.4.
type LogNormal struct {
	Mean, Std float64
}

// Quantile returns the time at quantile u.
func (l LogNormal) Quantile(p sde.SDE, u float64) float64 {
	if l == (LogNormal{}) {
		l = LogNormal{Mean: -1.6, Std: 1.4}
	}
	return timeAt(p, l.Mean+l.Std*math.Sqrt2*math.Erfinv(2*u-1))
}

// mostLevel bounds logarithms of noise levels: float64 has none beyond about 745.
const mostLevel = 1000

// Validate returns an error wrapping ErrRange unless Mean is on [−1000, 1000] and
// Std positive and at most 1000, or both are zero.
func (l LogNormal) Validate() error {
	switch {
	case !(math.Abs(l.Mean) <= mostLevel):
		return fmt.Errorf("LogNormal.Mean: is %v, want a finite number of magnitude up to %d: %w", l.Mean, mostLevel, ErrRange)
	case l != (LogNormal{}) && !(l.Std > 0 && l.Std <= mostLevel):
		return fmt.Errorf("LogNormal.Std: is %v, want a positive number up to %d: %w", l.Std, mostLevel, ErrRange)
	}
	return nil
}

// partOf says of training times that leave out much of what samples pass through, from noise
// as strong as the data to a third of that and below; "" of others.
func partOf(p sde.SDE, times Times) string {
	if _, given := times.(Progressive); given {
		return ""
	}
	level := func(t float64) float64 { return math.Exp(-sde.LogSNR(p, t)) }
	start, end := p.Span()
	low, high := math.Inf(1), 0.0
	const looks = 500
	for i := range looks {
		σ := level(times.Quantile(p, (float64(i)+0.5)/looks))
		low, high = min(low, σ), max(high, σ)
	}
	const near = 1.2 // the ends of a span are no quantiles
	if low <= near*max(0.3, level(start)) && near*high >= min(1, level(end)) {
		return ""
	}
	return fmt.Sprintf("Settings.Times has noise levels σ/α from %.2g to %.2g only, in model coordinates: samples also pass through others, where nothing is learned", low, high)
}

// timeAt returns the time of a level ln(σ/α), the nearer end of the span for
// levels beyond it.
func timeAt(p sde.SDE, level float64) float64 {
	t, _ := sde.TimeInSpan(p, -level)
	return t
}

// UniformTimes draws the times uniformly from the span.
type UniformTimes struct{}

// Quantile returns the time at quantile u.
func (UniformTimes) Quantile(p sde.SDE, u float64) float64 {
	start, end := p.Span()
	return start + u*(end-start)
}

// LevelTimes draws the whole times of the span, each with the same probability: the
// noise levels of a table, see sde.Discrete.
type LevelTimes struct{}

// Quantile returns the time at quantile u.
func (LevelTimes) Quantile(p sde.SDE, u float64) float64 {
	start, end := p.Span()
	first, last := math.Ceil(start), math.Floor(end)
	return min(first+math.Floor(u*(last-first+1)), last)
}

// LogUniform draws ln(σ/α) uniformly. Over the whole span it is the importance
// sampling in proportion to g²/σ² that Likelihood.Importance is for.
type LogUniform struct {
	Low, High float64 // σ/α in model coordinates; zero means the end of the span
}

// Quantile returns the time at quantile u.
func (l LogUniform) Quantile(p sde.SDE, u float64) float64 {
	low, high := levels(p, l.Low, l.High)
	return timeAt(p, (1-u)*math.Log(low)+u*math.Log(high))
}

// Validate returns an error wrapping ErrRange unless Low and High are positive
// and increasing, where they are not zero.
func (l LogUniform) Validate() error { return validLevels("LogUniform", l.Low, l.High) }

// levels returns two levels of σ/α, the ends of the span in place of zeros.
func levels(p sde.SDE, low, high float64) (lo, hi float64) {
	start, end := p.Span()
	if low == 0 {
		low = math.Exp(-sde.LogSNR(p, start))
	}
	if high == 0 {
		high = math.Exp(-sde.LogSNR(p, end))
	}
	return low, high
}

func validLevels(name string, low, high float64) error {
	switch {
	case !(low >= 0 && finite(low)):
		return fmt.Errorf("%s.Low: is %v, want a positive number, or 0 for the lowest level: %w", name, low, ErrRange)
	case !(high >= 0 && finite(high)):
		return fmt.Errorf("%s.High: is %v, want a positive number, or 0 for the highest level: %w", name, high, ErrRange)
	case high != 0 && low >= high:
		return fmt.Errorf("%s.Low: is %v, want less than High, %v: %w", name, low, high, ErrRange)
	}
	return nil
}
