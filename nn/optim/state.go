package optim

import (
	"cmp"
	"errors"
	"math"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// vectors are the state of an optimiser, each as long as the parameters.
type vectors[T ad.Float] [][]T

// begin makes them k zero vectors of length n at step 0, and checks that they
// have that length later.
func (v *vectors[T]) begin(k, n, step int) {
	if step == 0 && len(*v) != k {
		*v = make([][]T, k)
	}
	if len(*v) != k {
		panic(badLength)
	}
	for i, s := range *v {
		switch {
		case step == 0 && len(s) != n:
			(*v)[i] = make([]T, n)
		case step == 0:
			clear(s)
		case len(s) != n:
			panic(badLength)
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
	t := float64(step + 1)
	return 1 - math.Pow(b.beta1, t), 1 - math.Pow(b.beta2, t)
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

func betasError(of string, beta1, beta2, eps, decay float64) error {
	return errors.Join(
		fractionError(of+".Beta1", beta1),
		fractionError(of+".Beta2", beta2),
		epsilonError(of, eps),
		decayError(of, decay),
	)
}

func fractionError(field string, v float64) error {
	return rangeError(v >= 0 && v < 1, field, v, "a number on (0, 1), or 0 for the default")
}

func epsilonError(of string, eps float64) error {
	return rangeError(eps >= 0 && !math.IsInf(eps, 1), of+".Epsilon", eps, "a positive number, or 0 for the default")
}

func decayError(of string, decay float64) error {
	return rangeError(decay >= 0 && !math.IsInf(decay, 1), of+".WeightDecay", decay, "a number ≥ 0")
}
