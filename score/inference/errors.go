package inference

import (
	"errors"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// Errors that this package wraps. Those of training, sampling and files are those of
// packages score, sampler and nn/checkpoint.
var (
	// ErrRange marks an argument, a setting or a number outside its domain.
	ErrRange = sde.ErrRange
	// ErrShape marks data of other rows or columns than are wanted.
	ErrShape = errors.New("wrong shape")
	// ErrNonFinite marks a number that is NaN or infinite.
	ErrNonFinite = errors.New("not finite")
	// ErrSimulator marks a simulator of which nothing, or too little, came.
	ErrSimulator = errors.New("the simulator failed")
	// ErrMismatch marks a file that holds no Posterior or Joint, one that contradicts
	// itself, or a Posterior for another prior.
	ErrMismatch = errors.New("posterior and file differ")
	// ErrUnsupported marks what a View has no answer to, such as the density of one
	// made by FNPE.
	ErrUnsupported = errors.New("not supported")
)

// Unfinished is the error of Infer and Rounds that ended after they had simulated: with the
// Pairs, Fit or Resume can go on, or Simulate from Done.
type Unfinished struct {
	Pairs *Pairs
	Err   error
}

// Error returns the text of Err.
func (u *Unfinished) Error() string { return u.Err.Error() }

// Unwrap returns Err.
func (u *Unfinished) Unwrap() error { return u.Err }

// unfinished returns err with the pairs, if there are any.
func unfinished(pairs *Pairs, err error) error {
	if pairs == nil || pairs.Theta == nil {
		return err
	}
	return &Unfinished{pairs, err}
}

const badShape = "inference: dimension mismatch"

func finite(v float64) bool { return math.Abs(v) <= math.MaxFloat64 }

func allFinite(x []float64) bool {
	return !slices.ContainsFunc(x, func(v float64) bool { return !finite(v) })
}

// firstNonFinite returns the first cell of x that is NaN or infinite.
func firstNonFinite(x *mat.Dense) (i, j int, found bool) {
	n, d := x.Dims()
	for i := range n {
		for j := range d {
			if !finite(x.At(i, j)) {
				return i, j, true
			}
		}
	}
	return 0, 0, false
}
