package sampler

import (
	"fmt"
	"math"
)

var _ Corrector = Renoise{}

// Renoise is the corrector that replaces a part of the noise in the state by
// fresh noise,
//
//	x ← α D + σ (√(1−δ) ε̂ + √δ z).
//
// For small δ it is Langevin with e = ½ δ σ². Like it, it is biased at a fixed
// δ; as no step takes away more noise than there is, it is stable for all
// δ ≤ 1.
type Renoise struct {
	// Fraction is δ; 0 means 0.1, what Langevin with r = 0.16 amounts to.
	Fraction float64
	// Steps is the number of steps, one evaluation each; 0 means 1.
	Steps int
}

// Correct implements Corrector. It returns an error wrapping ErrRange for an
// impossible field.
func (c Renoise) Correct(s *Step) error {
	if c.Fraction == 0 {
		c.Fraction = 0.1
	}
	if c.Steps == 0 {
		c.Steps = 1
	}
	switch {
	case !(c.Fraction > 0 && c.Fraction <= 1):
		return fmt.Errorf("Renoise.Fraction = %g, expected 0 < δ ≤ 1: %w", c.Fraction, ErrRange)
	case c.Steps < 0:
		return fmt.Errorf("Renoise.Steps = %d, expected 1 or more: %w", c.Steps, ErrRange)
	}
	_, sigma := s.Kernel(s.At)
	for i := range c.Steps {
		if err := s.Score(s.Mean, s.X, s.At); err != nil {
			return err
		}
		// αD + σ√(1−δ) ε̂ = x + σ²(1 − √(1−δ)) s.
		combine(s.Mean, 1, s.X, sigma*sigma*(1-math.Sqrt(1-c.Fraction)), s.Mean)
		s.AddNoise(sigma*math.Sqrt(c.Fraction), i)
	}
	return nil
}
