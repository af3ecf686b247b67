package dataset

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Project returns the distribution of A x + N(0, Σ) for x from m, a mixture too: that of
// an m×d matrix A and an m×m covariance Σ of noise, nil for none, with
//
//	mean A μ_k,   covariance A C_k Aᵀ + Σ,   weight w_k.
//
// Its LogProb at y is the evidence log p(y) of the observation y = A x + noise. The
// source may be nil when Rand is not used. It returns an error wrapping ErrNonFinite for
// a number that is not finite and ErrRange where a covariance is not positive
// definite. It panics when the dimensions differ.
func (m *Mixture) Project(a mat.Matrix, noise mat.Symmetric, src rand.Source) (*Mixture, error) {
	out, err := m.observable("Project", a, noise)
	if err != nil {
		return nil, err
	}
	means, covs := mat.NewDense(m.Len(), out, nil), make([]*mat.SymDense, m.Len())
	for i := range covs {
		_, covs[i] = m.seenThrough(a, noise, i)
		means.RowView(i).(*mat.VecDense).MulVec(a, mat.NewVecDense(m.dim, m.mean(i)))
	}
	return NewMixture(m.weights, means, covs, src)
}

// Observe returns the distribution of x given y = A x + N(0, Σ), a mixture too: with the
// gain K = C Aᵀ(A C Aᵀ + Σ)⁻¹ of component i, of mean μ and covariance C, it has
//
//	mean μ + K(y − A μ),   covariance (I − K A) C,   weight ∝ w_i N(y; A μ, A C Aᵀ + Σ).
//
// The source may be nil when Rand is not used. It returns an error wrapping
// ErrNonFinite for a number that is not finite and ErrRange when Σ is not positive
// definite, and where rounding leaves a covariance that is not. For values of columns
// without noise see Given. It panics when the dimensions differ.
func (m *Mixture) Observe(a mat.Matrix, y []float64, noise mat.Symmetric, src rand.Source) (*Mixture, error) {
	out, err := m.observable("Observe", a, noise)
	if err != nil {
		return nil, err
	}
	if len(y) != out {
		panic(fmt.Sprintf("dataset: Observe: dimension mismatch: y has length %d, A %d rows", len(y), out))
	}
	for k, v := range y {
		if math.IsNaN(v - v) {
			return nil, fmt.Errorf("dataset: Observe: y[%d] is %v: %w", k, v, ErrNonFinite)
		}
	}
	if noise == nil || !new(mat.Cholesky).Factorize(noise) {
		return nil, fmt.Errorf("dataset: Observe: the noise is without a positive definite covariance, want one: %w", ErrRange)
	}
	d := m.dim
	means, covs := mat.NewDense(m.Len(), d, nil), make([]*mat.SymDense, m.Len())
	logW := make([]float64, m.Len())
	for i := range covs {
		ca, s := m.seenThrough(a, noise, i)
		var chol mat.Cholesky
		if !chol.Factorize(s) {
			return nil, fmt.Errorf("dataset: Observe: the covariance of y in component %d is not positive definite to rounding: %w", i, ErrRange)
		}
		var gainT, keep, half, cov, kept mat.Dense
		if err := chol.SolveTo(&gainT, ca.T()); err != nil {
			return nil, fmt.Errorf("dataset: Observe: component %d: %w", i, err)
		}
		off, scaled := mat.NewVecDense(out, nil), mat.NewVecDense(out, nil)
		off.MulVec(a, mat.NewVecDense(d, m.mean(i)))
		off.SubVec(mat.NewVecDense(out, y), off)
		if err := chol.SolveVecTo(scaled, off); err != nil {
			return nil, fmt.Errorf("dataset: Observe: component %d: %w", i, err)
		}
		logW[i] = m.logW[i] - 0.5*(mat.Dot(off, scaled)+chol.LogDet())
		mean := means.RowView(i).(*mat.VecDense)
		mean.MulVec(gainT.T(), off)
		mean.AddVec(mean, mat.NewVecDense(d, m.mean(i)))
		// (I − KA) C (I − KA)ᵀ + K Σ Kᵀ, in which nothing cancels.
		keep.Mul(gainT.T(), a)
		keep.Apply(func(r, c int, v float64) float64 {
			if r == c {
				return 1 - v
			}
			return -v
		}, &keep)
		c := mat.NewSymDense(d, nil)
		m.addSpread(c, i, 1, m.vars)
		half.Mul(&keep, c)
		cov.Mul(&half, keep.T())
		half.Reset()
		half.Mul(gainT.T(), noise)
		kept.Mul(&half, &gainT)
		cov.Add(&cov, &kept)
		covs[i] = mat.NewSymDense(d, nil)
		for r := range d {
			for c := range r + 1 {
				covs[i].SetSym(r, c, 0.5*(cov.At(r, c)+cov.At(c, r)))
			}
		}
	}
	top := floats.Max(logW)
	weights := make([]float64, len(logW))
	for i, l := range logW {
		weights[i] = math.Exp(l - top)
	}
	return NewMixture(weights, means, covs, src)
}

// observable checks an observation of m and returns the number of its values.
func (m *Mixture) observable(verb string, a mat.Matrix, noise mat.Symmetric) (out int, err error) {
	out, in := a.Dims()
	if in != m.dim || noise != nil && noise.SymmetricDim() != out {
		n := out
		if noise != nil {
			n = noise.SymmetricDim()
		}
		panic(fmt.Sprintf("dataset: %s: dimension mismatch: A is %d×%d, the mixture has %d dimensions and the noise %d", verb, out, in, m.dim, n))
	}
	if r, c, bad := nonFinite(a); bad {
		return 0, fmt.Errorf("dataset: %s: A at row %d, column %d is %v: %w", verb, r, c, a.At(r, c), ErrNonFinite)
	}
	if noise != nil {
		if r, c, bad := nonFinite(noise); bad {
			return 0, fmt.Errorf("dataset: %s: the noise at (%d, %d) is %v: %w", verb, r, c, noise.At(r, c), ErrNonFinite)
		}
	}
	return out, nil
}

// seenThrough returns C Aᵀ and A C Aᵀ + Σ of component i.
func (m *Mixture) seenThrough(a mat.Matrix, noise mat.Symmetric, i int) (*mat.Dense, *mat.SymDense) {
	out, _ := a.Dims()
	c := mat.NewSymDense(m.dim, nil)
	m.addSpread(c, i, 1, m.vars)
	var ca, aca mat.Dense
	ca.Mul(c, a.T())
	aca.Mul(a, &ca)
	s := mat.NewSymDense(out, nil)
	for k := range out {
		for l := range k + 1 {
			v := 0.5 * (aca.At(k, l) + aca.At(l, k))
			if noise != nil {
				v += noise.At(k, l)
			}
			s.SetSym(k, l, v)
		}
	}
	return &ca, s
}
