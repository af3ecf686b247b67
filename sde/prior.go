package sde

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// Prior is the Gaussian that a sampler starts from in place of p_t, given by a
// mean m and variances v of the data: at time t it is
//
//	π = N(αm, α²v + σ²),
//
// in the coordinates that the process runs in. The zero value is right for
// standardised data; it is N(0, I) for VP. Variances of 0 give N(αm, σ²), the
// usual choice of VE and EDM code.
type Prior struct {
	// Mean and Variance hold one value a coordinate; nil means m = 0 and v = 1.
	Mean, Variance []float64
}

// Validate checks a prior of d columns. Errors wrap ErrRange and name the field.
func (pi Prior) Validate(d int) error {
	if pi.Mean != nil && len(pi.Mean) != d || pi.Variance != nil && len(pi.Variance) != d {
		return fmt.Errorf("Prior has %d means and %d variances, want %d, the columns of the run: %w", len(pi.Mean), len(pi.Variance), d, ErrRange)
	}
	for j, m := range pi.Mean {
		if !(math.Abs(m) <= math.MaxFloat64) {
			return fmt.Errorf("Prior.Mean[%d]: is %v, want a finite number: %w", j, m, ErrRange)
		}
	}
	for j, v := range pi.Variance {
		if !(v >= 0 && v <= math.MaxFloat64) {
			return fmt.Errorf("Prior.Variance[%d]: is %v, want a finite number >= 0: %w", j, v, ErrRange)
		}
	}
	return nil
}

// At returns the mean and the variance of coordinate j under the kernel α, σ.
func (pi Prior) At(j int, alpha, sigma float64) (mean, variance float64) {
	m, v := 0.0, 1.0
	if pi.Mean != nil {
		m = pi.Mean[j]
	}
	if pi.Variance != nil {
		v = pi.Variance[j]
	}
	return alpha * m, alpha*alpha*v + sigma*sigma
}

// Moments are the mean and the covariance of data, in the coordinates that the
// process runs in.
type Moments struct {
	Mean []float64
	Cov  mat.Symmetric // a mat.DiagDense where only the variances are known
}

// MomentsOf returns the moments of the rows of x. It panics when there are fewer
// than two.
func MomentsOf(x *mat.Dense) Moments {
	rows, cols := x.Dims()
	if rows < 2 {
		mismatch("MomentsOf", "x", fmt.Sprintf("has %d rows", rows), "2 or more")
	}
	mean, column := make([]float64, cols), make([]float64, rows)
	for j := range mean {
		mean[j] = stat.Mean(mat.Col(column, j, x), nil)
	}
	cov := mat.NewSymDense(cols, nil)
	stat.CovarianceMatrix(cov, x, nil)
	return Moments{mean, cov}
}

// KL returns what the data's moments μ and S say about the divergence
// KL(p_t ‖ π) at time t, in nats:
//
//	gaussian = KL(N(αμ, α²S + σ²I) ‖ π)  ≤  KL(p_t ‖ π)  ≤  E KL(N(αx₀, σ²I) ‖ π) = bound,   (17)
//
// the expectation being over the data x₀. The first is the share that the
// moments explain, which is all when the data are Gaussian; the other, the
// prior term of the variational bound (Ho et al. 2020), is larger by
// ½ log det(I + (α²/σ²)S), the most that x_t can still tell about x₀. What the
// reverse process makes of π is no further from what it makes of p_t, the distribution of
// the data, as no step increases a divergence.
//
// Errors wrap ErrRange: values that are not finite, negative variances, a
// covariance that is not positive semi-definite beyond a relative 1e-10, a time
// without noise. Dimensions that differ panic.
func (pi Prior) KL(p SDE, t float64, data Moments) (gaussian, bound float64, err error) {
	gap, err := pi.against(data)
	if err != nil {
		return 0, 0, err
	}
	if err := set(p); err != nil {
		return 0, 0, err
	}
	alpha, sigma := p.Kernel(t)
	if !(positive(t) && positive(alpha) && positive(sigma)) {
		return 0, 0, fmt.Errorf("sde: t = %v, where the kernel is α = %v, σ = %v, want a time at which both are positive and finite: %w", t, alpha, sigma, ErrRange)
	}
	ratio := sigma / alpha
	information, ok := information(data.Cov, ratio)
	if !ok {
		return 0, 0, fmt.Errorf("sde: Moments.Cov is not positive semi-definite: %w", ErrRange)
	}
	bound = gap.bound(ratio)
	return max(bound-information, 0), bound, nil
}

// NoiseFor returns the smallest noise-to-signal ratio σ/α at which the bound of
// KL, a function of this ratio alone, is no more than tolerance nats. It is the
// σ_max of a process with α = 1, EDM and VE, and TimeAt(p, −log(σ/α)) is the
// time to end any other at. Where the prior has v = 0, it is
// √((tr S + ‖μ − m‖²)/(2 tolerance)).
//
// Errors and panics are those of KL; tolerance has to be positive and finite.
func (pi Prior) NoiseFor(tolerance float64, data Moments) (ratio float64, err error) {
	if !positive(tolerance) {
		return 0, fmt.Errorf("sde: tolerance: is %v, want it positive and finite: %w", tolerance, ErrRange)
	}
	gap, err := pi.against(data)
	if err != nil {
		return 0, err
	}
	// The bound falls as the ratio grows; log1p(x) ≤ x gives where it is low
	// enough.
	hi := math.Sqrt((floats.Sum(gap.second) + floats.Sum(gap.variance)) / (2 * tolerance))
	if math.IsInf(hi, 1) {
		return 0, fmt.Errorf("sde: tolerance: is %v, which no finite noise meets for these moments: %w", tolerance, ErrRange)
	}
	lo := hi
	for lo > 0 && gap.bound(lo) <= tolerance {
		hi, lo = lo, lo/2
	}
	for {
		middle := lo + 0.5*(hi-lo)
		switch {
		case !(lo < middle && middle < hi):
			return hi, nil
		case gap.bound(middle) <= tolerance:
			hi = middle
		default:
			lo = middle
		}
	}
}

// gap holds, for each coordinate, the data's second moment S_jj + (μ_j − m_j)²
// about the prior's mean and the prior's variance v_j.
type gap struct{ second, variance []float64 }

func (pi Prior) against(data Moments) (gap, error) {
	if missing(data.Cov) {
		return gap{}, fmt.Errorf("sde: Moments.Cov is nil, want a covariance: %w", ErrRange)
	}
	d := data.Cov.SymmetricDim()
	if len(data.Mean) != d || pi.Mean != nil && len(pi.Mean) != d || pi.Variance != nil && len(pi.Variance) != d {
		mismatch("Prior", "the data", fmt.Sprintf("have %d means and %d columns of covariance, the Prior %d means and %d variances", len(data.Mean), d, len(pi.Mean), len(pi.Variance)), "as many of each, or none in the Prior")
	}
	g := gap{make([]float64, d), make([]float64, d)}
	for j := range d {
		m, v := 0.0, 1.0
		if pi.Mean != nil {
			m = pi.Mean[j]
		}
		if pi.Variance != nil {
			v = pi.Variance[j]
		}
		off, s := data.Mean[j]-m, data.Cov.At(j, j)
		switch {
		case !(math.Abs(off) <= math.MaxFloat64):
			return gap{}, fmt.Errorf("sde: means of coordinate %d are %v (data) and %v (prior), want finite numbers: %w", j, data.Mean[j], m, ErrRange)
		case !(s >= 0 && v >= 0 && s+v <= math.MaxFloat64):
			return gap{}, fmt.Errorf("sde: variances of coordinate %d are %v (data) and %v (prior), want finite numbers >= 0: %w", j, s, v, ErrRange)
		}
		g.second[j], g.variance[j] = s+off*off, v
	}
	return g, semidefinite(data.Cov)
}

// semidefinite checks a covariance whose variances are not negative, in units of
// its deviations: no correlation is beyond 1, and the matrix of them plus 1e-10
// has a Cholesky factor.
func semidefinite(cov mat.Symmetric) error {
	if _, ok := cov.(mat.Diagonal); ok {
		return nil
	}
	const tolerance = 1e-10
	d := cov.SymmetricDim()
	correlations := mat.NewSymDense(d, nil)
	for i := range d {
		for j := range i {
			c, most := cov.At(i, j), math.Sqrt(cov.At(i, i))*math.Sqrt(cov.At(j, j))
			if !(math.Abs(c) <= most*(1+tolerance)) {
				return fmt.Errorf("sde: Moments.Cov[%d][%d] = %v with variances %v and %v, want at most %v in size: not positive semi-definite: %w", i, j, c, cov.At(i, i), cov.At(j, j), most, ErrRange)
			}
			if most > 0 {
				correlations.SetSym(i, j, c/most)
			}
		}
		correlations.SetSym(i, i, 1+tolerance)
	}
	if !new(mat.Cholesky).Factorize(correlations) {
		return fmt.Errorf("sde: Moments.Cov is not positive semi-definite: %w", ErrRange)
	}
	return nil
}

// bound returns E KL(N(αx₀, σ²I) ‖ π) with ς = σ/α,
//
//	½ Σ_j [(S_jj + (μ_j − m_j)² − v_j)/(v_j + ς²) + log(1 + v_j/ς²)].
func (g gap) bound(ratio float64) float64 {
	sum := 0.0
	for j, v := range g.variance {
		sum += (g.second[j]-v)/(v+ratio*ratio) + math.Log1p(v/(ratio*ratio))
	}
	return 0.5 * sum
}

// information returns ½ log det(I + S/ς²), and false when that matrix is not
// positive definite.
func information(cov mat.Symmetric, ratio float64) (nats float64, ok bool) {
	d := cov.SymmetricDim()
	if _, ok := cov.(mat.Diagonal); ok {
		for j := range d {
			nats += 0.5 * math.Log1p(cov.At(j, j)/(ratio*ratio))
		}
		return nats, true
	}
	sum := mat.NewSymDense(d, nil)
	for i := range d {
		for j := range i {
			sum.SetSym(i, j, cov.At(i, j)/(ratio*ratio))
		}
		sum.SetSym(i, i, 1+cov.At(i, i)/(ratio*ratio))
	}
	var chol mat.Cholesky
	if !chol.Factorize(sum) {
		return 0, false
	}
	return 0.5 * chol.LogDet(), true
}

// LargestDistance returns the largest distance between two rows of x, the σ_max
// that Song & Ermon 2020 propose for VE: noise of that size carries any row
// to any other. It looks at all pairs; of many rows take a sample.
func LargestDistance(x *mat.Dense) float64 {
	rows, _ := x.Dims()
	largest := 0.0
	for i := range rows {
		for k := range i {
			largest = max(largest, floats.Distance(x.RawRowView(i), x.RawRowView(k), 2))
		}
	}
	return largest
}
