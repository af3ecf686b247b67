package optim

import (
	"github.com/gradlogp/gradlogp/nn"
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

	state vectors[T] // m, v
	now   kernel.AdamStep
}

// Step implements Optimizer.
func (a *Adam[T]) Step(theta, grad []T, step int, rate float64) {
	stepWhole(a, theta, grad, step, rate)
}

func (a *Adam[T]) begin(n, step int, rate float64) {
	a.state.begin(2, n, step)
	b := betasOf(a.Beta1, a.Beta2, a.Epsilon, a.WeightDecay)
	c1, c2 := b.corrections(step)
	a.now = kernel.AdamStep{
		Rate: rate, Beta1: b.beta1, Beta2: b.beta2, Eps: b.eps, Decay: b.decay, Correct1: c1, Correct2: c2,
	}
}

func (a *Adam[T]) update(theta, grad []T, at int) {
	n := len(theta)
	kernel.Adam(theta, a.state.of(0, at, n), a.state.of(1, at, n), grad, a.now)
}

func (a *Adam[T]) updateEMA(theta, grad, shadow []T, at int, decay float64) {
	n := len(theta)
	kernel.AdamEMA(theta, a.state.of(0, at, n), a.state.of(1, at, n), grad, shadow, a.now, decay)
}

// State implements Optimizer: the moments m and v.
func (a *Adam[T]) State() [][]T { return a.state }

// Validate implements Validator.
func (a *Adam[T]) Validate() error {
	return betasError("Adam", a.Beta1, a.Beta2, a.Epsilon, a.WeightDecay)
}

var (
	_ Optimizer[float32] = (*Adam[float32])(nil)
	_ averager[float32]  = (*Adam[float32])(nil)
	_ nn.Validator       = (*Adam[float32])(nil)
)
