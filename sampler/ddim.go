package sampler

import "math"

var _ Predictor = DDIM{}

// DDIM is the update of denoising diffusion implicit models (Song, Meng &
// Ermon 2021) for any process,
//
//	x = α_u D + √(σ_u² − η²ς²) ε̂ + η ς z,   ς² = (σ_t² − (α_t/α_u)²σ_u²) σ_u²/σ_t².      (7)
//
// Eta = 0, the zero value, is deterministic: the exponential Euler step of the
// probability flow. Eta = 1 draws from the posterior q(x_u | x_t, x₀ = D), the
// ancestral update of DDPM. One evaluation a step, order 1.
type DDIM struct{ Eta float64 }

// Validate returns an error wrapping ErrRange that names an impossible field.
func (p DDIM) Validate() error { return within("DDIM", "Eta", p.Eta, 0, 1) }

// Reversible reports whether no noise is drawn.
func (p DDIM) Reversible() bool { return p.Eta == 0 }

// Predict implements Predictor.
func (p DDIM) Predict(s *Step) error {
	if err := p.Validate(); err != nil {
		return err
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
	s.Combine(s.Mean, 1/a, s.X, st*(st/a-rest), s.Mean)
	s.AddNoise(std, 0)
	return nil
}
