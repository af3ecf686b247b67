package score

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode"

	"github.com/gradlogp/gradlogp/nn"
)

// Measured is what a Measure found.
type Measured struct {
	Name  string
	Value float64 // NaN at steps without a look
}

// Measure is a Recorder that evaluates the model in training every so many steps,
// say the likelihood of held-out rows, and tells another Recorder of it beside
// all else: CSV has a column more, JSONLines a field at the steps that have it. A
// Measure may be the other Recorder of a Measure. The run itself does not change.
type Measure struct {
	// Name names the column: letters, digits and underscores.
	Name string
	// Every is the number of steps from one look to the next; 0 is 1,000. There
	// is one after the last step that the Settings ask for in any case.
	Every int
	// Of returns the measure. It is called when the model has got the moving
	// average of the weights so far (see Metrics.Publish); an error ends the run.
	Of func() (float64, error)
	// To is told of every step.
	To Recorder

	all []Measured
}

// Record implements Recorder.
func (r *Measure) Record(m Metrics) error {
	value, every := math.NaN(), cmp.Or(r.Every, 1000)
	if m.Step%every == 0 || m.Step == m.Steps {
		if err := m.Publish(); err != nil {
			return err
		}
		var err error
		if value, err = r.Of(); err != nil {
			return fmt.Errorf("measure %s: %w", r.Name, err)
		}
	}
	r.all = append(append(r.all[:0], m.Measures...), Measured{r.Name, value})
	m.Measures = r.all
	return r.To.Record(m)
}

// Validate implements nn.Validator; Fit asks it before the first step.
func (r *Measure) Validate() error {
	odd := func(c rune) bool { return c != '_' && !unicode.IsLetter(c) && !unicode.IsDigit(c) }
	switch {
	case r.Name == "" || slices.ContainsFunc([]rune(r.Name), odd):
		return fmt.Errorf("%w: Measure.Name is %q, want letters, digits and underscores", ErrRange, r.Name)
	case slices.Contains([]string{"step", "steps", "loss", "grad_norm", "rate", "held_out"}, r.Name):
		return fmt.Errorf("%w: Measure.Name is %q, which every step has already", ErrRange, r.Name)
	case r.Every < 0:
		return fmt.Errorf("%w: Measure.Every is %d, want a positive number, or 0 for the default", ErrRange, r.Every)
	case r.Of == nil:
		return fmt.Errorf("%w: Measure.Of is nil, want a function", ErrRange)
	case r.To == nil:
		return fmt.Errorf("%w: Measure.To is nil, want a Recorder", ErrRange)
	}
	return nn.Validate(r.To)
}

// Validate implements nn.Validator.
func (all Recorders) Validate() error {
	var err error
	for _, r := range all {
		err = errors.Join(err, nn.Validate(r))
	}
	return err
}
