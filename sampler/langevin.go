package sampler

import (
	"cmp"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

var (
	_ Corrector = Langevin{}
	_ Coupler   = Langevin{}
)

// Langevin is the corrector that follows the unadjusted Langevin dynamics of
// p_t with step e,
//
//	x ← x + e s + √(2e) z,   e = 2 r² σ² scale(t).                                       (43)
//
// The step depends on the time only, so rows stay independent, and with
// scale ≤ 1 it is stable for every r < 1 in any dimension, because no direction
// of p_t has a variance below σ². With score_sde's scale (1 − β̃_i for VP, 1 for
// VE) it is the annealed Langevin corrector of Song et al. 2021. At a fixed r
// the bias e leaves does not vanish with more steps of the predictor.
type Langevin struct {
	// SNR is the signal-to-noise ratio r of a step; 0 means 0.16.
	SNR float64
	// Steps is the number of steps, one evaluation each; 0 means 1.
	Steps int
	// Scale multiplies the step at time t; nil means 1.
	Scale func(t float64) float64
	// BatchNorms takes the step of the published code instead,
	// e = 2 scale(t) (r mean‖z‖ / mean‖s‖)² with means over all rows. Rows
	// then depend on each other, and the step is stable only for r < 1/√d.
	BatchNorms bool
	// MinRows is the number of rows that BatchNorms asks for; 0 means 16.
	// With few rows a single small score makes the step explode: lower it
	// only to repeat a published run.
	MinRows int
}

// Validate returns an error wrapping ErrRange that names an impossible field.
func (c Langevin) Validate() error {
	return cmp.Or(nonNegative("Langevin", "SNR", c.SNR), nonNegative("Langevin", "Steps", c.Steps), nonNegative("Langevin", "MinRows", c.MinRows))
}

// CouplesRows reports whether a row's update depends on the other rows.
func (c Langevin) CouplesRows() bool { return c.BatchNorms }

// Correct implements Corrector. It returns an error wrapping ErrRange for an
// impossible Scale or too few rows.
func (c Langevin) Correct(s *Step) error {
	if err := c.Validate(); err != nil {
		return err
	}
	rows, _ := s.X.Dims()
	c.SNR = cmp.Or(c.SNR, 0.16)
	c.Steps = cmp.Or(c.Steps, 1)
	c.MinRows = cmp.Or(c.MinRows, 16)
	scale := 1.0
	if c.Scale != nil {
		scale = c.Scale(s.At)
	}
	switch {
	case !(scale >= 0) || math.IsInf(scale, 1):
		return fmt.Errorf("Langevin.Scale(%g): is %g, want a finite number ≥ 0: %w", s.At, scale, ErrRange)
	case c.BatchNorms && rows < c.MinRows:
		return fmt.Errorf("Langevin.BatchNorms: has %d rows, want %d or more: %w", rows, c.MinRows, ErrRange)
	}
	_, sigma := s.Kernel(s.At)
	score, z := s.Scratch(0), s.Scratch(1)
	for i := range c.Steps {
		if err := s.Score(score, s.X, s.At); err != nil {
			return err
		}
		s.Normal(z, i)
		r := c.SNR * sigma
		if c.BatchNorms {
			r = c.SNR * meanNorm(z) / meanNorm(score)
		}
		e := 2 * r * r * scale
		s.Combine(s.Mean, 1, s.X, e, score)
		s.Combine(s.X, 1, s.Mean, math.Sqrt(2*e), z)
	}
	return nil
}

// meanNorm returns the mean norm of the rows, leaving out rows that have
// failed so that they do not take the others with them.
func meanNorm(x *mat.Dense) float64 {
	n, _ := x.Dims()
	sum, count := 0.0, 0
	for i := range n {
		square := 0.0
		for _, v := range x.RawRowView(i) {
			square += v * v
		}
		if norm := math.Sqrt(square); !math.IsNaN(norm) && !math.IsInf(norm, 1) {
			sum += norm
			count++
		}
	}
	return sum / float64(count)
}
