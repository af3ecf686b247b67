package score

import "github.com/gradlogp/gradlogp/sde"

// Weight is the factor w(t) of a loss in its denoiser form, w(t)‖D − x₀‖². One
// that is an nn.Validator is checked by Fit. In training p stands for the model's
// process and has its methods, but is of another type.
type Weight interface {
	At(p sde.SDE, t float64) float64
}

// EDMWeight is (α²v + σ²)/(vσ²), which gives the network's own regression
// error weight 1 at every time under the EDM preconditioning (Karras et al. 2022).
type EDMWeight struct {
	Variance float64 // v in model coordinates; zero means 1
}

// At returns the weight at t.
func (w EDMWeight) At(p sde.SDE, t float64) float64 {
	α, σ := p.Kernel(t)
	v := variance(w.Variance)
	return (α*α*v + σ*σ) / (v * σ * σ)
}

// Validate returns an error wrapping ErrRange when the variance is negative or
// not finite.
func (w EDMWeight) Validate() error { return validVariance("EDMWeight.Variance", w.Variance) }

// Simple is α²/σ², the mean squared error of the noise prediction (Ho et al. 2020).
type Simple struct{}

// At returns the weight at t.
func (Simple) At(p sde.SDE, t float64) float64 {
	α, σ := p.Kernel(t)
	return α * α / (σ * σ)
}

// Likelihood is ½g²α²/σ⁴: the loss bounds the negative log-likelihood, in
// nats, when the times are uniform (Song et al. 2021, NeurIPS).
type Likelihood struct{}

// At returns the weight at t.
func (Likelihood) At(p sde.SDE, t float64) float64 {
	α, σ := p.Kernel(t)
	_, g2 := p.Rates(t)
	return 0.5 * g2 * α * α / (σ * σ * σ * σ)
}
