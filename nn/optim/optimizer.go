package optim

import (
	"fmt"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
)

// Optimizer changes parameters θ along a gradient. A step is begun once and then
// made on all elements, by several goroutines where the method allows it:
// see Step and Updater. One that moves matrices of parameters as wholes is also a Binder,
// which tells it the parameters, and Blockwise, which has it shared.
type Optimizer[T ad.Float] interface {
	// Begin sets out on a step with n parameters. The steps of a run count from
	// 0, and step 0 starts from a clean state. Later ones panic when n is another,
	// and do not allocate. share reports whether each element is moved by its own
	// past alone: then Update may be called on parts of the vector, from several
	// goroutines at once. Otherwise it is called once, or see Blockwise.
	Begin(n, step int, rate float64) (share bool)
	// Update makes the step on the elements from, from+1, … of which it is given
	// parameters and gradient, equally many. It moves theta in place and leaves
	// grad alone; that this is finite is the caller's concern (ClipNorm tells).
	Update(theta, grad []T, from int)
	// State returns the vectors that the next step depends on, besides theta
	// and the step's number, to be saved and to be restored in place. From the
	// Begin of step 0 on their number and lengths, whatever they are, stay.
	State() [][]T
}

// Blockwise is implemented by optimisers whose steps can be shared, but not anywhere:
// blocks of parameters are moved as wholes. Begin reports false then, and until the
// next one Update may be called on what lies between neighbouring Cuts, from several
// goroutines at once, as well as on everything at once with the same bits.
type Blockwise interface {
	// Cuts returns the offsets that θ may be cut at, increasing, without 0 and its
	// length. It is called after Begin; the slice is not changed.
	Cuts() []int
}

// cutsOf returns the cuts of an optimiser that has any.
func cutsOf(o any) []int {
	if b, ok := o.(Blockwise); ok {
		return b.Cuts()
	}
	return nil
}

// Step makes a step of o on all elements of theta. It panics when the lengths
// differ from each other or from those of the steps before.
func Step[T ad.Float](o Optimizer[T], theta, grad []T, step int, rate float64) {
	mustHaveLength("Step: grad", len(grad), len(theta))
	o.Begin(len(theta), step, rate)
	o.Update(theta, grad, 0)
}

// rangeError returns the error for a field unless ok.
func rangeError(ok bool, field string, value any, want string) error {
	if ok {
		return nil
	}
	return fmt.Errorf("optim: %s: is %v, want %s: %w", field, value, want, nn.ErrRange)
}

func mustHaveLength(what string, n, want int) {
	if n != want {
		panic(fmt.Sprintf("optim: %s has length %d, want %d", what, n, want))
	}
}
