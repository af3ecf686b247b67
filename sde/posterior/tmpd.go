package posterior

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// TMPD is Tweedie moment projected diffusion (Boys et al. 2023) in the form of its
// experiments: the covariance V = (σ²/α) ∂D/∂x of x₀ given x_t is the true one, but of
// H V Hᵀ only the sums of its rows are used, as if it were diagonal,
//
//	∇ log p(y | x_t) ≈ c (∂D/∂x)ᵀ Hᵀ w,   w = (C + Σ)⁻¹ (y − h(D)),   C = diag(S H V Hᵀ S⁻¹ 1),   S = diag(‖h_k‖),   H = h'(D).
//
// Numbers of y are added in units of the norms of the rows h_k of H, in the coordinates of
// the model, which are how far each spreads for standardised data: the paper, which has no
// units, has S = I, the same for rows of equal norms such as a Mask's. So nothing depends on
// the units of y. Sums that are not above 0, which correlated columns may have, are no
// variances: such a number is then left out. And sums that are small, of numbers that vary
// much but against each other, count what is observed many times over: so c is
//
//	c = min(1, wᵀ(y − h(D)) / wᵀ(H V Hᵀ + Σ)w),
//
// with which the term goes no farther along its direction than the whole covariance says, 0
// where V is negative along it. With c = 1, as in the paper, samples of eight columns were
// hundreds of deviations away. It is exact for normal data and a linear h when
// H V Hᵀ is diagonal; the form with all of H V Hᵀ is MMPS. Two products with the Jacobian.
type TMPD struct{}

// Given implements Method.
func (m TMPD) Given(p sde.Problem, o Observation) (sde.Problem, error) {
	return given("TMPD", p, o, m)
}

func (TMPD) check(*Likelihood) error { return nil }

func (TMPD) add(dst *mat.Dense, at *moment) {
	n, _ := at.x.Dims()
	_, m := at.like.Dims()
	size, inverse, sums := mat.NewDense(n, m, nil), mat.NewDense(n, m, nil), mat.NewDense(n, m, nil)
	for i := range n {
		if row := size.RawRowView(i); i > 0 && at.shared() {
			copy(row, size.RawRowView(0))
		} else {
			at.sizes(row, i)
		}
		for k, v := range size.RawRowView(i) {
			if v > 0 {
				inverse.Set(i, k, 1/v)
			}
		}
	}
	at.like.jvp(sums, at.place(), at.pullback(inverse))
	r, noise := at.residual(), at.like.noise
	w := mat.DenseCopyOf(r)
	for i := range n {
		α, σ := at.kernel(i)
		row, sum := w.RawRowView(i), sums.RawRowView(i)
		for k, v := range sum {
			sum[k] = max(0, v*size.At(i, k)*σ*σ/α)
		}
		if noise.full == nil {
			for k, v := range sum {
				if v > 0 {
					row[k] /= v + noise.variances[k]
				} else {
					row[k] = 0
				}
			}
			continue
		}
		s := mat.NewSymDense(m, nil)
		noise.addTo(s)
		for k, v := range sum {
			s.SetSym(k, k, s.At(k, k)+v)
			for l := 0; l < m && !(v > 0); l++ {
				s.SetSym(k, l, 0)
			}
		}
		factorise(s).solve(row, row)
	}
	back, moved := at.pullback(w), sums
	at.like.jvp(moved, at.place(), back)
	for i := range n {
		α, σ := at.kernel(i)
		axpy(dst.RawRowView(i), shortened(w.RawRowView(i), r.RawRowView(i), moved.RawRowView(i), σ*σ/α, noise), back.RawRowView(i))
	}
}

// shortened returns the c ≤ 1 of w for what is left of y, r, and H V Hᵀ w, which is scale times
// moved and is overwritten.
func shortened(w, r, moved []float64, scale float64, noise *covariance) float64 {
	for k := range moved {
		moved[k] *= scale
	}
	ofV := dot(w, moved)
	noise.add(moved, w)
	most, least := dot(w, moved), dot(w, r)
	switch {
	case ofV < 0:
		return 0
	case least < most:
		return least / most
	}
	return 1
}

// sizes writes the norms of the rows of H into dst, for row i, of what is not known.
func (at *moment) sizes(dst []float64, i int) {
	h := at.like.jacobian(at.place().RawRowView(i))
	row := make([]float64, h.RawMatrix().Cols)
	for k := range dst {
		copy(row, h.RawRowView(k))
		at.hide(row, i)
		dst[k] = math.Sqrt(dot(row, row))
	}
}
