package optim

import (
	"cmp"
	"errors"
	"math"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// Adagrad divides the gradient by the root of the sum of all its squares
// (Duchi et al. 2011):
//
//	s ← min(s + g², the largest number),   θ ← θ(1−ηλ) − η g / (√s + ε),   s = Initial at the start.
//
// Its steps shrink by themselves; a decay of the rate on top, η/(1+t/T), is the
// Rate InversePower{Steps: T, Power: 1}. The zero value is ready for use.
type Adagrad[T ad.Float] struct {
	Epsilon     float64 // positive; zero means 1e-10
	Initial     float64 // of s, ≥ 0
	WeightDecay float64 // λ on [0, 100], decoupled as Adam's

	state vectors[T] // s
	now   struct{ eps, keep, rate, most T }
}

// Begin implements Optimizer.
func (a *Adagrad[T]) Begin(n, step int, rate float64) (share bool) {
	a.state.begin(step, n)
	if step == 0 {
		for i := range a.state[0] {
			a.state[0][i] = T(a.Initial)
		}
	}
	a.now.most = T(math.MaxFloat32)
	if wide := math.MaxFloat64; !math.IsInf(float64(T(wide)), 1) {
		a.now.most = T(wide)
	}
	a.now.eps, a.now.keep, a.now.rate = T(cmp.Or(a.Epsilon, 1e-10)), keep[T](rate, a.WeightDecay), T(rate)
	return true
}

// Update implements Optimizer.
func (a *Adagrad[T]) Update(theta, grad []T, from int) {
	k, s := a.now, a.state.of(0, from, len(theta))
	for i, g := range grad {
		g = kernel.Bounded(g)
		s[i] = min(s[i]+T(g*g), k.most)
		theta[i] = T(theta[i]*k.keep) - T(k.rate*g)/(sqrt(s[i])+k.eps)
	}
}

// State implements Optimizer: the sums of squares.
func (a *Adagrad[T]) State() [][]T { return a.state }

// Validate implements Validator.
func (a *Adagrad[T]) Validate() error {
	return errors.Join(
		epsilonError[T]("Adagrad", a.Epsilon),
		sizeError[T]("Adagrad.Initial", a.Initial),
		decayError("Adagrad.WeightDecay", a.WeightDecay),
	)
}

var (
	_ Optimizer[float32] = (*Adagrad[float32])(nil)
	_ nn.Validator       = (*Adagrad[float32])(nil)
)
