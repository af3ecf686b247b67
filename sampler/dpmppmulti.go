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
//	A = D₁₀ + (D₁₀ − D₁₁) r₀/(r₀ + r₁),   B = 2 (D₁₀ − D₁₁)/(r₀ + r₁),
//	D₁₀ = (D − D₁)/r₀,   D₁₁ = (D₁ − D₂)/r₁,
//
// and the step integrates the parabola through the three,
//
//	x = (σ_u/σ_t) x + α_u [(1 − e^{−h}) D + φ₂ A − φ₃ B],   φ₂ = expm1(−h)/h + 1,   φ₃ = φ₂/h − ½.
//
// The first step knows D only, the second takes φ₂ D₁₀ for both corrections,
// and a step to σ_u = 0 gives α_u D. One evaluation a step, order 3 but for the
// error of the first two steps.
type DPMpp3M struct {
	// Published leaves out the 2 of B, as the published algorithm and
	// k-diffusion do. The order is then 2; with few steps, where D is no
	// parabola over three of them, it is often as good.
	Published bool
}

// Reversible reports true: no noise is drawn.
func (DPMpp3M) Reversible() bool { return true }

// Predict implements Predictor.
func (p DPMpp3M) Predict(s *Step) error {
	return multistep{depth: 3, published: p.Published}.Predict(s)
}

// DPMpp2MSDE is DPMpp2M for the reverse SDE (Lu et al. 2022): with k = (1+η)h,
// r = h₁/h, and otherwise the terms of DPMpp3M,
//
//	x = (σ_u/σ_t) e^{−ηh} x + α_u (1 − e^{−k}) D̃ + σ_u √(1 − e^{−2ηh}) S_noise z,
//
// D̃ = D + (D − D₁)/(2r), the solver type "midpoint". One evaluation a step,
// order 2 in law.
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
	return multistep{depth: 2, midpoint: !p.Heun, eta: cmp.Or(p.Eta, 1), factor: cmp.Or(p.SNoise, 1)}.Predict(s)
}

// DPMpp3MSDE is DPMpp3M for the reverse SDE: with k = (1+η)h,
//
//	x = (σ_u/σ_t) e^{−ηh} x + α_u [(1 − e^{−k}) D + φ₂(k) A − φ₃(k) B] + σ_u √(1 − e^{−2ηh}) S_noise z.
//
// One evaluation a step, order 2 in law: a third would need the noise within a
// step.
type DPMpp3MSDE struct {
	// Eta is η = Λ² (see Euler); 0 means 1. For no noise take DPMpp3M.
	Eta float64
	// SNoise is S_noise; 0 means 1.
	SNoise float64
	// Published is that of DPMpp3M.
	Published bool
}

// Validate returns an error wrapping ErrRange that names an impossible field.
func (p DPMpp3MSDE) Validate() error { return checkNoise("DPMpp3MSDE", p.Eta, p.SNoise) }

// Predict implements Predictor.
func (p DPMpp3MSDE) Predict(s *Step) error {
	if err := p.Validate(); err != nil {
		return err
	}
	return multistep{depth: 3, published: p.Published, eta: cmp.Or(p.Eta, 1), factor: cmp.Or(p.SNoise, 1)}.Predict(s)
}

// multistep is what the methods of this file have in common.
type multistep struct {
	depth               int
	midpoint, published bool
	eta, factor         float64
}

func (p multistep) Predict(s *Step) error {
	now := s.Push(p.depth)
	if err := s.Denoise(now, s.X, s.T); err != nil {
		return err
	}
	_, st := s.Kernel(s.T)
	au, su := s.Kernel(s.U)
	if su == 0 {
		combine(s.Mean, 0, s.X, au, now)
		s.Finish()
		return nil
	}
	lambda := sde.LogSNR(s, s.T)
	h := sde.LogSNR(s, s.U) - lambda
	k := (1 + p.eta) * h
	combine(s.Mean, su/st*math.Exp(-p.eta*h), s.X, -au*math.Expm1(-k), now)
	// With φ of phi.go, φ₂ = k φ₂(−k) and −φ₃ = k φ₃(−k).
	first, second := k*phi(2, -k), k*phi(3, -k)
	if p.midpoint {
		first = -0.5 * math.Expm1(-k)
	}
	if !p.published {
		second *= 2
	}
	one, t1, ok := s.History(1)
	if !ok {
		return p.end(s, su, h)
	}
	l1 := sde.LogSNR(s, t1)
	r0 := (lambda - l1) / h
	two, t2, ok := s.History(2)
	if !ok {
		combine(s.Mean, 1, s.Mean, au*first/r0, now)
		combine(s.Mean, 1, s.Mean, -au*first/r0, one)
		return p.end(s, su, h)
	}
	r1 := (l1 - sde.LogSNR(s, t2)) / h
	// c weighs D₁₀ − D₁₁.
	c := (first*r0 + second) / (r0 + r1)
	combine(s.Mean, 1, s.Mean, au*(first+c)/r0, now)
	combine(s.Mean, 1, s.Mean, -au*((first+c)/r0+c/r1), one)
	combine(s.Mean, 1, s.Mean, au*c/r1, two)
	return p.end(s, su, h)
}

// end adds the noise.
func (p multistep) end(s *Step, su, h float64) error {
	s.AddNoise(su*p.factor*math.Sqrt(-math.Expm1(-2*p.eta*h)), 0)
	return nil
}
