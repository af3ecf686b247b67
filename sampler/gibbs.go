package sampler

import (
	"cmp"
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/sde"
)

var (
	_ Corrector = Gibbs{}
	_ Coupler   = Gibbs{}
)

// Gibbs is the corrector that draws x_v given x_u for a later time v, by the
// exact transition of the process, and then x_u given x_v by a predictor:
//
//	x_v = a x_u + √q z,   x_u = Back(x_v),   σ_v/α_v = (1 + Rise) σ_u/α_u,               (46)
//
// the two halves of a Gibbs sampler on the pair, and what RePaint (Lugmayr et
// al. 2022) calls resampling; with Replace for Back it is RePaint. Its only error is that of the predictor, which
// vanishes with the step, and with more Substeps.
type Gibbs struct {
	// Back is the way back; nil means DDIM{Eta: 1}, which draws from
	// q(x_u | x_v, x₀ = D).
	Back Predictor
	// Rise is how far up to go; 0 means 0.25. The end of the span is the
	// farthest: there is nothing to do at the end itself.
	Rise float64
	// Substeps is the number of steps back, of equal size in log(α/σ); 0
	// means 1, after which draws with the default Back are too narrow: see Replace.
	Substeps int
	// Steps is how often the pair is drawn; 0 means 1.
	Steps int
}

// Validate returns an error wrapping ErrRange that names an impossible field.
func (c Gibbs) Validate() error {
	if c.Back != nil && unset(c.Back) {
		return fmt.Errorf("Gibbs.Back: is a nil %T, want nil or a predictor: %w", c.Back, ErrUnset)
	}
	return cmp.Or(
		nonNegative("Gibbs", "Rise", c.Rise), nonNegative("Gibbs", "Substeps", c.Substeps), nonNegative("Gibbs", "Steps", c.Steps),
		validate("Gibbs.Back: ", c.Back),
	)
}

// CouplesRows reports whether Back does.
func (c Gibbs) CouplesRows() bool { return couples(c.Back) }

// Correct implements Corrector. It returns the errors of Back.
func (c Gibbs) Correct(s *Step) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if c.Back == nil {
		c.Back = DDIM{Eta: 1}
	}
	c.Rise = cmp.Or(c.Rise, 0.25)
	c.Substeps = cmp.Or(c.Substeps, 1)
	c.Steps = cmp.Or(c.Steps, 1)
	_, end := s.Span()
	here := sde.LogSNR(s, s.At)
	top := min(end, timeAt(s.SDE, here-math.Log1p(c.Rise)))
	if !(top > s.At) {
		s.Mean.Copy(s.X)
		return nil
	}
	rise := here - sde.LogSNR(s, top)
	a, q := sde.Transition(s, s.At, top)
	// Each update has slots of its own, in all of the run: they go back over
	// times that other steps' have crossed, and are not on one path with them.
	in := s.within()
	in.slots = max(slotsOfUpdate, drawsOf(c.Back))
	in.slot0 = (s.K*c.Steps*(c.Substeps+1) - 1) * in.slots
	for range c.Steps {
		in.slot0 += in.slots
		in.Normal(in.Mean, 0)
		s.Combine(in.X, a, in.X, math.Sqrt(q), in.Mean)
		in.past = in.past[:0]
		in.U = top
		for j := range c.Substeps {
			in.T, in.U = in.U, s.At
			if j+1 < c.Substeps {
				in.U = timeAt(s.SDE, here-rise*(1-float64(j+1)/float64(c.Substeps)))
			}
			in.At = in.T
			in.slot0 += in.slots
			if err := c.Back.Predict(in); err != nil {
				return err
			}
		}
	}
	s.evals, s.failures = in.evals, in.failures
	return nil
}

// within returns a Step for updates inside of this one, on the same state. Its
// history and what it keeps are its own.
func (s *Step) within() *Step {
	if s.inner == nil {
		s.inner = new(Step)
	}
	in := s.inner
	past, scratch, solver, inner := in.past, in.scratch, in.solver, in.inner
	*in = *s
	in.past, in.scratch, in.solver, in.inner = past, scratch, solver, inner
	return in
}

// slotsOfUpdate is how many slots an update inside of another has to itself, unless its
// predictor is a Drawer that needs more.
const slotsOfUpdate = 16

// drawsOf returns how many slots a predictor uses at most.
func drawsOf(p Predictor) int {
	if of, ok := p.(Drawer); ok {
		return of.Draws()
	}
	return slotsOfUpdate - 1
}
