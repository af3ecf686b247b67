package optim

import (
	"math"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// AMSGrad is Adam with second moments that do not shrink, for which Reddi et al.
// 2018 prove convergence where Adam's fails. At step t = 1, 2, …
//
//	m ← β₁m + (1−β₁)g,   v ← β₂v + (1−β₂)g²,   w ← max(w, v)
//	θ ← θ(1−ηλ) − η (m/(1−β₁ᵗ)) / (√(w/(1−β₂ᵗ)) + ε).
//
// The corrections of the start are Adam's, as is usual; the paper has none. The
// zero value is ready for use.
type AMSGrad[T ad.Float] struct {
	Beta1       float64 // on (0, 1); zero means 0.9
	Beta2       float64 // on (0, 1); zero means 0.99
	Epsilon     float64 // positive; zero means 1e-8
	WeightDecay float64 // λ on [0, 100], decoupled as Adam's

	state vectors[T] // m, v, w
	now   struct {
		moments[T]
		keep, rate, root, eps T
	}
}

// Begin implements Optimizer.
func (a *AMSGrad[T]) Begin(n, step int, rate float64) (share bool) {
	a.state.begin(step, n, n, n)
	b := betasOf(a.Beta1, a.Beta2, a.Epsilon, a.WeightDecay)
	c1, c2 := b.corrections(step)
	k := &a.now
	k.moments, k.keep = momentsOf[T](b), keep[T](rate, b.decay)
	k.rate, k.root, k.eps = T(rate/c1), T(1/math.Sqrt(c2)), T(b.eps)
	return true
}

// Update implements Optimizer.
func (a *AMSGrad[T]) Update(theta, grad []T, from int) {
	k, n := a.now, len(theta)
	m, v, w := a.state.of(0, from, n), a.state.of(1, from, n), a.state.of(2, from, n)
	for i, g := range grad {
		g = kernel.Bounded(g)
		k.next(&m[i], &v[i], g)
		w[i] = max(w[i], v[i])
		theta[i] = T(theta[i]*k.keep) - T(k.rate*m[i])/(T(sqrt(w[i])*k.root)+k.eps)
	}
}

// State implements Optimizer: the moments m and v, and the largest v so far.
func (a *AMSGrad[T]) State() [][]T { return a.state }

// Validate implements Validator.
func (a *AMSGrad[T]) Validate() error {
	return betasError[T]("AMSGrad", a.Beta1, a.Beta2, a.Epsilon, a.WeightDecay)
}

var (
	_ Optimizer[float32] = (*AMSGrad[float32])(nil)
	_ nn.Validator       = (*AMSGrad[float32])(nil)
)
