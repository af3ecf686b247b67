package optim

import (
	"cmp"
	"errors"
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// vectors are the state of an optimiser.
type vectors[T ad.Float] [][]T

// begin makes them zero vectors of the given lengths at step 0, and checks that they
// have these later.
func (v *vectors[T]) begin(step int, lengths ...int) {
	k := len(lengths)
	if step == 0 && len(*v) != k {
		*v = make([][]T, k)
	}
	if len(*v) != k {
		panic(fmt.Sprintf("optim: step %d without the state of step 0: %d vectors, want %d", step, len(*v), k))
	}
	for i, s := range *v {
		n := lengths[i]
		switch {
		case step == 0 && len(s) != n:
			(*v)[i] = make([]T, n)
		case step == 0:
			clear(s)
		case len(s) != n:
			panic(fmt.Sprintf("optim: theta has length %d, that of the state of steps before is %d", n, len(s)))
		}
	}
}

// of returns the i-th vector from at on, n elements.
func (v vectors[T]) of(i, at, n int) []T { return v[i][at : at+n] }

// betas are the hyper-parameters of Adam and its kin, defaults filled in.
type betas struct{ beta1, beta2, eps, decay float64 }

func betasOf(beta1, beta2, eps, decay float64) betas {
	return betas{cmp.Or(beta1, 0.9), cmp.Or(beta2, 0.99), cmp.Or(eps, 1e-8), decay}
}

// corrections returns 1−β₁ᵗ and 1−β₂ᵗ at t = step+1.
func (b betas) corrections(step int) (c1, c2 float64) {
	t := float64(step) + 1
	return 1 - math.Pow(b.beta1, t), 1 - math.Pow(b.beta2, t)
}

// step returns the numbers of a step of Adam.
func (b betas) step(step int, rate float64) kernel.AdamStep {
	c1, c2 := b.corrections(step)
	return kernel.AdamStep{Rate: rate, Beta1: b.beta1, Beta2: b.beta2, Eps: b.eps, Decay: b.decay, Correct1: c1, Correct2: c2}
}

// moments holds the gains of the moving averages of g and g².
type moments[T ad.Float] struct{ gain1, beta2, gain2 T }

func momentsOf[T ad.Float](b betas) moments[T] {
	return moments[T]{T(1 - b.beta1), T(b.beta2), T(1 - b.beta2)}
}

// next moves the averages m and v of an element by its gradient.
func (k moments[T]) next(m, v *T, g T) {
	*m += T(k.gain1 * (g - *m))
	*v = T(k.beta2**v) + T(k.gain2*T(g*g))
}

// keep returns what a decoupled weight decay leaves of an element.
func keep[T ad.Float](rate, decay float64) T { return T(1 - float64(rate*decay)) }

func sqrt[T ad.Float](x T) T { return T(math.Sqrt(float64(x))) }

// The checks that optimisers share.

func betasError[T ad.Float](of string, beta1, beta2, eps, decay float64) error {
	return errors.Join(
		fractionError(of+".Beta1", beta1),
		fractionError(of+".Beta2", beta2),
		epsilonError[T](of, eps),
		decayError(of+".WeightDecay", decay),
	)
}

func fractionError(field string, v float64) error {
	return rangeError(v >= 0 && v < 1, field, v, "a number on (0, 1), or 0 for the default")
}

// epsilonError wants a number that is positive in T, too: it is added to a root that
// may be 0, and divided by.
func epsilonError[T ad.Float](of string, eps float64) error {
	ok := eps == 0 || T(eps) > 0 && !math.IsInf(float64(T(eps)), 1)
	return rangeError(ok, of+".Epsilon", eps, "a positive number, or 0 for the default")
}

// decayError wants a weight decay λ. At ηλ > 2 weights would grow instead; whether they
// do depends on the rate, but at a larger λ they do at almost any.
func decayError(field string, v float64) error {
	return rangeError(v >= 0 && v <= 100, field, v, "a number ≥ 0, up to 100")
}

// sizeError wants a number that T holds.
func sizeError[T ad.Float](field string, v float64) error {
	return rangeError(v >= 0 && !math.IsInf(float64(T(v)), 1), field, v, "a number ≥ 0")
}
