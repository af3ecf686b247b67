package optim

import (
	"fmt"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
)

// Optimizer changes parameters along a gradient.
type Optimizer[T ad.Float] interface {
	// Step updates theta in place. The steps of a run count from 0, and step 0
	// starts from a clean state. grad is not changed; that it is finite is the
	// caller's concern (ClipNorm tells). Step does not allocate after step 0.
	// It panics when the lengths differ from each other or from the state's.
	Step(theta, grad []T, step int, rate float64)
	// State returns the vectors that the next step depends on, besides theta
	// and the step's number, to be saved and to be restored in place. They
	// have theta's length from step 0 on.
	State() [][]T
}

// rangeError returns the error for a field unless ok.
func rangeError(ok bool, field string, value any, want string) error {
	if ok {
		return nil
	}
	return fmt.Errorf("optim: %s: is %v, want %s: %w", field, value, want, nn.ErrRange)
}

const badLength = "optim: vector has the wrong length"
