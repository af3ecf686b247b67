package simulator

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

const (
	lotkaTimes = 10
	lotkaEvery = 2.1
	lotkaSD    = 0.1
	lotkaLow   = 1e-10
	lotkaHigh  = 1e4
)

var lotkaPrior = logNormals{location: []float64{-0.125, -3, -0.125, -3}, scale: []float64{0.5, 0.5, 0.5, 0.5}}

// LotkaVolterra is the task "lotka_volterra", prey X and predators Y with X(0) = 30 and Y(0) = 1,
//
//	dX/dt = α X − β X Y,   dY/dt = −γ Y + δ X Y,
//
// seen at the times t_k = 2.1 k of k = 0, …, 9 with errors of a tenth: log x_k ~ N(log X(t_k), 0.1²)
// and log x_{10+k} ~ N(log Y(t_k), 0.1²), where X and Y are cut to [10⁻¹⁰, 10⁴]. The parameters are
// θ = (α, β, γ, δ) with log α, log γ ~ N(−0.125, 0.5²) and log β, log δ ~ N(−3, 0.5²).
// The relative errors of X and Y are below 1e-8 for parameters that the prior gives.
type LotkaVolterra struct{}

// Name returns "lotka_volterra".
func (LotkaVolterra) Name() string { return "lotka_volterra" }

// Prior returns the log-normal prior of α, β, γ and δ.
func (LotkaVolterra) Prior() Prior { return lotkaPrior }

// Dim returns 20.
func (LotkaVolterra) Dim() int { return 2 * lotkaTimes }

// Simulate implements Task. Parameters that are not positive are an ErrRange, those whose
// solution takes too many steps an ErrLimit.
func (l LotkaVolterra) Simulate(x, theta []float64, rng *rand.Rand) error {
	sizes(l, x, theta)
	if err := positive(l, theta); err != nil {
		return err
	}
	var mean [2 * lotkaTimes]float64
	if err := logNumbers(&mean, theta); err != nil {
		return fmt.Errorf("lotka_volterra: theta %v: %w", theta, err)
	}
	for k := range x {
		x[k] = math.Exp(mean[k] + lotkaSD*rng.NormFloat64())
	}
	return nil
}

// logNumbers writes log X and log Y at the times of the data.
func logNumbers(mean *[2 * lotkaTimes]float64, theta []float64) error {
	species := bilinear{a: theta[0], b: -theta[2], c: -theta[1], d: theta[3]}
	return species.solve(30, 1, lotkaEvery, lotkaTimes, func(k int, prey, predators float64) {
		mean[k] = math.Log(min(max(prey, lotkaLow), lotkaHigh))
		mean[lotkaTimes+k] = math.Log(min(max(predators, lotkaLow), lotkaHigh))
	})
}

// LogLikelihood implements Task.
func (l LotkaVolterra) LogLikelihood(x, theta []float64) float64 {
	sizes(l, x, theta)
	var mean, logX [2 * lotkaTimes]float64
	var jacobian float64
	for k, v := range x {
		if !(v > 0) {
			return math.Inf(-1)
		}
		logX[k] = math.Log(v)
		jacobian += logX[k]
	}
	if positive(l, theta) != nil || logNumbers(&mean, theta) != nil {
		return math.Inf(-1)
	}
	return logNormal(logX[:], mean[:], lotkaSD) - jacobian
}

// Reference implements Task, by tempering. Data that are not positive are an ErrRange.
func (l LotkaVolterra) Reference(ctx context.Context, dst *mat.Dense, x []float64, seed uint64) error {
	if err := observation(l, dst, x); err != nil {
		return err
	}
	for k, v := range x {
		if !(v > 0) {
			return fmt.Errorf("simulator: Reference: lotka_volterra: x[%d]: is %v, want > 0: %w", k, v, ErrRange)
		}
	}
	return temper(ctx, l, dst, x, seed, members, latent{normal{4, 1}, lotkaPrior.from})
}
