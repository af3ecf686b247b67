package optim

import (
	"errors"
	"math"

	"github.com/gradlogp/gradlogp/nn"
)

// Rate is a learning-rate schedule: the rate of each step, counted from 0.
type Rate interface {
	At(step int) float64
}

// Constant is the same rate at every step.
type Constant float64

// At implements Rate.
func (c Constant) At(int) float64 { return float64(c) }

// Validate implements Validator.
func (c Constant) Validate() error {
	return positiveError("Constant", float64(c))
}

// WarmUp climbs to the first rate of Then in equal steps and then follows it:
//
//	η_s = (s+1)/Steps · Then_0 for s < Steps,   Then_{s−Steps} after that.
//
// A climb that starts at 0, as some codes have it, is At(s−1).
type WarmUp struct {
	Steps int
	Then  Rate
}

// At implements Rate.
func (w WarmUp) At(step int) float64 {
	if step < w.Steps {
		return w.Then.At(0) * float64(step+1) / float64(w.Steps)
	}
	return w.Then.At(step - w.Steps)
}

// Validate implements Validator.
func (w WarmUp) Validate() error {
	return errors.Join(
		rangeError(w.Steps >= 0, "WarmUp.Steps", w.Steps, "a number ≥ 0"),
		rangeError(w.Then != nil, "WarmUp.Then", w.Then, "a Rate"),
		nn.Validate(w.Then),
	)
}

// Cosine falls from Peak to Floor along half a cosine and stays there:
//
//	η_s = Floor + ½(Peak−Floor)(1 + cos(π min(s/Steps, 1)))
//
// (Loshchilov & Hutter 2017, without restarts; see CosineRestarts).
type Cosine struct {
	Peak, Floor float64
	Steps       int
}

// At implements Rate.
func (c Cosine) At(step int) float64 {
	if step >= c.Steps {
		return c.Floor
	}
	return c.Floor + (c.Peak-c.Floor)*(1+math.Cos(math.Pi*float64(step)/float64(c.Steps)))/2
}

// Validate implements Validator.
func (c Cosine) Validate() error {
	return errors.Join(
		positiveError("Cosine.Peak", c.Peak),
		rangeError(c.Floor >= 0 && c.Floor <= c.Peak, "Cosine.Floor", c.Floor, "a number on [0, Peak]"),
		stepsError("Cosine.Steps", c.Steps),
	)
}

// positiveError, factorError and stepsError are the checks that rates share.
func positiveError(field string, v float64) error {
	return rangeError(v > 0 && !math.IsInf(v, 1), field, v, "a positive number")
}

func factorError(field string, v float64) error {
	return rangeError(v > 0 && v <= 1, field, v, "a number on (0, 1]")
}

func stepsError(field string, v int) error { return rangeError(v > 0, field, v, "a positive number") }

// RecipeRate returns the schedule that goes with the zero value
// of Adam for a run of the given number of steps: 500 steps of warm-up (an
// eighth of a run shorter than 4,000) to 6e-3, then a cosine to 1 % of it.
func RecipeRate(steps int) Rate {
	return recipeRate(6e-3, steps)
}

// RecipeRateSOAP returns the schedule that goes with RecipeMLP and the zero value of SOAP,
// RecipeRate with a peak of 1.5e-2.
func RecipeRateSOAP(steps int) Rate { return recipeRate(1.5e-2, steps) }

func recipeRate(peak float64, steps int) Rate {
	climb := min(500, steps/8)
	return WarmUp{Steps: climb, Then: Cosine{Peak: peak, Floor: 0.01 * peak, Steps: steps - climb}}
}

var (
	_ Rate         = Constant(0)
	_ Rate         = WarmUp{}
	_ Rate         = Cosine{}
	_ nn.Validator = Constant(0)
	_ nn.Validator = WarmUp{}
	_ nn.Validator = Cosine{}
)
