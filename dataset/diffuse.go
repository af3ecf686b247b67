package dataset

import "gonum.org/v1/gonum/floats"

// DiffusedMixture is the distribution of x_t = αx₀ + σz for x₀ from a mixture,
//
//	p_t(x) = Σ_k w_k N(x; αμ_k, α²C_k + σ²I):
//
// a mixture again, which also knows the way back to x₀.
type DiffusedMixture struct {
	Mixture
	base         *Mixture
	alpha, sigma float64
}

// Diffuse returns the distribution of αx₀ + σz, a *DiffusedMixture.
func (m *Mixture) Diffuse(alpha, sigma float64) Diffused { return m.Noised(alpha, sigma) }

// Noised is Diffuse with its concrete type. The axes of the covariances do not
// turn, so nothing is factorised again. It panics when σ < 0 or α = σ = 0, and when
// α, σ or a variance α²v + σ² or its reciprocal is not finite.
func (m *Mixture) Noised(alpha, sigma float64) *DiffusedMixture {
	wantKernel(alpha, sigma, sigma >= 0 && (sigma > 0 || alpha != 0), "sigma ≥ 0, not both 0")
	p := &DiffusedMixture{
		Mixture: Mixture{
			dim:     m.dim,
			weights: m.weights,
			logW:    m.logW,
			means:   make([]float64, len(m.means)),
			vars:    make([]float64, len(m.vars)),
			axes:    m.axes,
			rng:     m.rng,
			spare:   m.spare,
		},
		base: m, alpha: alpha, sigma: sigma,
	}
	floats.ScaleTo(p.means, alpha, m.means)
	for i, v := range m.vars {
		p.vars[i] = alpha*alpha*v + sigma*sigma
		wantKernel(alpha, sigma, variance(p.vars[i]), "variances and their reciprocals finite")
	}
	p.normalise()
	return p
}

// Denoise returns the posterior mean
//
//	E[x₀ | x_t = x] = Σ_k p(k|x) (μ_k + αC_k(α²C_k + σ²I)⁻¹(x − αμ_k)),
//
// in dst when it is not nil. The two may not overlap.
func (p *DiffusedMixture) Denoise(dst, x []float64) []float64 {
	dst = reuse(dst, x, p.dim)
	var stack [stackComponents]float64
	r, own := p.shares(stack[:])
	p.posterior(r, x)
	clear(dst)
	d := p.dim
	for k, rk := range r {
		if rk == 0 {
			continue
		}
		mu := p.base.mean(k)
		if p.axes == nil {
			// μ − α²vμ/(α²v+σ²) = σ²μ/(α²v+σ²), without the cancellation.
			gain, keep := rk*p.alpha*p.base.vars[k]*p.prec[k], rk*p.sigma*p.sigma*p.prec[k]
			for i, mui := range mu {
				dst[i] += keep*mui + gain*x[i]
			}
			continue
		}
		axpy(dst, rk, mu)
		for j := range d {
			gain := p.alpha * p.base.vars[k*d+j] * p.prec[k*d+j]
			axpy(dst, rk*gain*p.project(k, j, x), p.axis(k, j))
		}
	}
	p.spare.put(own)
	return dst
}

var (
	_ Diffusible = (*Mixture)(nil)
	_ Diffused   = (*DiffusedMixture)(nil)
)
