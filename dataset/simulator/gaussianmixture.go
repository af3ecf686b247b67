package simulator

import (
	"context"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

const mixtureBound = 10

// mixtureSD are the two scales of the noise of GaussianMixture.
var mixtureSD = [2]float64{1, 0.1}

// GaussianMixture is the task "gaussian_mixture": a mean under noise of two scales,
//
//	θ ~ U[−10, 10]²,   x ~ ½ N(θ, I) + ½ N(θ, 0.01 I),
//
// whose posterior is ½ N(x, I) + ½ N(x, 0.01 I) cut at the bounds.
type GaussianMixture struct{}

// Name returns "gaussian_mixture".
func (GaussianMixture) Name() string { return "gaussian_mixture" }

// Prior returns U[−10, 10]².
func (GaussianMixture) Prior() Prior { return box{2, mixtureBound} }

// Dim returns 2.
func (GaussianMixture) Dim() int { return 2 }

// Simulate implements Task.
func (m GaussianMixture) Simulate(x, theta []float64, rng *rand.Rand) error {
	sizes(m, x, theta)
	if err := finite(m, "theta", theta); err != nil {
		return err
	}
	sd := mixtureSD[rng.Uint64()&1]
	for j := range x {
		x[j] = theta[j] + sd*rng.NormFloat64()
	}
	return nil
}

// LogLikelihood implements Task.
func (m GaussianMixture) LogLikelihood(x, theta []float64) float64 {
	sizes(m, x, theta)
	return logAdd(logNormal(x, theta, mixtureSD[0]), logNormal(x, theta, mixtureSD[1])) - math.Ln2
}

// Reference implements Task, by exact draws: a component is chosen by its mass within the
// bounds, and drawn from there.
func (m GaussianMixture) Reference(ctx context.Context, dst *mat.Dense, x []float64, seed uint64) error {
	if err := observation(m, dst, x); err != nil {
		return err
	}
	var mass [2]float64
	for k, sd := range mixtureSD {
		for _, v := range x {
			mass[k] += logMass((-mixtureBound-v)/sd, (mixtureBound-v)/sd)
		}
	}
	wide := 1.0 // also where x is so far away that both masses are 0 in floating-point numbers
	if !math.IsInf(mass[0], -1) {
		wide = math.Exp(mass[0] - logAdd(mass[0], mass[1]))
	}
	return draws(ctx, m, dst, seed, func(theta []float64, rng *rand.Rand) bool {
		sd := mixtureSD[0]
		if rng.Float64() >= wide {
			sd = mixtureSD[1]
		}
		for j := range theta {
			theta[j] = truncated(x[j], sd, -mixtureBound, mixtureBound, rng)
		}
		return true
	})
}

// logAdd returns log(eᵃ + eᵇ).
func logAdd(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if math.IsInf(a, -1) {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}
