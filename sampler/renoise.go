package sampler

import (
	"cmp"
	"math"
)

var _ Corrector = Renoise{}

// Renoise is the corrector that replaces a part of the noise in the state by
// fresh noise,
//
//	x ← α D + σ (√(1−δ) ε̂ + √δ z).                                                       (44)
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

// Validate returns an error wrapping ErrRange that names an impossible field.
func (c Renoise) Validate() error {
	return cmp.Or(within("Renoise", "Fraction", c.Fraction, 0, 1), nonNegative("Renoise", "Steps", c.Steps))
}

// Correct implements Corrector.
func (c Renoise) Correct(s *Step) error {
	if err := c.Validate(); err != nil {
		return err
	}
	c.Fraction = cmp.Or(c.Fraction, 0.1)
	c.Steps = cmp.Or(c.Steps, 1)
	_, sigma := s.Kernel(s.At)
	for i := range c.Steps {
		if err := s.Score(s.Mean, s.X, s.At); err != nil {
			return err
		}
		// αD + σ√(1−δ) ε̂ = x + σ²(1 − √(1−δ)) s.
		s.Combine(s.Mean, 1, s.X, sigma*sigma*(1-math.Sqrt(1-c.Fraction)), s.Mean)
		s.AddNoise(sigma*math.Sqrt(c.Fraction), i)
	}
	return nil
}
