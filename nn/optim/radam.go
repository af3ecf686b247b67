package optim

import (
	"math"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// RAdam is Adam with a rate that follows how well the second moments are known,
// in place of a warm-up (Liu et al. 2020). With ρ∞ = 2/(1−β₂) − 1 and
// ρ = ρ∞ − 2tβ₂ᵗ/(1−β₂ᵗ) at step t = 1, 2, …, m and v as in Adam,
//
//	m̂ = m/(1−β₁ᵗ),   r² = (ρ−4)(ρ−2)ρ∞ / ((ρ∞−4)(ρ∞−2)ρ)
//	θ ← θ(1−ηλ) − η m̂                           while ρ ≤ 5
//	θ ← θ(1−ηλ) − η r m̂ √(1−β₂ᵗ)/(√v + ε)       after that.
//
// The first steps have the length of the gradient, not of the rate: clip it. The
// limit of 5 is that of common implementations, the paper has 4. The zero value
// is ready for use.
type RAdam[T ad.Float] struct {
	Beta1       float64 // on (0, 1); zero means 0.9
	Beta2       float64 // on (0, 1); zero means 0.99
	Epsilon     float64 // positive; zero means 1e-8
	WeightDecay float64 // λ on [0, 100], decoupled as Adam's

	state vectors[T] // m, v
	now   struct {
		moments[T]
		keep, rate, eps T
		adapted         bool
	}
}

// Begin implements Optimizer.
func (a *RAdam[T]) Begin(n, step int, rate float64) (share bool) {
	a.state.begin(step, n, n)
	b := betasOf(a.Beta1, a.Beta2, a.Epsilon, a.WeightDecay)
	c1, c2 := b.corrections(step)
	k := &a.now
	k.moments, k.keep, k.eps = momentsOf[T](b), keep[T](rate, b.decay), T(b.eps)

	end := 2/(1-b.beta2) - 1
	ρ := end - 2*(float64(step)+1)*(1-c2)/c2
	k.adapted = ρ > 5
	factor := 1 / c1
	if k.adapted {
		factor *= math.Sqrt(c2 * (ρ - 4) * (ρ - 2) * end / ((end - 4) * (end - 2) * ρ))
	}
	k.rate = T(rate * factor)
	return true
}

// Update implements Optimizer.
func (a *RAdam[T]) Update(theta, grad []T, from int) {
	k, n := a.now, len(theta)
	m, v := a.state.of(0, from, n), a.state.of(1, from, n)
	for i, g := range grad {
		g = kernel.Bounded(g)
		k.next(&m[i], &v[i], g)
		move := T(k.rate * m[i])
		if k.adapted {
			move /= sqrt(v[i]) + k.eps
		}
		theta[i] = T(theta[i]*k.keep) - move
	}
}

// State implements Optimizer: the moments m and v.
func (a *RAdam[T]) State() [][]T { return a.state }

// Validate implements Validator.
func (a *RAdam[T]) Validate() error {
	return betasError[T]("RAdam", a.Beta1, a.Beta2, a.Epsilon, a.WeightDecay)
}

var (
	_ Optimizer[float32] = (*RAdam[float32])(nil)
	_ nn.Validator       = (*RAdam[float32])(nil)
)
