package optim

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/internal/kernel"
	"github.com/gradlogp/gradlogp/nn/pool"
)

// Updater makes the updates of a training run on a crew's goroutines: it clips
// the gradient, steps, and averages, each with the bits of ClipNorm, of Step and of
// EMA.Update. When the optimizer can share its steps, all of that is shared, and takes
// one pass over memory for the gradient's norm and one for the rest. Of a Blockwise one
// a goroutine takes a block at a time, the largest of its share first.
type Updater[T ad.Float] struct {
	optimizer Optimizer[T]
	ema       EMA[T]
	crew      *pool.Crew

	theta, grad, shadow []T
	sums                []float64 // of squares
	factor              T         // that clips the gradient, 1 for none
	decay               float64
	bounds              []int // of the parts between the cuts: 0, the cuts, the length
	order               []int // of these parts, the longest of each share first

	square, scale, step, block, average func(worker, i int) // bound once
}

// stretch is the number of elements that a goroutine takes at a time. It is
// part of the definition of ClipNorm.
const stretch = 1 << 13

// NewUpdater returns an Updater. A nil crew leaves all work to the caller. It
// panics when o is nil.
func NewUpdater[T ad.Float](o Optimizer[T], e EMA[T], crew *pool.Crew) *Updater[T] {
	if o == nil {
		panic("optim: NewUpdater: o is nil, want an Optimizer")
	}
	u := &Updater[T]{optimizer: o, ema: e, crew: crew, factor: 1}
	u.square = func(_, i int) { u.sums[i] = kernel.SumSquares(part(u.grad, i)) }
	u.scale = func(_, i int) {
		if g := part(u.grad, i); u.factor != 1 {
			kernel.Scale(g, g, u.factor)
		}
	}
	u.step = func(_, i int) { u.between(i*stretch, min((i+1)*stretch, len(u.theta))) }
	u.block = func(_, i int) { u.between(u.bounds[u.order[i]], u.bounds[u.order[i]+1]) }
	u.average = func(_, i int) { kernel.EMA(part(u.shadow, i), part(u.theta, i), u.decay) }
	return u
}

// part returns the i-th stretch of v, parts their number.
func part[T ad.Float](v []T, i int) []T { return v[i*stretch : min((i+1)*stretch, len(v))] }

func parts[T ad.Float](v []T) int { return (len(v) + stretch - 1) / stretch }

// Clip is ClipNorm(grad, limit), of which it leaves the scaling to the next Step.
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
	u.grad, u.factor = nil, 1
	norm = math.Sqrt(square)
	if factor := clipFactor(norm, limit); factor < 1 {
		u.factor = T(factor)
	}
	return norm
}

// Step makes the given step of the optimiser, with the gradient as Clip has left
// it, and moves shadow, unless it is nil, towards the new theta. Steps count from
// 0. It panics when the lengths differ.
func (u *Updater[T]) Step(theta, grad, shadow []T, step int, rate float64) {
	mustHaveLength("Updater.Step: grad", len(grad), len(theta))
	if shadow != nil {
		mustHaveLength("Updater.Step: shadow", len(shadow), len(theta))
	}
	u.theta, u.grad, u.shadow, u.decay = theta, grad, shadow, u.ema.decay(step)
	if u.optimizer.Begin(len(theta), step, rate) {
		u.crew.Each(parts(theta), u.step)
	} else if cuts := cutsOf(u.optimizer); len(cuts) > 0 {
		u.divide(cuts)
		u.crew.Each(len(u.order), u.block)
	} else {
		u.crew.Each(parts(grad), u.scale)
		u.optimizer.Update(theta, grad, 0)
		u.crew.Each(parts(shadow), u.average)
	}
	u.theta, u.grad, u.shadow, u.factor = nil, nil, nil, 1
}

// between makes the step on the elements from ≤ i < to.
func (u *Updater[T]) between(from, to int) {
	theta, grad := u.theta[from:to], u.grad[from:to]
	if u.factor != 1 {
		kernel.Scale(grad, grad, u.factor)
	}
	if u.shadow == nil {
		u.optimizer.Update(theta, grad, from)
	} else {
		updateEMA(u.optimizer, theta, grad, u.shadow[from:to], from, u.decay)
	}
}

// divide finds the parts between the cuts, unless they are those of the step before.
func (u *Updater[T]) divide(cuts []int) {
	n := len(u.theta)
	if k := len(u.bounds); k == len(cuts)+2 && u.bounds[k-1] == n && slices.Equal(u.bounds[1:k-1], cuts) {
		return
	}
	bounds := slices.Concat([]int{0}, cuts, []int{n})
	u.bounds, u.order = nil, u.order[:0]
	for i, to := range bounds[1:] {
		if to <= bounds[i] {
			panic(fmt.Sprintf("optim: Updater.Step: %T has the cuts %v, want increasing ones between 0 and %d", u.optimizer, cuts, n))
		}
		u.order = append(u.order, i)
	}
	u.bounds = bounds
	slices.SortStableFunc(u.order, func(a, b int) int {
		return cmp.Compare(u.bounds[b+1]-u.bounds[b], u.bounds[a+1]-u.bounds[a])
	})
	u.order = dealt(u.order, u.crew.Workers())
}

// dealt deals the parts, the longest first, to the shares that workers begin with (see
// pool.Crew.Each), and puts these one behind the other.
func dealt(order []int, workers int) []int {
	workers = min(workers, len(order))
	shares := make([][]int, workers)
	for i, k := 0, 0; i < len(order); k = (k + 1) % workers {
		if size := (k+1)*len(order)/workers - k*len(order)/workers; len(shares[k]) < size {
			shares[k] = append(shares[k], order[i])
			i++
		}
	}
	return slices.Concat(shares...)
}

// updateEMA is an update and the moving average of what it gives. What embeds an
// Adam may have another Update, and is not one here.
func updateEMA[T ad.Float](o Optimizer[T], theta, grad, shadow []T, from int, decay float64) {
	switch o := o.(type) {
	case *Adam[T]:
		o.updateEMA(theta, grad, shadow, from, decay)
	case *GroupDecay[T]:
		o.shrink(theta, from)
		updateEMA(o.Optimizer, theta, grad, shadow, from, decay)
	default:
		o.Update(theta, grad, from)
		kernel.EMA(shadow, theta, decay)
	}
}
