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
	WeightDecay float64 // λ on [0, 100]

	state vectors[T] // m, v
	now   kernel.AdamStep
}

// Begin implements Optimizer.
func (a *Adam[T]) Begin(n, step int, rate float64) (share bool) {
	a.state.begin(step, n, n)
	b := betasOf(a.Beta1, a.Beta2, a.Epsilon, a.WeightDecay)
	a.now = b.step(step, rate)
	return true
}

// Update implements Optimizer.
func (a *Adam[T]) Update(theta, grad []T, from int) {
	n := len(theta)
	kernel.Adam(theta, a.state.of(0, from, n), a.state.of(1, from, n), grad, a.now)
}

// updateEMA is Update and the moving average, in one pass over memory.
func (a *Adam[T]) updateEMA(theta, grad, shadow []T, from int, decay float64) {
	n := len(theta)
	kernel.AdamEMA(theta, a.state.of(0, from, n), a.state.of(1, from, n), grad, shadow, a.now, decay)
}

// State implements Optimizer: the moments m and v.
func (a *Adam[T]) State() [][]T { return a.state }

// Validate implements Validator.
func (a *Adam[T]) Validate() error {
	return betasError[T]("Adam", a.Beta1, a.Beta2, a.Epsilon, a.WeightDecay)
}

var (
	_ Optimizer[float32] = (*Adam[float32])(nil)
	_ nn.Validator       = (*Adam[float32])(nil)
)
