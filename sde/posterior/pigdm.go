package posterior

import (
	"fmt"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// PiGDM is pseudoinverse-guided diffusion, ΠGDM (Song et al. 2023): it takes x₀ given
// x_t to have the covariance that it has for normal data of independent columns,
//
//	∇ log p(y | x_t) ≈ (∂D/∂x)ᵀ Hᵀ (H R Hᵀ + Σ)⁻¹ (y − h(D)),   R = diag(r_j²),   r_j² = σ²v_j/(α²v_j + σ²),
//
// with H = h'(D). It is exact for such data and a linear h. One product with the
// Jacobian. For an h that is not linear H is found row by row, from one evaluation of
// VJP of as many rows as y has columns.
type PiGDM struct {
	// Variance holds v of each column in the model's coordinates; nil means 1, right
	// for a model of standardised data, whose columns are as wide as that.
	Variance []float64
}

// Given implements Method.
func (m PiGDM) Given(p sde.Problem, o Observation) (sde.Problem, error) {
	m.Variance = slices.Clone(m.Variance)
	return given("PiGDM", p, o, m)
}

func (m PiGDM) check(l *Likelihood) error {
	if in, _ := l.Dims(); m.Variance != nil && len(m.Variance) != in {
		return fmt.Errorf("PiGDM.Variance: has length %d, want %d, the columns: %w", len(m.Variance), in, ErrShape)
	}
	for j, v := range m.Variance {
		if !(v > 0 && finite(v)) {
			return fmt.Errorf("PiGDM.Variance[%d]: is %v, want a positive number: %w", j, v, ErrRange)
		}
	}
	return nil
}

// factors returns the factor of H R Hᵀ + Σ for every row.
func (m PiGDM) factors(at *moment) []*factor {
	n, _ := at.x.Dims()
	all := make([]*factor, n)
	// Without rows of their own there is one matrix for all that share a time.
	shared := at.shared()
	of := map[float64]*factor{}
	for i := range all {
		t := at.t[min(i, len(at.t)-1)]
		if all[i] = of[t]; all[i] != nil {
			continue
		}
		all[i] = factorise(m.spread(i, at))
		if shared {
			of[t] = all[i]
		}
	}
	return all
}

// spread returns H R Hᵀ + Σ for row i.
func (m PiGDM) spread(i int, at *moment) *mat.SymDense {
	h := at.like.jacobian(at.place().RawRowView(i))
	out, d := h.Dims()
	α, σ := at.kernel(i)
	r := make([]float64, d)
	for j := range r {
		v := 1.0
		if m.Variance != nil {
			v = m.Variance[j]
		}
		r[j] = v / (1 + v*(α/σ)*(α/σ))
	}
	at.hide(r, i)
	s, hr := mat.NewSymDense(out, nil), make([]float64, d)
	for k := range out {
		for j, v := range h.RawRowView(k) {
			hr[j] = v * r[j]
		}
		for l := range k + 1 {
			s.SetSym(k, l, dot(hr, h.RawRowView(l)))
		}
	}
	at.like.noise.addTo(s)
	return s
}

func (m PiGDM) add(dst *mat.Dense, at *moment) {
	r := at.residual()
	for i, f := range m.factors(at) {
		f.solve(r.RawRowView(i), r.RawRowView(i))
	}
	dst.Add(dst, at.pullback(r))
}

// The covariance does not depend on x when h is linear.
func (m PiGDM) conserves(l *Likelihood) bool { return l.matrix != nil }

func (m PiGDM) logProb(dst []float64, at *moment) {
	r := at.residual()
	w := make([]float64, r.RawMatrix().Cols)
	for i, f := range m.factors(at) {
		f.solve(w, r.RawRowView(i))
		dst[i] -= 0.5 * dot(w, r.RawRowView(i))
	}
}
