package optim

import (
	"cmp"
	"errors"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// RMSprop divides the gradient by its recent size (Tieleman & Hinton 2012),
// which may be taken about its mean (Graves 2013), and may add momentum:
//
//	v ← αv + (1−α)g²,   a ← αa + (1−α)g
//	n = g / (√v + ε)                    g / (√(v−a²) + ε) when Centered
//	b ← μb + n,   θ ← θ(1−ηλ) − ηb.
//
// The zero value is ready for use.
type RMSprop[T ad.Float] struct {
	Alpha       float64 // on (0, 1); zero means 0.99
	Epsilon     float64 // positive; zero means 1e-8
	Momentum    float64 // μ on [0, 1)
	Centered    bool
	WeightDecay float64 // λ on [0, 100], decoupled as Adam's

	state vectors[T] // v, b if there is momentum, a if centred
	now   struct{ alpha, gain, eps, momentum, keep, rate T }
}

// Begin implements Optimizer.
func (r *RMSprop[T]) Begin(n, step int, rate float64) (share bool) {
	count := 1
	if r.Momentum > 0 {
		count++
	}
	if r.Centered {
		count++
	}
	lengths := [...]int{n, n, n}
	r.state.begin(step, lengths[:count]...)
	alpha := cmp.Or(r.Alpha, 0.99)
	k := &r.now
	k.alpha, k.gain, k.eps = T(alpha), T(1-alpha), T(cmp.Or(r.Epsilon, 1e-8))
	k.momentum, k.keep, k.rate = T(r.Momentum), keep[T](rate, r.WeightDecay), T(rate)
	return true
}

// Update implements Optimizer.
func (r *RMSprop[T]) Update(theta, grad []T, from int) {
	k, n := r.now, len(theta)
	v := r.state.of(0, from, n)
	var momentum, mean []T
	if r.Momentum > 0 {
		momentum = r.state.of(1, from, n)
	}
	if r.Centered {
		mean = r.state.of(len(r.state)-1, from, n)
	}
	for i, g := range grad {
		g = kernel.Bounded(g)
		v[i] = T(k.alpha*v[i]) + T(k.gain*T(g*g))
		size := v[i]
		if mean != nil {
			mean[i] = T(k.alpha*mean[i]) + T(k.gain*g)
			size = max(size-T(mean[i]*mean[i]), 0) // rounding may leave less than nothing
		}
		move := g / (sqrt(size) + k.eps)
		if momentum != nil {
			momentum[i] = T(k.momentum*momentum[i]) + move
			move = momentum[i]
		}
		theta[i] = T(theta[i]*k.keep) - T(k.rate*move)
	}
}

// State implements Optimizer: v, then b with momentum, then a when centred.
func (r *RMSprop[T]) State() [][]T { return r.state }

// Validate implements Validator.
func (r *RMSprop[T]) Validate() error {
	return errors.Join(
		fractionError("RMSprop.Alpha", r.Alpha),
		epsilonError[T]("RMSprop", r.Epsilon),
		rangeError(r.Momentum >= 0 && r.Momentum < 1, "RMSprop.Momentum", r.Momentum, "a number on [0, 1)"),
		decayError("RMSprop.WeightDecay", r.WeightDecay),
	)
}

var (
	_ Optimizer[float32] = (*RMSprop[float32])(nil)
	_ nn.Validator       = (*RMSprop[float32])(nil)
)
