package dataset

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Mixture is the Gaussian mixture
//
//	p(x) = Σ_k w_k N(x; μ_k, C_k),   C_k = Q_kᵀ diag(v_k) Q_k,
//
// with isotropic or full covariances. Everything about it is known in closed
// form, and it stays a mixture under every linear noising process, which makes
// it the oracle that samplers and likelihoods are measured against. Everything
// but Rand is safe for concurrent use.
type Mixture struct {
	dim     int
	weights []float64 // sum to one
	logW    []float64 // log weights
	means   []float64 // K×d
	vars    []float64 // variances along the axes: K when isotropic, else K×d
	axes    []float64 // Q, K×d×d, an axis a row; nil when isotropic
	prec    []float64 // 1/vars
	logNorm []float64 // log w_k − ½ log det 2πC_k
	rng     *rand.Rand
	spare   *spare // room for r of more components than fit the stack
}

// NewMixture returns the mixture with the given weights, which need not sum to
// one, means as the rows of a K×d matrix, and covariances. It panics when the
// numbers of components or dimensions differ; it returns an error wrapping
// ErrRange when a weight is negative or all are zero or a covariance is not
// positive definite, and ErrNonFinite when a number is not finite. The source
// may be nil when Rand is not used.
func NewMixture(weights []float64, means *mat.Dense, covs []*mat.SymDense, src rand.Source) (*Mixture, error) {
	k, d := means.Dims()
	m, err := newMixture("NewMixture", weights, means, "covs", len(covs), src)
	if err != nil {
		return nil, err
	}
	m.vars = make([]float64, k*d)
	m.axes = make([]float64, k*d*d)
	var eig mat.EigenSym
	var q mat.Dense
	for i, c := range covs {
		if c == nil {
			panic(fmt.Sprintf("dataset: NewMixture: covs[%d] is nil", i))
		}
		if n := c.SymmetricDim(); n != d {
			panic(fmt.Sprintf("dataset: NewMixture: covs[%d] is %d×%d, want %d×%d", i, n, n, d, d))
		}
		if r, s, bad := nonFinite(c); bad {
			return nil, fmt.Errorf("dataset: NewMixture: covs[%d] at (%d, %d) is %v: %w", i, r, s, c.At(r, s), ErrNonFinite)
		}
		if !eig.Factorize(c, true) {
			return nil, fmt.Errorf("dataset: NewMixture: covs[%d] has no eigen-decomposition: %w", i, ErrRange)
		}
		v := eig.Values(m.vars[i*d : (i+1)*d])
		// Eigenvalues are computed to this accuracy: below it they may be zero.
		if floor := float64(d) * 0x1p-52 * floats.Max(v); !(v[0] > floor && variance(v[0]) && variance(floats.Max(v))) {
			return nil, fmt.Errorf("dataset: NewMixture: covs[%d] has eigenvalues from %v to %v, want positive definite: %w", i, v[0], floats.Max(v), ErrRange)
		}
		eig.VectorsTo(&q)
		mat.NewDense(d, d, m.axes[i*d*d:(i+1)*d*d]).Copy(q.T())
	}
	m.normalise()
	return m, nil
}

// NewIsotropicMixture returns the mixture with C_k = std_k² I. Arguments,
// errors and panics are those of NewMixture; a standard deviation has to be
// positive.
func NewIsotropicMixture(weights []float64, means *mat.Dense, std []float64, src rand.Source) (*Mixture, error) {
	m, err := newMixture("NewIsotropicMixture", weights, means, "std", len(std), src)
	if err != nil {
		return nil, err
	}
	m.vars = make([]float64, len(std))
	for k, s := range std {
		m.vars[k] = s * s
		if !(s > 0 && variance(m.vars[k])) {
			return nil, fmt.Errorf("dataset: NewIsotropicMixture: std[%d] is %v, want positive with a finite square and reciprocal of it: %w", k, s, ErrRange)
		}
	}
	m.normalise()
	return m, nil
}

// newMixture checks and stores what both kinds of mixture share.
func newMixture(verb string, weights []float64, means *mat.Dense, scale string, scales int, src rand.Source) (*Mixture, error) {
	k, d := means.Dims()
	if len(weights) != k || scales != k {
		panic(fmt.Sprintf("dataset: %s: means is %d×%d, weights has %d elements and %s %d, want one a row", verb, k, d, len(weights), scale, scales))
	}
	var top float64
	for i, w := range weights {
		if !(w >= 0) || math.IsInf(w, 0) {
			return nil, fmt.Errorf("dataset: %s: weights[%d] is %v, want finite and ≥ 0: %w", verb, i, w, ErrRange)
		}
		top = max(top, w)
	}
	if top == 0 {
		return nil, fmt.Errorf("dataset: %s: weights are all 0, want a positive one: %w", verb, ErrRange)
	}
	if r, c, bad := nonFinite(means); bad {
		return nil, fmt.Errorf("dataset: %s: means at row %d, column %d is %v: %w", verb, r, c, means.At(r, c), ErrNonFinite)
	}
	m := &Mixture{spare: new(spare), dim: d, weights: make([]float64, k), logW: make([]float64, k), means: make([]float64, k*d)}
	// Scaled by a power of two, weights of any size have a sum and a reciprocal.
	_, exponent := math.Frexp(top)
	var sum float64
	for i, w := range weights {
		m.weights[i] = math.Ldexp(w, -exponent)
		sum += m.weights[i]
	}
	floats.Scale(1/sum, m.weights)
	for i, w := range m.weights {
		m.logW[i] = math.Log(w)
	}
	mat.NewDense(k, d, m.means).Copy(means)
	if src != nil {
		m.rng = rand.New(src)
	}
	return m, nil
}

// variance reports whether v is positive and finite, and its reciprocal too.
func variance(v float64) bool { return v > 0 && !math.IsInf(v, 0) && !math.IsInf(1/v, 0) }

// normalise derives the precisions and log-normalisers from the variances.
func (m *Mixture) normalise() {
	m.prec = make([]float64, len(m.vars))
	for i, v := range m.vars {
		m.prec[i] = 1 / v
	}
	m.logNorm = make([]float64, len(m.weights))
	n := len(m.vars) / len(m.weights) // distinct variances of a component
	var logDet float64
	for k := range m.logNorm {
		v := m.vars[k*n : (k+1)*n]
		// Components often share their scale, and logarithms are not free.
		if k == 0 || !floats.Same(v, m.vars[(k-1)*n:k*n]) {
			logDet = 0
			for _, vi := range v {
				logDet += math.Log(2 * math.Pi * vi)
			}
			logDet *= float64(m.dim / n)
		}
		m.logNorm[k] = m.logW[k] - logDet/2
	}
}

// Dim returns the dimension d.
func (m *Mixture) Dim() int { return m.dim }

// Len returns the number of components K.
func (m *Mixture) Len() int { return len(m.weights) }

// Rand draws x by choosing a component and drawing from it. A nil x is
// allocated. It panics when the mixture was built without a source.
func (m *Mixture) Rand(x []float64) []float64 {
	x = room(x, "x", m.dim)
	if m.rng == nil {
		panic(badSource)
	}
	k := m.pick(m.rng.Float64())
	d := m.dim
	copy(x, m.mean(k))
	if m.axes == nil {
		std := math.Sqrt(m.vars[k])
		for i := range x {
			x[i] += std * m.rng.NormFloat64()
		}
		return x
	}
	for j := range d {
		axpy(x, math.Sqrt(m.vars[k*d+j])*m.rng.NormFloat64(), m.axis(k, j))
	}
	return x
}

// pick returns the component in whose share of [0, 1) u lies.
func (m *Mixture) pick(u float64) int {
	last := 0
	for k, w := range m.weights {
		if w == 0 {
			continue
		}
		if u < w {
			return k
		}
		u -= w
		last = k
	}
	return last // the weights sum to one only up to rounding
}

// Mean returns E[x] = Σ_k w_k μ_k, in dst when it is not nil.
func (m *Mixture) Mean(dst []float64) []float64 {
	dst = room(dst, "dst", m.dim)
	clear(dst)
	for k, w := range m.weights {
		floats.AddScaled(dst, w, m.mean(k))
	}
	return dst
}

// Cov stores the covariance Σ_k w_k (C_k + (μ_k − E x)(μ_k − E x)ᵀ) in dst,
// which must be d×d or empty.
func (m *Mixture) Cov(dst *mat.SymDense) {
	if dst.IsEmpty() {
		dst.ReuseAsSym(m.dim)
	}
	if n := dst.SymmetricDim(); n != m.dim {
		panic(fmt.Sprintf("dataset: dst is %d×%d, want %d×%d or empty", n, n, m.dim, m.dim))
	}
	dst.Zero()
	mean := m.Mean(nil)
	diff := make([]float64, m.dim)
	for k, w := range m.weights {
		floats.SubTo(diff, m.mean(k), mean)
		dst.SymRankOne(dst, w, mat.NewVecDense(m.dim, diff))
		m.addSpread(dst, k, w, m.vars)
	}
}

// addSpread adds c Q_kᵀ diag(values) Q_k to dst, with one value for each
// variance of the mixture.
func (m *Mixture) addSpread(dst *mat.SymDense, k int, c float64, values []float64) {
	d := m.dim
	if m.axes == nil {
		for i := range d {
			dst.SetSym(i, i, dst.At(i, i)+c*values[k])
		}
		return
	}
	for j := range d {
		dst.SymRankOne(dst, c*values[k*d+j], mat.NewVecDense(d, m.axis(k, j)))
	}
}

func (m *Mixture) mean(k int) []float64 { return m.means[k*m.dim : (k+1)*m.dim] }

func (m *Mixture) axis(k, j int) []float64 {
	at := (k*m.dim + j) * m.dim
	return m.axes[at : at+m.dim]
}
