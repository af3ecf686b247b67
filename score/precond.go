package score

import (
	"cmp"
	"math"

	"github.com/gradlogp/gradlogp/sde"
)

// Coeffs ties a network F to the denoiser at one time,
//
//	D(x, t) = Skip·x + Out·F(In·x, Noise).
//
// Rest is 1 − α·Skip. It is given beside Skip because the score's factor
// Rest/σ² would be lost to cancellation at small σ if it were computed from
// Skip.
type Coeffs struct {
	Skip, Out, In, Noise, Rest float64
}

// Precond chooses what the network predicts and how its input is scaled: four
// numbers at each time. Implementations are pure functions of p and t; in
// training p stands for the model's process and has its methods, but is of
// another type. One that is an nn.Validator is checked by New.
type Precond interface {
	Coeffs(p sde.SDE, t float64) Coeffs
}

// EDM is the preconditioning of Karras et al. 2022, for any α: with C = α²v + σ²,
//
//	Skip = αv/C,  Out = σ√(v/C),  In = 1/√C,  Noise = ¼ ln(σ/α),
//
// which makes the network's input and its regression target have unit variance
// at every time when the data have variance v per coordinate.
//
// With Detail = r₀, Out is multiplied by r/√(r² + r₀²), where r = σ/α. For r < r₀ the
// denoiser then differs from x/α by a term of order r², as the exact denoiser of a
// smooth density does, D = x/α + r²∇log p, and not by a term of order r, which the
// network would have to learn to be almost zero. It suits data without structure finer
// than r₀. EDMWeight then gives the network's regression error the weight r²/(r² + r₀²).
type EDM struct {
	Variance float64 // v in model coordinates, on [1e-12, 1e12]; zero means 1, what Fit's calibration gives
	Detail   float64 // r₀ in model coordinates, on [1e-12, 1e12]; zero means none
}

// Coeffs returns the coefficients at t.
func (c EDM) Coeffs(p sde.SDE, t float64) Coeffs {
	α, σ := p.Kernel(t)
	v := cmp.Or(c.Variance, 1)
	C := α*α*v + σ*σ
	out := σ * math.Sqrt(v/C)
	if c.Detail > 0 {
		out *= σ / math.Hypot(σ, α*c.Detail)
	}
	return Coeffs{Skip: α * v / C, Out: out, In: 1 / math.Sqrt(C), Noise: noiseLevel(α, σ), Rest: σ * σ / C}
}

// Validate returns an error wrapping ErrRange when the variance or the detail is
// neither 0 nor on [1e-12, 1e12].
func (c EDM) Validate() error {
	if err := validVariance("EDM.Variance", c.Variance); err != nil {
		return err
	}
	return positiveOrZero("EDM.Detail", c.Detail, "none")
}

// Epsilon predicts the noise z: D = (x − σF)/α (Ho et al. 2020). In and Noise
// are those of EDM.
type Epsilon struct {
	Variance float64 // v in model coordinates, on [1e-12, 1e12]; zero means 1
}

// Coeffs returns the coefficients at t.
func (c Epsilon) Coeffs(p sde.SDE, t float64) Coeffs {
	α, σ := p.Kernel(t)
	return Coeffs{Skip: 1 / α, Out: -σ / α, In: inputScale(c.Variance, α, σ), Noise: noiseLevel(α, σ), Rest: 0}
}

// Validate returns an error wrapping ErrRange when the variance is neither 0 nor on
// [1e-12, 1e12].
func (c Epsilon) Validate() error { return validVariance("Epsilon.Variance", c.Variance) }

// X0 predicts the clean data: D = F. In and Noise are those of EDM.
type X0 struct {
	Variance float64 // v in model coordinates, on [1e-12, 1e12]; zero means 1
}

// Coeffs returns the coefficients at t.
func (c X0) Coeffs(p sde.SDE, t float64) Coeffs {
	α, σ := p.Kernel(t)
	return Coeffs{Skip: 0, Out: 1, In: inputScale(c.Variance, α, σ), Noise: noiseLevel(α, σ), Rest: 1}
}

// Validate returns an error wrapping ErrRange when the variance is neither 0 nor on
// [1e-12, 1e12].
func (c X0) Validate() error { return validVariance("X0.Variance", c.Variance) }

// V predicts v = αz − σx₀ (Salimans & Ho 2022):
// D = (αx − σF)/(α² + σ²). In and Noise are those of EDM.
type V struct {
	Variance float64 // v in model coordinates, on [1e-12, 1e12]; zero means 1
}

// Coeffs returns the coefficients at t.
func (c V) Coeffs(p sde.SDE, t float64) Coeffs {
	α, σ := p.Kernel(t)
	n := α*α + σ*σ
	return Coeffs{Skip: α / n, Out: -σ / n, In: inputScale(c.Variance, α, σ), Noise: noiseLevel(α, σ), Rest: σ * σ / n}
}

// Validate returns an error wrapping ErrRange when the variance is neither 0 nor on
// [1e-12, 1e12].
func (c V) Validate() error { return validVariance("V.Variance", c.Variance) }

// Velocity predicts the flow's velocity u = α̇x₀ + σ̇z (Lipman et al. 2023): with
// w = σα̇ − ασ̇,
//
//	D = (σF − σ̇x)/w,
//
// and u = F. In is that of EDM; Noise is the time itself, for processes whose
// times lie between 0 and 1, such as sde.Linear.
type Velocity struct {
	Variance float64 // v in model coordinates, on [1e-12, 1e12]; zero means 1
}

// Coeffs returns the coefficients at t. With α̇ = αf and σ̇ = g²/(2σ) + fσ, w is
// −αg²/(2σ).
func (c Velocity) Coeffs(p sde.SDE, t float64) Coeffs {
	α, σ := p.Kernel(t)
	f, g2 := p.Rates(t)
	rest := -2 * σ * σ * f / g2
	return Coeffs{Skip: (1 - rest) / α, Out: -2 * σ * σ / (α * g2), In: inputScale(c.Variance, α, σ), Noise: t, Rest: rest}
}

// Validate returns an error wrapping ErrRange when the variance is neither 0 nor on
// [1e-12, 1e12].
func (c Velocity) Validate() error { return validVariance("Velocity.Variance", c.Variance) }

// inputScale returns 1/√(α²v + σ²).
func inputScale(v, α, σ float64) float64 { return 1 / math.Sqrt(α*α*cmp.Or(v, 1)+σ*σ) }

// noiseLevel returns ¼ ln(σ/α), what networks are told of the time.
func noiseLevel(α, σ float64) float64 { return 0.25 * math.Log(σ/α) }
