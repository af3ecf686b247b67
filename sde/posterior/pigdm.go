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
	if !at.shared() {
		for i := range all {
			all[i] = factorise(at.withNoise(1, at.gram(m.variances(i, at), i)))
		}
		return all
	}
	// There is one matrix for all that share a time, and without variances one H Hᵀ for all.
	var square *mat.SymDense
	if m.Variance == nil {
		square = at.gram(nil, 0)
	}
	of := map[float64]*factor{}
	for i := range all {
		t := at.t[min(i, len(at.t)-1)]
		if all[i] = of[t]; all[i] != nil {
			continue
		}
		if square != nil {
			all[i] = factorise(at.withNoise(remaining(1, at, i), square))
		} else {
			all[i] = factorise(at.withNoise(1, at.gram(m.variances(i, at), i)))
		}
		of[t] = all[i]
	}
	return all
}

// remaining returns r² of a variance v for row i.
func remaining(v float64, at *moment, i int) float64 {
	α, σ := at.kernel(i)
	return v / (1 + v*(α/σ)*(α/σ))
}

// variances returns the r² of the columns for row i.
func (m PiGDM) variances(i int, at *moment) []float64 {
	_, d := at.x.Dims()
	r := make([]float64, d)
	for j := range r {
		v := 1.0
		if m.Variance != nil {
			v = m.Variance[j]
		}
		r[j] = remaining(v, at, i)
	}
	return r
}

// gram returns H diag(r) Hᵀ for row i, of the columns that are not known; a nil r is 1.
func (at *moment) gram(r []float64, i int) *mat.SymDense {
	h := at.like.jacobian(at.place().RawRowView(i))
	out, d := h.Dims()
	if r == nil {
		r = make([]float64, d)
		for j := range r {
			r[j] = 1
		}
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
	return s
}

// withNoise returns c s + Σ.
func (at *moment) withNoise(c float64, s *mat.SymDense) *mat.SymDense {
	var sum mat.SymDense
	sum.ScaleSym(c, s)
	at.like.noise.addTo(&sum)
	return &sum
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
