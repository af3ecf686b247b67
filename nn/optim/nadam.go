package optim

import (
	"cmp"
	"errors"
	"math"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// NAdam is Adam with Nesterov's momentum (Dozat 2016). With m and v as in Adam,
// and momenta that grow to β₁ with their products,
//
//	μ_t = β₁(1 − ½·0.96^{tψ}),   M_t = μ_1⋯μ_t
//	n = μ_{t+1} m/(1−M_{t+1}) + (1−μ_t) g/(1−M_t)
//	θ ← θ(1−ηλ) − η n / (√(v/(1−β₂ᵗ)) + ε)
//
// at step t = 1, 2, …. The zero value is ready for use.
type NAdam[T ad.Float] struct {
	Beta1         float64 // on (0, 1); zero means 0.9
	Beta2         float64 // on (0, 1); zero means 0.99
	Epsilon       float64 // positive; zero means 1e-8
	MomentumDecay float64 // ψ > 0; zero means 0.004
	WeightDecay   float64 // λ on [0, 100], decoupled as Adam's

	state   vectors[T] // m, v
	steps   int        // factors of product
	product float64    // M_t
	now     struct {
		moments[T]
		keep, onM, onG, root, eps T
	}
}

// Begin implements Optimizer.
func (a *NAdam[T]) Begin(n, step int, rate float64) (share bool) {
	a.state.begin(step, n, n)
	b := betasOf(a.Beta1, a.Beta2, a.Epsilon, a.WeightDecay)
	_, c2 := b.corrections(step)
	t := step + 1
	if a.steps >= t || a.steps == 0 { // another run, or one that is continued
		a.steps, a.product = 0, 1
	}
	for a.steps < t {
		a.steps++
		a.product *= a.momentum(b, a.steps)
	}
	next := a.momentum(b, t+1)
	k := &a.now
	k.moments, k.keep = momentsOf[T](b), keep[T](rate, b.decay)
	k.onM, k.onG = T(rate*next/(1-a.product*next)), T(rate*(1-a.momentum(b, t))/(1-a.product))
	k.root, k.eps = T(1/math.Sqrt(c2)), T(b.eps)
	return true
}

// momentum returns μ_t.
func (a *NAdam[T]) momentum(b betas, t int) float64 {
	return b.beta1 * (1 - 0.5*math.Pow(0.96, float64(t)*cmp.Or(a.MomentumDecay, 0.004)))
}

// Update implements Optimizer.
func (a *NAdam[T]) Update(theta, grad []T, from int) {
	k, n := a.now, len(theta)
	m, v := a.state.of(0, from, n), a.state.of(1, from, n)
	for i, g := range grad {
		g = kernel.Bounded(g)
		k.next(&m[i], &v[i], g)
		ahead := T(k.onM*m[i]) + T(k.onG*g)
		theta[i] = T(theta[i]*k.keep) - ahead/(T(sqrt(v[i])*k.root)+k.eps)
	}
}

// State implements Optimizer: the moments m and v.
func (a *NAdam[T]) State() [][]T { return a.state }

// Validate implements Validator.
func (a *NAdam[T]) Validate() error {
	return errors.Join(
		betasError[T]("NAdam", a.Beta1, a.Beta2, a.Epsilon, a.WeightDecay),
		rangeError(a.MomentumDecay >= 0 && !math.IsInf(a.MomentumDecay, 1), "NAdam.MomentumDecay", a.MomentumDecay, "a positive number, or 0 for the default"),
	)
}

var (
	_ Optimizer[float32] = (*NAdam[float32])(nil)
	_ nn.Validator       = (*NAdam[float32])(nil)
)
