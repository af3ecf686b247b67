package nn

import (
	"cmp"
	"errors"
	"math"

	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// Adam is the optimiser of Kingma & Ba 2015. At step t = 1, 2, … with rate η,
//
//	m ← β₁m + (1−β₁)g,   v ← β₂v + (1−β₂)g²
//	θ ← θ(1−ηλ) − η (m/(1−β₁ᵗ)) / (√(v/(1−β₂ᵗ)) + ε).
//
// With a weight decay λ it is AdamW (Loshchilov & Hutter 2019): the decay does
// not pass through the moments.
//
// The zero value is ready for use. Its β₂ is lower than the usual 0.999, whose
// memory of a thousand steps is too long for the short runs of small networks.
type Adam[T ad.Float] struct {
	Beta1       float64 // on (0, 1); zero means 0.9
	Beta2       float64 // on (0, 1); zero means 0.99
	Epsilon     float64 // positive; zero means 1e-8
	WeightDecay float64 // λ ≥ 0

	m, v []T
}

// Step implements Optimizer.
func (a *Adam[T]) Step(theta, grad []T, step int, rate float64) {
	s := a.begin(theta, grad, step, rate)
	kernel.Adam(theta, a.m, a.v, grad, s)
}

// begin prepares the moments and returns the numbers of a step.
func (a *Adam[T]) begin(theta, grad []T, step int, rate float64) kernel.AdamStep {
	if step == 0 {
		a.reset(len(theta))
	}
	if len(grad) != len(theta) || len(a.m) != len(theta) {
		panic(badLength)
	}
	beta1, beta2, t := cmp.Or(a.Beta1, 0.9), cmp.Or(a.Beta2, 0.99), float64(step+1)
	return kernel.AdamStep{
		Rate:     rate,
		Beta1:    beta1,
		Beta2:    beta2,
		Eps:      cmp.Or(a.Epsilon, 1e-8),
		Decay:    a.WeightDecay,
		Correct1: 1 - math.Pow(beta1, t),
		Correct2: 1 - math.Pow(beta2, t),
	}
}

// reset sets the moments to n zeros each.
func (a *Adam[T]) reset(n int) {
	if len(a.m) != n {
		a.m, a.v = make([]T, n), make([]T, n)
		return
	}
	clear(a.m)
	clear(a.v)
}

// State implements Optimizer: the moments m and v.
func (a *Adam[T]) State() [][]T { return [][]T{a.m, a.v} }

// Validate implements Validator.
func (a *Adam[T]) Validate() error {
	return errors.Join(
		rangeError(a.Beta1 >= 0 && a.Beta1 < 1, "Adam.Beta1", a.Beta1, "a number on (0, 1), or 0 for the default"),
		rangeError(a.Beta2 >= 0 && a.Beta2 < 1, "Adam.Beta2", a.Beta2, "a number on (0, 1), or 0 for the default"),
		rangeError(a.Epsilon >= 0 && !math.IsInf(a.Epsilon, 1), "Adam.Epsilon", a.Epsilon, "a positive number, or 0 for the default"),
		rangeError(a.WeightDecay >= 0 && !math.IsInf(a.WeightDecay, 1), "Adam.WeightDecay", a.WeightDecay, "a number ≥ 0"),
	)
}

var (
	_ Optimizer[float32] = (*Adam[float32])(nil)
	_ Validator          = (*Adam[float32])(nil)
)
