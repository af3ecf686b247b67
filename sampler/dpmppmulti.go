package sampler

import (
	"cmp"
	"math"

	"github.com/gradlogp/gradlogp/sde"
)

var (
	_ Predictor = DPMpp2MSDE{}
	_ Predictor = DPMpp3M{}
	_ Predictor = DPMpp3MSDE{}
)

// DPMpp3M is the three-step DPM-Solver++ (Lu et al. 2022; with the second
// difference put right) in λ = log(α/σ). With h = λ_u − λ_t, the denoiser's
// values D, D₁, D₂ at λ_t and before it, the steps h₁ and h₂ between these and
// r₀ = h₁/h, r₁ = h₂/h, divided differences give the derivatives hD' and h²D”
//
//	A = D₁₀ + (D₁₀ − D₁₁) r₀/(r₀ + r₁),   B = 2 (D₁₀ − D₁₁)/(r₀ + r₁),                   (15)
//	D₁₀ = (D − D₁)/r₀,   D₁₁ = (D₁ − D₂)/r₁,
//
// and the step integrates the parabola through the three,
//
//	x = (σ_u/σ_t) x + α_u [(1 − e^{−h}) D + φ₂ A − φ₃ B],   φ₂ = expm1(−h)/h + 1,   φ₃ = φ₂/h − ½.   (16)
//
// The first step knows D only, the second takes φ₂ D₁₀ for both corrections,
// and a step to σ_u = 0 gives α_u D; see FullOrder for long ones. It is
// DEIS in X0Form. One evaluation a step, order 3 but for the error of the first
// two steps.
type DPMpp3M struct {
	// Published leaves out the 2 of B, as the published algorithm and
	// k-diffusion do. The order is then 2; with few steps, where D is no
	// parabola over three of them, it is often as good.
	Published bool
	// FullOrder gives every step the order, as published code does. Otherwise
	// a step longer than .6 in λ takes D for its whole length, as DDIM does:
	// so long a step of the parabola erred up to two hundred times as much.
	// On grid.Default no step is so long from 20 points on.
	FullOrder bool
}

// Reversible reports true: no noise is drawn.
func (DPMpp3M) Reversible() bool { return true }

// Predict implements Predictor.
func (p DPMpp3M) Predict(s *Step) error {
	return dpmpp{order: 3, published: p.Published, full: p.FullOrder}.Predict(s)
}

// DPMpp2MSDE is DPMpp2M for the reverse SDE (Lu et al. 2022): with k = (1+η)h,
// r = h₁/h, and otherwise the terms of DPMpp3M,
//
//	x = (σ_u/σ_t) e^{−ηh} x + α_u (1 − e^{−k}) D̃ + σ_u √(1 − e^{−2ηh}) S_noise z,        (17)
//
// D̃ = D + (D − D₁)/(2r), the solver type "midpoint". One evaluation a step,
// weak order 2.
type DPMpp2MSDE struct {
	// Eta is η = Λ² (see Euler); 0 means 1. For no noise take DPMpp2M.
	Eta float64
	// SNoise is S_noise; 0 means 1.
	SNoise float64
	// Heun weighs the correction D₁₀ = (D − D₁)/r by its integral
	// φ₂(k) = expm1(−k)/k + 1 instead of ½(1 − e^{−k}): the solver type
	// "heun".
	Heun bool
}

// Validate returns an error wrapping ErrRange that names an impossible field.
func (p DPMpp2MSDE) Validate() error { return checkNoise("DPMpp2MSDE", p.Eta, p.SNoise) }

// Predict implements Predictor.
func (p DPMpp2MSDE) Predict(s *Step) error {
	if err := p.Validate(); err != nil {
		return err
	}
	return dpmpp{order: 2, full: true, midpoint: !p.Heun, eta: cmp.Or(p.Eta, 1), factor: cmp.Or(p.SNoise, 1)}.Predict(s)
}

// DPMpp3MSDE is DPMpp3M for the reverse SDE: with k = (1+η)h,
//
//	x = (σ_u/σ_t) e^{−ηh} x + α_u [(1 − e^{−k}) D + φ₂(k) A − φ₃(k) B] + σ_u √(1 − e^{−2ηh}) S_noise z.   (18)
//
// One evaluation a step, weak order 2: a third would need the noise within a
// step.
type DPMpp3MSDE struct {
	// Eta is η = Λ² (see Euler); 0 means 1. For no noise take DPMpp3M.
	Eta float64
	// SNoise is S_noise; 0 means 1.
	SNoise float64
	// Published and FullOrder are those of DPMpp3M.
	Published, FullOrder bool
}

// Validate returns an error wrapping ErrRange that names an impossible field.
func (p DPMpp3MSDE) Validate() error { return checkNoise("DPMpp3MSDE", p.Eta, p.SNoise) }

// Predict implements Predictor.
func (p DPMpp3MSDE) Predict(s *Step) error {
	if err := p.Validate(); err != nil {
		return err
	}
	return dpmpp{order: 3, full: p.FullOrder, published: p.Published, eta: cmp.Or(p.Eta, 1), factor: cmp.Or(p.SNoise, 1)}.Predict(s)
}

// dpmpp is what the methods of this file have in common.
type dpmpp struct {
	order               int
	full                bool
	midpoint, published bool
	eta, factor         float64
}

func (p dpmpp) Predict(s *Step) error {
	if s.noiseless() {
		return DDIM{}.Predict(s)
	}
	if err := s.X0(s.Push(p.order), s.X, s.T); err != nil {
		return err
	}
	_, st := s.Kernel(s.T)
	au, su := s.Kernel(s.U)
	r, h := s.nodes(0, s.orderAt(s.T, s.U, p.order, 1, p.full), s.U, func(t float64) float64 { return sde.LogSNR(s, t) })
	k := (1 + p.eta) * h
	m := exponential(-k)
	if p.midpoint {
		m[1] = 0.5 * m[0]
	}
	if p.published {
		m[2] *= 0.5
	}
	s.integrate(su/st*math.Exp(-p.eta*h), au*k, &r, m)
	s.AddNoise(su*p.factor*math.Sqrt(-math.Expm1(-2*p.eta*h)), 0)
	return nil
}
