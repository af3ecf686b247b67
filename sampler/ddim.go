package sampler

import (
	"fmt"
	"math"
)

var _ Predictor = DDIM{}

// DDIM is the update of denoising diffusion implicit models (Song, Meng &
// Ermon 2021) for any process,
//
//	x = α_u D + √(σ_u² − η²ς²) ε̂ + η ς z,   ς² = (σ_t² − (α_t/α_u)²σ_u²) σ_u²/σ_t².
//
// Eta = 0, the zero value, is deterministic: the exponential Euler step of the
// probability flow. Eta = 1 draws from the posterior q(x_u | x_t, x₀ = D), the
// ancestral update of DDPM. One evaluation a step, order 1.
type DDIM struct{ Eta float64 }

// Predict implements Predictor. It returns an error wrapping ErrRange when
// Eta is not in [0, 1].
func (p DDIM) Predict(s *Step) error {
	if !(p.Eta >= 0 && p.Eta <= 1) {
		return fmt.Errorf("DDIM.Eta = %g, expected 0 ≤ η ≤ 1: %w", p.Eta, ErrRange)
	}
	if err := s.Score(s.Mean, s.X, s.T); err != nil {
		return err
	}
	at, st := s.Kernel(s.T)
	au, su := s.Kernel(s.U)
	a := at / au
	std := p.Eta * math.Sqrt(max(0, st*st-a*a*su*su)) * su / st
	rest := math.Sqrt(max(0, su*su-std*std))
	// α_u D + rest ε̂ with D = (x + σ_t² s)/α_t and ε̂ = −σ_t s.
	combine(s.Mean, 1/a, s.X, st*(st/a-rest), s.Mean)
	s.AddNoise(std, 0)
	return nil
}
