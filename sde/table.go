package sde

import (
	"fmt"
	"math"
)

// NewDiscrete returns the process of a table of log a_i and q_i, the form that
// all others have come down to: what Table returns makes the same process, to
// the bit. It returns an error wrapping ErrRange when the lengths differ, there
// are fewer than 2 steps, a number is not finite, a q_i is negative, or the
// signal-to-noise ratio does not stay positive and finite.
func NewDiscrete(logA, q []float64) (*Discrete, error) {
	if len(logA) != len(q) || len(q) < 2 {
		return nil, fmt.Errorf("sde: logA has %d entries and q has %d, want as many and at least 2: %w", len(logA), len(q), ErrRange)
	}
	d := new(Discrete)
	for i := range q {
		if !(math.Abs(logA[i]) <= math.MaxFloat64) || !(q[i] >= 0 && q[i] <= math.MaxFloat64) {
			return nil, fmt.Errorf("sde: logA[%d] = %v, q[%d] = %v, want both finite and q not negative: %w", i, logA[i], i, q[i], ErrRange)
		}
		d.add(logA[i], q[i])
		logAlpha, variance := d.steps[i].kernel(1)
		if alpha := math.Exp(logAlpha); !positive(alpha) || !positive(variance) {
			return nil, fmt.Errorf("sde: after step %d of the table α = %v, σ² = %v, want both positive and finite: %w", i, alpha, variance, ErrRange)
		}
	}
	return d, nil
}

// Table returns log a_i and q_i of all steps, see NewDiscrete.
func (d *Discrete) Table() (logA, q []float64) {
	for _, s := range d.steps {
		logA, q = append(logA, s.f), append(q, s.q)
	}
	return logA, q
}
