package record

import (
	"errors"
	"fmt"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/score"
)

// All tells several Recorders of every step, in order, each also when one
// before it fails.
type All []score.Recorder

// Record implements score.Recorder. It returns the errors of all.
func (all All) Record(m score.Metrics) error {
	var err error
	for _, r := range all {
		if e := r.Record(m); e != nil {
			err = errors.Join(err, e)
		}
	}
	return err
}

// Validate implements nn.Validator; Fit asks it before the first step.
func (all All) Validate() error {
	var err error
	for i, r := range all {
		if r == nil {
			err = errors.Join(err, fmt.Errorf("record: All[%d]: is nil, want a score.Recorder: %w", i, score.ErrRange))
			continue
		}
		err = errors.Join(err, nn.Validate(r))
	}
	return err
}
