package dataset

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Given returns the distribution of some columns given others, a mixture too: x has
// a number where a column is known, NaN where it is one of those meant, and +Inf where
// it is integrated out. The columns of the result are those meant, in their order. With
// the blocks u of these and k of the known ones, component i has
//
//	mean μ_u + C_uk C_kk⁻¹ (x_k − μ_k),   covariance C_uu − C_uk C_kk⁻¹ C_ku,   weight ∝ w_i N(x_k; μ_k, C_kk).
//
// The source may be nil when Rand is not used. It returns an error wrapping ErrRange
// when no column is meant, for −Inf, and where rounding leaves a covariance that is
// not positive definite. It panics when x has another length than m has columns.
func (m *Mixture) Given(x []float64, src rand.Source) (*Mixture, error) {
	if len(x) != m.dim {
		panic(fmt.Sprintf("dataset: dimension mismatch: x has length %d, want %d", len(x), m.dim))
	}
	var meant, known []int
	for j, v := range x {
		switch {
		case math.IsNaN(v):
			meant = append(meant, j)
		case math.IsInf(v, -1):
			return nil, fmt.Errorf("dataset: Given: x[%d]: is −Inf, want a number, NaN or +Inf: %w", j, ErrRange)
		case !math.IsInf(v, 1):
			known = append(known, j)
		}
	}
	if meant == nil {
		return nil, fmt.Errorf("dataset: Given: x: has no NaN, want one at a column that is meant: %w", ErrRange)
	}
	u := len(meant)
	means, covs := mat.NewDense(m.Len(), u, nil), make([]*mat.SymDense, m.Len())
	logW := make([]float64, m.Len())
	for i := range covs {
		c := mat.NewSymDense(m.dim, nil)
		m.addSpread(c, i, 1, m.vars)
		mean := m.mean(i)
		covs[i] = mat.NewSymDense(u, nil)
		for a, j := range meant {
			means.Set(i, a, mean[j])
			for b := range a + 1 {
				covs[i].SetSym(a, b, c.At(j, meant[b]))
			}
		}
		logW[i] = m.logW[i]
		if known == nil {
			continue
		}
		ckk, off := mat.NewSymDense(len(known), nil), mat.NewVecDense(len(known), nil)
		cku := mat.NewDense(len(known), u, nil)
		for a, j := range known {
			off.SetVec(a, x[j]-mean[j])
			for b := range a + 1 {
				ckk.SetSym(a, b, c.At(j, known[b]))
			}
			for b, k := range meant {
				cku.Set(a, b, c.At(j, k))
			}
		}
		var chol mat.Cholesky
		if !chol.Factorize(ckk) {
			return nil, fmt.Errorf("dataset: Given: the covariance of the known columns in component %d is not positive definite to rounding: %w", i, ErrRange)
		}
		var gain, less mat.Dense
		if err := chol.SolveTo(&gain, cku); err != nil {
			return nil, fmt.Errorf("dataset: Given: component %d: %w", i, err)
		}
		less.Mul(cku.T(), &gain)
		for a := range u {
			shift := 0.0
			for b := range known {
				shift += gain.At(b, a) * off.AtVec(b)
			}
			means.Set(i, a, means.At(i, a)+shift)
			for b := range a + 1 {
				covs[i].SetSym(a, b, covs[i].At(a, b)-0.5*(less.At(a, b)+less.At(b, a)))
			}
		}
		var scaled mat.VecDense
		if err := chol.SolveVecTo(&scaled, off); err != nil {
			return nil, fmt.Errorf("dataset: Given: component %d: %w", i, err)
		}
		logW[i] -= 0.5 * (mat.Dot(off, &scaled) + chol.LogDet())
	}
	top := floats.Max(logW)
	weights := make([]float64, len(logW))
	for i, l := range logW {
		weights[i] = math.Exp(l - top)
	}
	return NewMixture(weights, means, covs, src)
}
