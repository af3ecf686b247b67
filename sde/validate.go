package sde

import (
	"errors"
	"fmt"
	"math"
)

// ErrRange is wrapped by errors about a process with impossible settings.
var ErrRange = errors.New("out of range")

// Validator is implemented by processes with settings that can be wrong; all
// processes of this package are. Validate names the field and its value.
type Validator interface {
	Validate() error
}

// Validate checks a process before it is used for a run: it is set, its own
// Validate (if it has one) is content, its span is finite and increasing, and
// at both ends of the span α and σ lie between 1e-150 and 1e150, so that their
// squares are numbers too, and log(α/σ) decreases in between by 1e-6 or more.
// Errors wrap ErrRange.
//
// The verbs that run for long (training, sampling) call it once; Kernel and
// Rates check nothing.
func Validate(p SDE) error {
	if err := set(p); err != nil {
		return err
	}
	if v, ok := As[Validator](p); ok {
		if err := v.Validate(); err != nil {
			return err
		}
	}
	return ends(p, fmt.Sprintf("%T", p))
}

// set checks that there is a process.
func set(p SDE) error {
	switch {
	case p == nil:
		return fmt.Errorf("sde: the process is nil, want an SDE: %w", ErrRange)
	case missing(p):
		return fmt.Errorf("sde: the process is a nil %T, want one that is set: %w", p, ErrRange)
	}
	return nil
}

// The squares of what lies between are normal numbers.
const smallest, largest = 1e-150, 1e150

// ends checks the span and the kernel at its ends, of a process that errors call
// by its settings.
func ends(p SDE, name string) error {
	start, end := p.Span()
	if !(start >= 0 && start < end && end <= math.MaxFloat64) {
		return fmt.Errorf("sde: the span of %s is [%v, %v], want 0 <= start < end < Inf: %w", name, start, end, ErrRange)
	}
	for _, t := range [...]float64{start, end} {
		alpha, sigma := p.Kernel(t)
		if !plausible(alpha) || !plausible(sigma) {
			return fmt.Errorf("sde: the kernel of %s at t = %v is α = %v, σ = %v, want both between %v and %v: %w", name, t, alpha, sigma, smallest, largest, ErrRange)
		}
	}
	if first, last := LogSNR(p, start), LogSNR(p, end); !(first-last >= 1e-6) {
		return fmt.Errorf("sde: log(α/σ) of %s is %v at the start and %v at the end of the span, want it to decrease, by 1e-6 or more: %w", name, first, last, ErrRange)
	}
	return nil
}

func plausible(x float64) bool { return x >= smallest && x <= largest }

func positive(x float64) bool { return x > 0 && x <= math.MaxFloat64 }

func orDefault(x, value float64) float64 {
	if x == 0 {
		return value
	}
	return x
}

// increasing checks 0 < lo < hi < ∞ for two named fields, and what the process
// makes of them.
func increasing(p SDE, loName string, lo float64, hiName string, hi float64) error {
	switch {
	case !positive(lo):
		return fmt.Errorf("sde: %s: is %v, want it positive and finite: %w", loName, lo, ErrRange)
	case !positive(hi):
		return fmt.Errorf("sde: %s: is %v, want it positive and finite: %w", hiName, hi, ErrRange)
	case lo >= hi:
		return fmt.Errorf("sde: %s = %v is not below %s = %v: %w", loName, lo, hiName, hi, ErrRange)
	}
	return ends(p, fmt.Sprintf("%s = %v, %s = %v", loName, lo, hiName, hi))
}
