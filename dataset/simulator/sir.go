package simulator

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

const (
	sirPeople = 1e6
	sirTests  = 1000
	sirTimes  = 10
	sirEvery  = 17 // days
)

var sirPrior = logNormals{location: []float64{math.Log(0.4), math.Log(0.125)}, scale: []float64{0.5, 0.2}}

// SIR is the task "sir", an epidemic among N = 10⁶ people of which one is infected at first:
// with the susceptible S, the infected I and the recovered R,
//
//	dS/dt = −β S I/N,   dI/dt = β S I/N − γ I,   dR/dt = γ I,
//
// and x_k ~ Binomial(1000, I(17 k)/N) of the days 0, 17, …, 153. The parameters are θ = (β, γ), rates a
// day, with log β ~ N(log 0.4, 0.5²) and log γ ~ N(log ⅛, 0.2²). The relative error of I is below 1e-8.
type SIR struct{}

// Name returns "sir".
func (SIR) Name() string { return "sir" }

// Prior returns the log-normal prior of β and γ.
func (SIR) Prior() Prior { return sirPrior }

// Dim returns 10.
func (SIR) Dim() int { return sirTimes }

// Simulate implements Task. Parameters that are not positive are an ErrRange.
func (s SIR) Simulate(x, theta []float64, rng *rand.Rand) error {
	sizes(s, x, theta)
	if err := positive(s, theta); err != nil {
		return err
	}
	var p [sirTimes]float64
	if err := infected(&p, theta); err != nil {
		return fmt.Errorf("sir: theta %v: %w", theta, err)
	}
	for k := range x {
		x[k] = distuv.Binomial{N: sirTests, P: p[k], Src: rng}.Rand()
	}
	return nil
}

// infected writes I/N at the times of the data.
func infected(p *[sirTimes]float64, theta []float64) error {
	epidemic := bilinear{b: -theta[1], c: -theta[0], d: theta[0]} // of S/N and I/N
	return epidemic.solve(1-1/sirPeople, 1/sirPeople, sirEvery, sirTimes, func(k int, _, i float64) {
		p[k] = min(max(i, 0), 1)
	})
}

// LogLikelihood implements Task.
func (s SIR) LogLikelihood(x, theta []float64) float64 {
	sizes(s, x, theta)
	var p [sirTimes]float64
	if positive(s, theta) != nil || infected(&p, theta) != nil {
		return math.Inf(-1)
	}
	var l float64
	for k, v := range x {
		l += logBinomial(v, p[k])
	}
	return l
}

// logBinomial returns log C(n, x) + x log p + (n − x) log(1 − p) with n = 1000, −Inf when x is no
// count of so many.
func logBinomial(x, p float64) float64 {
	if !(x >= 0 && x <= sirTests) || x != math.Trunc(x) {
		return math.Inf(-1)
	}
	all, _ := math.Lgamma(sirTests + 1)
	yes, _ := math.Lgamma(x + 1)
	no, _ := math.Lgamma(sirTests - x + 1)
	l := all - yes - no
	if x > 0 {
		l += x * math.Log(p)
	}
	if x < sirTests {
		l += (sirTests - x) * math.Log1p(-p)
	}
	return l
}

// Reference implements Task, by tempering. Data that are no counts of 1000 are an ErrRange.
func (s SIR) Reference(ctx context.Context, dst *mat.Dense, x []float64, seed uint64) error {
	if err := observation(s, dst, x); err != nil {
		return err
	}
	for k, v := range x {
		if !(v >= 0 && v <= sirTests) || v != math.Trunc(v) {
			return fmt.Errorf("simulator: Reference: sir: x[%d]: is %v, want a count of %d: %w", k, v, sirTests, ErrRange)
		}
	}
	return temper(ctx, s, dst, x, seed, members, latent{normal{2, 1}, sirPrior.from})
}

// positive returns an error when a parameter is not finite or not positive.
func positive(t Task, theta []float64) error {
	if err := finite(t, "theta", theta); err != nil {
		return err
	}
	for i, v := range theta {
		if !(v > 0) {
			return fmt.Errorf("%s: theta[%d]: is %v, want > 0: %w", t.Name(), i, v, ErrRange)
		}
	}
	return nil
}
