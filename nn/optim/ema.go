package optim

import (
	"cmp"
	"errors"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// EMA averages the parameters over the steps of a run:
//
//	shadow ← β shadow + (1−β) θ,   β = min(Decay, (1+n)/(10+n)) at update n = 1, 2, …
//
// The warm-up of β forgets the initial weights, which a fixed β of 0.999 would
// remember for thousands of steps. By replaces this rule by another one: a
// half-life, or the power function of Karras et al. 2024.
type EMA[T ad.Float] struct {
	Decay float64   // on (0, 1); zero means 0.999
	Plain bool      // β = Decay throughout
	By    Averaging // gives β instead; nil means the rule above
}

// Update moves shadow towards theta. Steps count from 0: n = step+1. Update
// panics when the lengths differ.
func (e EMA[T]) Update(shadow, theta []T, step int) {
	mustHaveLength("EMA.Update: shadow", len(shadow), len(theta))
	kernel.EMA(shadow, theta, e.decay(step))
}

// decay returns β of a step.
func (e EMA[T]) decay(step int) float64 {
	if e.By != nil {
		return e.By.Beta(step)
	}
	decay := cmp.Or(e.Decay, 0.999)
	if n := float64(step) + 1; !e.Plain {
		decay = min(decay, (1+n)/(10+n))
	}
	return decay
}

// Validate implements Validator.
func (e EMA[T]) Validate() error {
	return errors.Join(fractionError("EMA.Decay", e.Decay), nn.Validate(e.By))
}

var _ nn.Validator = EMA[float32]{}
