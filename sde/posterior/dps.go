package posterior

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// DPS is diffusion posterior sampling (Chung et al. 2023): it takes x₀ to be the
// denoised D(x_t), without any uncertainty,
//
//	∇ log p(y | x_t) ≈ ∇_x log N(y; h(D), Σ).
//
// It counts what is observed too often as long as D is far from certain, by a factor that
// grows as σ²/τ² for noise τ: the pull is then too strong to be followed in few steps,
// and draws are too narrow. One product with the Jacobian. It takes any h.
type DPS struct {
	// Step is ζ of the algorithm in the paper, which moves x by −ζ ∇_x ‖y − h(D)‖ in each of
	// 1000 steps, evenly spaced over the span T of the process. As a step Δt multiplies a
	// score by g²Δt, that is
	//
	//	∇ log p(y | x_t) ≈ −ζ (1000/(T g²)) ∇_x ‖y − h(D)‖,
	//
	// on any grid, in which the noise has no part. It is no posterior's score: ζ has to
	// be tuned for every problem. 0 means the form above, for which Σ has to be positive
	// definite.
	Step float64
}

// stepsOfPaper is the number of steps that Step is for.
const stepsOfPaper = 1000

// Given implements Method.
func (m DPS) Given(p sde.Problem, o Observation) (sde.Problem, error) { return given("DPS", p, o, m) }

func (m DPS) check(l *Likelihood) error {
	switch {
	case !(m.Step >= 0 && finite(m.Step)):
		return fmt.Errorf("DPS.Step: is %v, want a number ≥ 0: %w", m.Step, ErrRange)
	case m.Step == 0 && !l.noise.definite:
		return fmt.Errorf("Noise: is 0 or singular, want a positive definite covariance, a DPS.Step, or another method: %w", ErrRange)
	}
	return nil
}

func (m DPS) add(dst *mat.Dense, at *moment) {
	r := at.residual()
	n, _ := r.Dims()
	for i := range n {
		row := r.RawRowView(i)
		if m.Step == 0 {
			at.like.noise.solve(row, row)
			continue
		}
		if size := math.Sqrt(dot(row, row)); size > 0 {
			for k := range row {
				row[k] *= m.weight(i, at) / size
			}
		}
	}
	dst.Add(dst, at.pullback(r))
}

// weight returns the factor of −∇‖y − h(D)‖.
func (m DPS) weight(i int, at *moment) float64 {
	start, end := at.base.Span()
	_, g2 := at.base.Rates(at.t[min(i, len(at.t)-1)])
	return m.Step * stepsOfPaper / ((end - start) * g2)
}

func (m DPS) conserves(*Likelihood) bool { return true }

func (m DPS) logProb(dst []float64, at *moment) {
	r := at.residual()
	w := make([]float64, r.RawMatrix().Cols)
	for i := range dst {
		row := r.RawRowView(i)
		if m.Step > 0 {
			dst[i] -= m.weight(i, at) * math.Sqrt(dot(row, row))
			continue
		}
		at.like.noise.solve(w, row)
		dst[i] -= 0.5 * dot(w, row)
	}
}
