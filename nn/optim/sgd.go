package optim

import (
	"errors"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
)

// SGD is stochastic gradient descent, with momentum μ (Polyak 1964), which may
// be damped by τ or look ahead (Nesterov 1983, in the form of Sutskever et al.
// 2013):
//
//	m ← μm + (1−τ)g          m = g at the first step
//	θ ← θ(1−ηλ) − η m        η(g + μm) with Nesterov.
//
// The zero value is plain gradient descent, θ ← θ − ηg. Rates suit the problem's
// curvature and are to be found by trial; unlike Adam's they have a unit.
type SGD[T ad.Float] struct {
	Momentum    float64 // μ on [0, 1)
	Dampening   float64 // τ on [0, 1)
	Nesterov    bool    // needs momentum without dampening
	WeightDecay float64 // λ on [0, 100], decoupled from the momentum (Loshchilov & Hutter 2019)

	state vectors[T] // m, if there is momentum
	now   struct{ momentum, gain, keep, rate T }
}

// Begin implements Optimizer.
func (s *SGD[T]) Begin(n, step int, rate float64) (share bool) {
	k := &s.now
	k.momentum, k.gain, k.keep, k.rate = T(s.Momentum), T(1-s.Dampening), keep[T](rate, s.WeightDecay), T(rate)
	if step == 0 {
		k.gain = 1
	}
	if s.Momentum == 0 {
		s.state = nil
		return true
	}
	s.state.begin(step, n)
	return true
}

// Update implements Optimizer.
func (s *SGD[T]) Update(theta, grad []T, from int) {
	k := s.now
	if s.state == nil {
		for i, g := range grad {
			theta[i] = T(theta[i]*k.keep) - T(k.rate*g)
		}
		return
	}
	m := s.state.of(0, from, len(theta))
	for i, g := range grad {
		m[i] = T(k.momentum*m[i]) + T(k.gain*g)
		move := m[i]
		if s.Nesterov {
			move = g + T(k.momentum*m[i])
		}
		theta[i] = T(theta[i]*k.keep) - T(k.rate*move)
	}
}

// State implements Optimizer: m, nothing without momentum.
func (s *SGD[T]) State() [][]T { return s.state }

// Validate implements Validator.
func (s *SGD[T]) Validate() error {
	return errors.Join(
		rangeError(s.Momentum >= 0 && s.Momentum < 1, "SGD.Momentum", s.Momentum, "a number on [0, 1)"),
		rangeError(s.Dampening >= 0 && s.Dampening < 1, "SGD.Dampening", s.Dampening, "a number on [0, 1)"),
		rangeError(!s.Nesterov || s.Momentum > 0 && s.Dampening == 0, "SGD.Nesterov", s.Nesterov, "false, or Momentum > 0 and Dampening = 0"),
		decayError("SGD.WeightDecay", s.WeightDecay),
	)
}

var (
	_ Optimizer[float32] = (*SGD[float32])(nil)
	_ nn.Validator       = (*SGD[float32])(nil)
)
