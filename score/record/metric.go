package record

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"unicode"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/score"
)

// Metric is a score.Recorder that evaluates the model in training every so many
// steps, say the likelihood of held-out rows, and tells another Recorder of it
// beside all else: CSV has a column more, JSONLines a field at the steps that
// have it. A Metric may be the other Recorder of a Metric. The run itself does not
// change.
type Metric struct {
	// Name names the column: letters, digits and underscores.
	Name string
	// Every is the number of steps from one look to the next; 0 is 1,000. There
	// is one after the last step that the Settings ask for in any case.
	Every int
	// Of returns the number. It is called when the model has got the moving
	// average of the weights so far (see Metrics.Publish); an error ends the run.
	Of func() (float64, error)
	// To is told of every step.
	To score.Recorder

	all []score.MetricValue
}

// Record implements score.Recorder.
func (r *Metric) Record(m score.Metrics) error {
	value, every := math.NaN(), cmp.Or(r.Every, 1000)
	if m.Step%every == 0 || m.Step == m.Steps {
		if err := m.Publish(); err != nil {
			return err
		}
		var err error
		if value, err = r.Of(); err != nil {
			return fmt.Errorf("metric %s: %w", r.Name, err)
		}
	}
	r.all = append(append(r.all[:0], m.Extra...), score.MetricValue{Name: r.Name, Value: value})
	m.Extra = r.all
	return r.To.Record(m)
}

// Validate implements nn.Validator; Fit asks it before the first step.
func (r *Metric) Validate() error {
	odd := func(c rune) bool { return c != '_' && !unicode.IsLetter(c) && !unicode.IsDigit(c) }
	switch {
	case r.Name == "" || slices.ContainsFunc([]rune(r.Name), odd):
		return fmt.Errorf("Metric.Name: is %q, want letters, digits and underscores: %w", r.Name, score.ErrRange)
	case slices.Contains([]string{"step", "steps", "loss", "grad_norm", "rate", "held_out"}, r.Name):
		return fmt.Errorf("Metric.Name: is %q, which every step has already: %w", r.Name, score.ErrRange)
	case r.Every < 0:
		return fmt.Errorf("Metric.Every: is %d, want a positive number, or 0 for the default: %w", r.Every, score.ErrRange)
	case r.Of == nil:
		return fmt.Errorf("Metric.Of: is nil, want a function: %w", score.ErrRange)
	case r.To == nil:
		return fmt.Errorf("Metric.To: is nil, want a score.Recorder: %w", score.ErrRange)
	}
	return nn.Validate(r.To)
}
