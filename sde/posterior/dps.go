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
	// Step is ζ of the form that the paper's experiments use,
	//
	//	∇ log p(y | x_t) ≈ −ζ ∇_x ‖y − h(D)‖² / ‖y − h(D)‖,
	//
	// in which the noise has no part, and which is no posterior's score; 0 means the
	// form above, for which Σ has to be positive definite.
	Step float64
}

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
				row[k] *= 2 * m.Step / size
			}
		}
	}
	dst.Add(dst, at.pullback(r))
}

func (m DPS) conserves(*Likelihood) bool { return true }

func (m DPS) logProb(dst []float64, at *moment) {
	r := at.residual()
	w := make([]float64, r.RawMatrix().Cols)
	for i := range dst {
		row := r.RawRowView(i)
		if m.Step > 0 {
			dst[i] -= 2 * m.Step * math.Sqrt(dot(row, row))
			continue
		}
		at.like.noise.solve(w, row)
		dst[i] -= 0.5 * dot(w, row)
	}
}
