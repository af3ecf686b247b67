package posterior

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Noise is the Gaussian noise N(0, Σ) of an observation, in the units of y. At most one
// field is set; the zero value is an observation without noise.
type Noise struct {
	// Deviation is τ in Σ = τ² I.
	Deviation float64
	// Deviations are the τ_k in Σ = diag(τ_k²), 0 where number k has no noise.
	Deviations []float64
	// Cov is Σ, positive semi-definite.
	Cov *mat.SymDense
}

// covariance is the Σ of one observation of m numbers: its diagonal, or all of it.
type covariance struct {
	variances []float64
	full      *mat.SymDense // nil: diagonal
	chol      *mat.Cholesky // of full
	lower     mat.TriDense  // its factor
	logDet    float64       // of 2πΣ
	definite  bool
}

// of checks the noise of m numbers.
func (e Noise) of(m int) (*covariance, error) {
	set := 0
	for _, is := range []bool{e.Deviation != 0, e.Deviations != nil, e.Cov != nil} {
		if is {
			set++
		}
	}
	switch {
	case set > 1:
		return nil, fmt.Errorf("Noise: has %d of Deviation, Deviations and Cov, want one of them: %w", set, ErrRange)
	case e.Cov != nil:
		return fullCovariance(e.Cov, m)
	case e.Deviations != nil && len(e.Deviations) != m:
		return nil, fmt.Errorf("Noise.Deviations: has length %d, the operator gives %d numbers: %w", len(e.Deviations), m, ErrShape)
	}
	c := &covariance{variances: make([]float64, m), definite: true}
	for k := range m {
		name, τ := "Noise.Deviation", e.Deviation
		if e.Deviations != nil {
			name, τ = fmt.Sprintf("Noise.Deviations[%d]", k), e.Deviations[k]
		}
		v := τ * τ
		if !(τ >= 0 && finite(v)) || τ > 0 && (v == 0 || math.IsInf(1/v, 0)) {
			return nil, fmt.Errorf("%s: is %v, want 0 or a positive number with a finite square and reciprocal of it: %w", name, τ, ErrRange)
		}
		c.variances[k], c.definite = v, c.definite && v > 0
		c.logDet += math.Log(2 * math.Pi * v)
	}
	return c, nil
}

func fullCovariance(s *mat.SymDense, m int) (*covariance, error) {
	if n := s.SymmetricDim(); n != m {
		return nil, fmt.Errorf("Noise.Cov: is %d×%d, the operator gives %d numbers: %w", n, n, m, ErrShape)
	}
	c := &covariance{variances: make([]float64, m), full: mat.NewSymDense(m, nil), chol: new(mat.Cholesky)}
	c.full.CopySym(s)
	for i := range m {
		c.variances[i] = s.At(i, i)
		for j := range m {
			v := s.At(i, j)
			if !finite(v) {
				return nil, fmt.Errorf("Noise.Cov: row %d, column %d: is %v, want a finite number: %w", i, j, v, ErrNonFinite)
			}
			if root := math.Sqrt(s.At(i, i)) * math.Sqrt(s.At(j, j)); !(math.Abs(v) <= root*(1+1e-10)) {
				return nil, fmt.Errorf("Noise.Cov: row %d, column %d: is %v, want at most the root %.6g of the product of the variances: %w", i, j, v, root, ErrRange)
			}
		}
	}
	scaled := mat.NewSymDense(m, nil)
	for i := range m {
		for j := range i + 1 {
			if root := math.Sqrt(c.variances[i]) * math.Sqrt(c.variances[j]); root > 0 {
				scaled.SetSym(i, j, s.At(i, j)/root)
			}
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(scaled, false) {
		return nil, fmt.Errorf("Noise.Cov: has no eigen-decomposition: %w", ErrRange)
	}
	least := eigen.Values(nil)[0]
	if least < -1e-10 {
		return nil, fmt.Errorf("Noise.Cov: has the eigenvalue %.3g when scaled to correlations, want a positive semi-definite matrix: %w", least, ErrRange)
	}
	if c.definite = least > dependent && c.chol.Factorize(c.full); c.definite {
		c.chol.LTo(&c.lower)
		c.logDet = c.chol.LogDet() + float64(m)*math.Log(2*math.Pi)
	}
	return c, nil
}

// solve writes Σ⁻¹ r into dst, which may be r.
func (c *covariance) solve(dst, r []float64) {
	if c.full == nil {
		for k, v := range c.variances {
			dst[k] = r[k] / v
		}
		return
	}
	copy(dst, r)
	x := mat.NewVecDense(len(dst), dst)
	if err := c.chol.SolveVecTo(x, x); err != nil {
		panic("posterior: " + err.Error()) // definite says that there is none
	}
}

// add adds Σ p to dst.
func (c *covariance) add(dst, p []float64) {
	for k := range dst {
		if c.full == nil {
			dst[k] += c.variances[k] * p[k]
			continue
		}
		for l, v := range p {
			dst[k] += c.full.At(k, l) * v
		}
	}
}

// addTo adds Σ to a matrix.
func (c *covariance) addTo(s *mat.SymDense) {
	if c.full != nil {
		s.AddSym(s, c.full)
		return
	}
	for k, v := range c.variances {
		s.SetSym(k, k, s.At(k, k)+v)
	}
}

// root writes the noise Σ^½ e of standard normals e into dst.
func (c *covariance) root(dst, e []float64) {
	if c.full == nil {
		for k, v := range c.variances {
			dst[k] = math.Sqrt(v) * e[k]
		}
		return
	}
	for k := range dst {
		dst[k] = 0
		for j := range k + 1 {
			dst[k] += c.lower.At(k, j) * e[j]
		}
	}
}
