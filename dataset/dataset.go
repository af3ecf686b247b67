package dataset

import (
	"errors"
	"fmt"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"
)

// Distribution is one on R^d that can be drawn from and whose log-density and
// score ∇ₓ log p(x) are known. gonum's distmv.Normal is one.
type Distribution interface {
	distmv.RandLogProber
	// ScoreInput returns ∇ₓ log p(x), in dst when it is not nil.
	ScoreInput(dst, x []float64) []float64
	Dim() int
}

// Diffusible is a Distribution whose noised versions are known exactly too: it
// is the oracle for a process with the kernel x_t = α x₀ + σ z.
type Diffusible interface {
	Distribution
	// Diffuse returns the distribution of αx₀ + σz with z ~ N(0, I). It panics
	// when σ is negative or when the distribution has no density.
	Diffuse(alpha, sigma float64) Diffused
}

// Diffused is the distribution of x_t = αx₀ + σz. Its methods are safe for
// concurrent use. A destination may be nil, then it is allocated; it may not
// overlap x.
type Diffused interface {
	// LogProb returns log p_t(x).
	LogProb(x []float64) float64
	// ScoreInput returns ∇ₓ log p_t(x).
	ScoreInput(dst, x []float64) []float64
	// ScoreJacobian stores the Hessian of log p_t, the Jacobian of the score,
	// in dst, which must be d×d or empty.
	ScoreJacobian(dst *mat.Dense, x []float64)
	// Denoise returns the posterior mean E[x₀ | x_t = x].
	Denoise(dst, x []float64) []float64
}

// Errors returned by this package, wrapped with the argument and its value.
var (
	// ErrShape reports data that are empty or ragged.
	ErrShape = errors.New("wrong shape")
	// ErrNonFinite reports a NaN or an infinity in data.
	ErrNonFinite = errors.New("not finite")
	// ErrRange reports a parameter outside its domain.
	ErrRange = errors.New("out of range")
)

// Sample draws n rows from dist. It panics when n is not positive, and when dist
// has no source of randomness.
func Sample(dist Distribution, n int) *mat.Dense {
	if n < 1 {
		panic(fmt.Sprintf("dataset: Sample: n is %d, want ≥ 1", n))
	}
	x := mat.NewDense(n, dist.Dim(), nil)
	for i := range n {
		dist.Rand(x.RawRowView(i))
	}
	return x
}
