package posterior

import (
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// TMPD is Tweedie moment projected diffusion (Boys et al. 2023) in the form of its
// experiments: the covariance V = (σ²/α) ∂D/∂x of x₀ given x_t is the true one, but of
// H V Hᵀ only the sums of its rows are used, as if it were diagonal,
//
//	∇ log p(y | x_t) ≈ (∂D/∂x)ᵀ Hᵀ (diag(H V Hᵀ 1) + Σ)⁻¹ (y − h(D)),   H = h'(D).
//
// Sums below 0, which correlated columns may have, count as 0. It is exact for normal
// data and a linear h when H V Hᵀ is diagonal; the form with all of H V Hᵀ is MMPS. Two
// products with the Jacobian.
type TMPD struct{}

// Given implements Method.
func (m TMPD) Given(p sde.Problem, o Observation) (sde.Problem, error) {
	return given("TMPD", p, o, m)
}

func (TMPD) check(*Likelihood) error { return nil }

func (TMPD) add(dst *mat.Dense, at *moment) {
	n, _ := at.x.Dims()
	_, m := at.like.Dims()
	ones, sums := mat.NewDense(n, m, nil), mat.NewDense(n, m, nil)
	for i := range n {
		for k := range ones.RawRowView(i) {
			ones.Set(i, k, 1)
		}
	}
	at.like.jvp(sums, at.place(), at.pullback(ones))
	r, noise := at.residual(), at.like.noise
	for i := range n {
		α, σ := at.kernel(i)
		row, sum := r.RawRowView(i), sums.RawRowView(i)
		for k, v := range sum {
			sum[k] = max(0, σ*σ/α*v)
		}
		if noise.full == nil {
			for k, v := range sum {
				if v += noise.variances[k]; v > 0 {
					row[k] /= v
				} else {
					row[k] = 0
				}
			}
			continue
		}
		s := mat.NewSymDense(m, nil)
		for k, v := range sum {
			s.SetSym(k, k, v)
		}
		noise.addTo(s)
		factorise(s).solve(row, row)
	}
	dst.Add(dst, at.pullback(r))
}
