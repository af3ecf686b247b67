package score

import (
	"cmp"

	"github.com/gradlogp/gradlogp/sde"
)

// Weight is the factor w(t) of a loss in its denoiser form, w(t)‖D − x₀‖². One
// that is an nn.Validator is checked by Fit. In training p stands for the model's
// process and has its methods, but is of another type.
type Weight interface {
	At(p sde.SDE, t float64) float64
}

// EDMWeight is (α²v + σ²)/(vσ²), which gives the network's own regression
// error weight 1 at every time under the EDM preconditioning (Karras et al. 2022).
type EDMWeight struct {
	Variance float64 // v in model coordinates, on [1e-12, 1e12]; zero means 1
}

// At returns the weight at t.
func (w EDMWeight) At(p sde.SDE, t float64) float64 {
	α, σ := p.Kernel(t)
	v := cmp.Or(w.Variance, 1)
	return (α*α*v + σ*σ) / (v * σ * σ)
}

// Validate returns an error wrapping ErrRange when the variance is neither 0 nor on
// [1e-12, 1e12].
func (w EDMWeight) Validate() error { return validVariance("EDMWeight.Variance", w.Variance) }

// Simple is α²/σ², the mean squared error of the noise prediction (Ho et al. 2020).
type Simple struct{}

// At returns the weight at t.
func (Simple) At(p sde.SDE, t float64) float64 {
	α, σ := p.Kernel(t)
	return α * α / (σ * σ)
}

// Likelihood is ½g²α²/σ⁴: with UniformTimes over the span [ε, T], T − ε
// times the loss bounds the negative log-likelihood, in nats (Song et al. 2021).
// The loss has then a large variance, which Importance removes.
type Likelihood struct {
	// Importance is for times that are LogUniform over the span, which is
	// sampling in proportion to g²/σ² because that is d ln(σ²/α²)/dt for every
	// process. The weight is divided by the density of these times relative to
	// that of UniformTimes,
	//
	//	½g²α²/σ⁴ · (T − ε)⁻¹ ln(σ_T²α_ε²/(σ_ε²α_T²)) σ²/g² = (λ_ε − λ_T)/(T − ε) α²/σ²,
	//
	// so that the expected loss is the same, and losses stay comparable.
	Importance bool
}

// At returns the weight at t.
func (w Likelihood) At(p sde.SDE, t float64) float64 {
	α, σ := p.Kernel(t)
	if w.Importance {
		start, end := p.Span()
		return (sde.LogSNR(p, start) - sde.LogSNR(p, end)) / (end - start) * α * α / (σ * σ)
	}
	_, g2 := p.Rates(t)
	return 0.5 * g2 * α * α / (σ * σ * σ * σ)
}

// MinSNR is min(α²/σ², γ), the mean squared error of the clean data with the
// weight of low noise levels bounded (Hang et al. 2023).
type MinSNR struct {
	Gamma float64 // γ; zero means 5
}

// At returns the weight at t.
func (w MinSNR) At(p sde.SDE, t float64) float64 {
	α, σ := p.Kernel(t)
	return min(α*α/(σ*σ), cmp.Or(w.Gamma, 5))
}

// Validate returns an error wrapping ErrRange when Gamma is neither 0 nor on
// [1e-12, 1e12].
func (w MinSNR) Validate() error { return positiveOrZero("MinSNR.Gamma", w.Gamma, "5") }

// SoftMinSNR is α²/(α²v + σ²), which goes over from 1/v to α²/σ² smoothly
// (Crowson et al. 2024).
type SoftMinSNR struct {
	Variance float64 // v in model coordinates, on [1e-12, 1e12]; zero means 1
}

// At returns the weight at t.
func (w SoftMinSNR) At(p sde.SDE, t float64) float64 {
	α, σ := p.Kernel(t)
	return α * α / (α*α*cmp.Or(w.Variance, 1) + σ*σ)
}

// Validate returns an error wrapping ErrRange when the variance is neither 0 nor on
// [1e-12, 1e12].
func (w SoftMinSNR) Validate() error { return validVariance("SoftMinSNR.Variance", w.Variance) }

// VWeight is (α² + σ²)²/σ², the mean squared error of the prediction of
// v = αz − σx₀ (Salimans & Ho 2022).
type VWeight struct{}

// At returns the weight at t.
func (VWeight) At(p sde.SDE, t float64) float64 {
	α, σ := p.Kernel(t)
	n := α*α + σ*σ
	return n * n / (σ * σ)
}
