package sde

import (
	"errors"
	"fmt"
	"math"
)

// ErrRange is wrapped by errors about a process with impossible settings.
var ErrRange = errors.New("sde: value out of range")

const badDimension = "sde: dimension mismatch"

// Validator is implemented by processes with settings that can be wrong; all
// processes of this package are. Validate names the field and its value.
type Validator interface {
	Validate() error
}

// Validate checks a process before it is used for a run: it is set, its own
// Validate (if it has one) is content, its span is finite and increasing, and
// at both ends of the span α and σ are positive and finite, the signal-to-noise
// ratio α/σ decreasing in between. Errors wrap ErrRange.
//
// The verbs that run for long (training, sampling) call it once; Kernel and
// Rates check nothing.
func Validate(p SDE) error {
	if p == nil {
		return fmt.Errorf("%w: the process is nil, want an SDE", ErrRange)
	}
	if v, ok := p.(Validator); ok {
		if err := v.Validate(); err != nil {
			return err
		}
	}
	start, end := p.Span()
	if !(start >= 0 && start < end && end <= math.MaxFloat64) {
		return fmt.Errorf("%w: span of %T is [%v, %v], want 0 <= start < end < Inf", ErrRange, p, start, end)
	}
	for _, t := range [...]float64{start, end} {
		alpha, sigma := p.Kernel(t)
		if !positive(alpha) || !positive(sigma) {
			return fmt.Errorf("%w: kernel of %T at t = %v is α = %v, σ = %v, want both positive and finite",
				ErrRange, p, t, alpha, sigma)
		}
	}
	if first, last := LogSNR(p, start), LogSNR(p, end); first <= last {
		return fmt.Errorf("%w: log(α/σ) of %T is %v at the start and %v at the end of the span, want it to decrease",
			ErrRange, p, first, last)
	}
	return nil
}

func positive(x float64) bool { return x > 0 && x <= math.MaxFloat64 }

func orDefault(x, value float64) float64 {
	if x == 0 {
		return value
	}
	return x
}

// increasing checks 0 < lo < hi < ∞ for two named fields.
func increasing(loName string, lo float64, hiName string, hi float64) error {
	switch {
	case !positive(lo):
		return fmt.Errorf("%w: %s = %v, want it positive and finite", ErrRange, loName, lo)
	case !positive(hi):
		return fmt.Errorf("%w: %s = %v, want it positive and finite", ErrRange, hiName, hi)
	case lo >= hi:
		return fmt.Errorf("%w: %s = %v is not below %s = %v", ErrRange, loName, lo, hiName, hi)
	}
	return nil
}
