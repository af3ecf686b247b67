package score

import (
	"errors"
	"fmt"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
)

// Trajectories trains the map of a model with Config.FlowMap by regression (Luhman &
// Luhman 2021, of all pairs of times instead of the two ends): the probability
// flow of Settings.Teacher is followed from the highest noise to the data, and of two
// points y_t, y_r of a way
//
//	‖F̄(y_t, t, r) − (y_r − y_t)/(θ_t − θ_r)‖²
//
// is the loss. Rows with r = t learn the teacher's field. The ways start from noisy rows of
// the data and follow Heun's method; a store of them is renewed bit by bit.
type Trajectories struct {
	// Same is the share of the rows with r = t, which train the score; 0 is .25.
	Same float64
	// Data is the share of the other rows that go all the way to the data; 0 is .5.
	Data float64
	// Steps is the number of steps of a way, from 4 on, of two evaluations of the teacher each; 0 is 32.
	Steps int
	// Kept is how many ways are in store; 0 is 32·Batch, fewer where they are more than
	// 2²³ numbers.
	Kept int
	// Fresh is how many of them are renewed in a training step; 0 is Batch/32, which
	// takes about as long as the rest of the step.
	Fresh int
}

// Jump implements MapObjective, for the rows that are on no way.
func (o Trajectories) Jump(own, _, _ float64) (end, near float64) { return own, 1 }

// Loss returns the loss of each row.
func (o Trajectories) Loss(b *nn.Build, f Fields, d Batch) *ad.Expr { return fieldLoss{}.Loss(b, f, d) }

// Validate implements nn.Validator.
func (o Trajectories) Validate() error {
	errs := []error{validShare("Trajectories.Same", o.Same), validShare("Trajectories.Data", o.Data)}
	for _, f := range []struct {
		name        string
		value, most int
	}{{"Steps", o.Steps, 1 << 10}, {"Kept", o.Kept, 1 << 20}, {"Fresh", o.Fresh, 1 << 20}} {
		if f.value < 0 || f.value > f.most {
			errs = append(errs, fmt.Errorf("%s: is %d, want a positive number up to %d, or 0 for the default: %w", "Trajectories."+f.name, f.value, f.most, ErrRange))
		}
	}
	if o.Steps > 0 && o.Steps < 4 {
		errs = append(errs, fmt.Errorf("Trajectories.Steps: is %d, want 4 or more, or 0 for 32: %w", o.Steps, ErrRange))
	}
	return errors.Join(errs...)
}

var (
	_ MapObjective = Trajectories{}
	_ nn.Validator = Trajectories{}
)
