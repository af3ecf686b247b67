package nn

import (
	"math"

	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// Updater makes the updates of a training run on a crew's goroutines: it clips
// the gradient, steps, and averages, each with the bits of ClipNorm, of
// Optimizer.Step and of EMA.Update. With Adam the last two are one pass over
// memory.
type Updater[T ad.Float] struct {
	optimizer Optimizer[T]
	adam      *Adam[T] // the optimizer, if it is one
	ema       EMA[T]
	crew      *ad.Crew

	theta, grad, shadow []T
	sums                []float64 // of squares
	factor              T
	now                 kernel.AdamStep
	decay               float64

	square, scale, step, average func(worker, i int) // bound once
}

// stretch is the number of elements that a goroutine takes at a time. It is
// part of the definition of ClipNorm.
const stretch = 1 << 13

// NewUpdater returns an Updater. A nil crew leaves all work to the caller.
func NewUpdater[T ad.Float](o Optimizer[T], e EMA[T], crew *ad.Crew) *Updater[T] {
	u := &Updater[T]{optimizer: o, ema: e, crew: crew}
	// An Adam itself only: what embeds one may have a Step of its own.
	u.adam, _ = o.(*Adam[T])
	u.square = func(_, i int) { u.sums[i] = kernel.SumSquares(part(u.grad, i)) }
	u.scale = func(_, i int) { g := part(u.grad, i); kernel.Scale(g, g, u.factor) }
	u.step = func(_, i int) {
		theta, m, v, grad := part(u.theta, i), part(u.adam.m, i), part(u.adam.v, i), part(u.grad, i)
		if u.shadow == nil {
			kernel.Adam(theta, m, v, grad, u.now)
		} else {
			kernel.AdamEMA(theta, m, v, grad, part(u.shadow, i), u.now, u.decay)
		}
	}
	u.average = func(_, i int) { kernel.EMA(part(u.shadow, i), part(u.theta, i), u.decay) }
	return u
}

// part returns the i-th stretch of v, parts their number.
func part[T ad.Float](v []T, i int) []T { return v[i*stretch : min((i+1)*stretch, len(v))] }

func parts[T ad.Float](v []T) int { return (len(v) + stretch - 1) / stretch }

// Clip is ClipNorm(grad, limit).
func (u *Updater[T]) Clip(grad []T, limit float64) (norm float64) {
	n := parts(grad)
	if len(u.sums) < n {
		u.sums = make([]float64, n)
	}
	u.grad = grad
	u.crew.Each(n, u.square)
	square := 0.0
	for _, s := range u.sums[:n] {
		square += s
	}
	norm = math.Sqrt(square)
	if factor := clipFactor(norm, limit); factor < 1 {
		u.factor = T(factor)
		u.crew.Each(n, u.scale)
	}
	u.grad = nil
	return norm
}

// Step makes the given step of the optimiser and moves shadow, unless it is
// nil, towards the new theta. Steps count from 0. It panics when the lengths
// differ.
func (u *Updater[T]) Step(theta, grad, shadow []T, step int, rate float64) {
	if shadow != nil && len(shadow) != len(theta) {
		panic(badLength)
	}
	u.theta, u.grad, u.shadow, u.decay = theta, grad, shadow, u.ema.decay(step)
	switch {
	case u.adam != nil:
		u.now = u.adam.begin(theta, grad, step, rate)
		u.crew.Each(parts(theta), u.step)
	default:
		u.optimizer.Step(theta, grad, step, rate)
		u.crew.Each(parts(shadow), u.average)
	}
	u.theta, u.grad, u.shadow = nil, nil, nil
}
