package score

import (
	"fmt"

	"github.com/gradlogp/gradlogp/nn/optim"
)

// Again returns the settings of a second run, of a new model on the same Rows, that
// learns from those that this run has held out, too. Of few rows every tenth counts: see
// "Few rows" in the package's documentation for what it gains.
//
// They are those of s, this run's own, which may be nil, but without Validation, Checkpoints
// and Recorder, which belong to one model, with the Rate of this run, and with as many
// steps as make as many passes over all rows as this run made over its own up to the best
// look, at most those that it was to have:
//
//	min(Recipe.Steps, BestStep · n/(n−h))
//
// for h of n rows held out. It returns an error wrapping ErrRange when this run has held
// out no rows of its data, or no look after a step was the best.
func (r *Result) Again(s *Settings) (*Settings, error) {
	switch {
	case r == nil || r.split == 0:
		return nil, fmt.Errorf("score: Again: the run has held out no rows of its data: %w", ErrRange)
	case r.BestStep == 0:
		return nil, fmt.Errorf("score: Again: no look at the held-out rows found a loss below that before the first step, so there is nothing to learn again: %w", ErrRange)
	}
	var c Settings
	if s != nil {
		c = *s
	}
	if c.Rate == nil {
		c.Rate = optim.RecipeRate(r.Recipe.Steps)
		if r.Recipe.SOAP {
			c.Rate = optim.RecipeRateSOAP(r.Recipe.Steps)
		}
	}
	c.Validation, c.Checkpoints, c.Recorder = Validation{Rows: None}, Checkpoints{}, nil
	c.Steps = min(r.Recipe.Steps, (r.BestStep*(r.trained+r.split)+r.trained/2)/r.trained)
	return &c, nil
}
