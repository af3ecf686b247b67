package simulator

import (
	"context"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// The Gaussian tasks in ten dimensions have noise of variance 0.1.
const linearDim = 10

var linearSD = math.Sqrt(0.1)

// GaussianLinear is the task "gaussian_linear": ten means, observed once,
//
//	θ ~ N(0, 0.1 I),   x ~ N(θ, 0.1 I),
//
// whose posterior is N(x/2, 0.05 I).
type GaussianLinear struct{}

// Name returns "gaussian_linear".
func (GaussianLinear) Name() string { return "gaussian_linear" }

// Prior returns N(0, 0.1 I).
func (GaussianLinear) Prior() Prior { return normal{linearDim, linearSD} }

// Dim returns 10.
func (GaussianLinear) Dim() int { return linearDim }

// Simulate implements Task.
func (g GaussianLinear) Simulate(x, theta []float64, rng *rand.Rand) error {
	return simulateLinear(g, x, theta, rng)
}

// LogLikelihood implements Task.
func (g GaussianLinear) LogLikelihood(x, theta []float64) float64 {
	sizes(g, x, theta)
	return logNormal(x, theta, linearSD)
}

// Reference implements Task, by exact draws.
func (g GaussianLinear) Reference(ctx context.Context, dst *mat.Dense, x []float64, seed uint64) error {
	if err := observation(g, dst, x); err != nil {
		return err
	}
	return draws(ctx, g, dst, seed, func(theta []float64, rng *rand.Rand) bool {
		for j := range theta {
			theta[j] = x[j]/2 + linearSD*math.Sqrt2/2*rng.NormFloat64()
		}
		return true
	})
}

// GaussianLinearUniform is the task "gaussian_linear_uniform": ten bounded means,
// observed once,
//
//	θ ~ U[−1, 1]¹⁰,   x ~ N(θ, 0.1 I),
//
// whose posterior is N(x, 0.1 I) cut at the bounds.
type GaussianLinearUniform struct{}

// Name returns "gaussian_linear_uniform".
func (GaussianLinearUniform) Name() string { return "gaussian_linear_uniform" }

// Prior returns U[−1, 1]¹⁰.
func (GaussianLinearUniform) Prior() Prior { return box{linearDim, 1} }

// Dim returns 10.
func (GaussianLinearUniform) Dim() int { return linearDim }

// Simulate implements Task.
func (g GaussianLinearUniform) Simulate(x, theta []float64, rng *rand.Rand) error {
	return simulateLinear(g, x, theta, rng)
}

// LogLikelihood implements Task.
func (g GaussianLinearUniform) LogLikelihood(x, theta []float64) float64 {
	sizes(g, x, theta)
	return logNormal(x, theta, linearSD)
}

// Reference implements Task, by exact draws.
func (g GaussianLinearUniform) Reference(ctx context.Context, dst *mat.Dense, x []float64, seed uint64) error {
	if err := observation(g, dst, x); err != nil {
		return err
	}
	return draws(ctx, g, dst, seed, func(theta []float64, rng *rand.Rand) bool {
		for j := range theta {
			theta[j] = truncated(x[j], linearSD, -1, 1, rng)
		}
		return true
	})
}

func simulateLinear(t Task, x, theta []float64, rng *rand.Rand) error {
	sizes(t, x, theta)
	if err := finite(t, "theta", theta); err != nil {
		return err
	}
	for j := range x {
		x[j] = theta[j] + linearSD*rng.NormFloat64()
	}
	return nil
}
