package dataset

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// Scratch of these sizes lives on the stack. What larger mixtures need is kept
// from one evaluation to the next; more dimensions allocate.
const (
	stackComponents = 512
	stackDim        = 32
)

// negligible is the logarithm of a ratio of probabilities, e⁻⁷⁰ ≈ 4e-31, below
// which a component is left out of all sums: it cannot reach their last bit.
const negligible = -70

// posterior stores p(k|x) in r and returns log p(x), by log-sum-exp. Where
// every density underflows even in logarithms (|x| beyond about 1e150 standard
// deviations) it returns −Inf and NaN responsibilities.
func (m *Mixture) posterior(r, x []float64) float64 {
	top := m.exponents(r, x)
	var sum float64
	for k, l := range r {
		l -= top
		r[k] = 0
		if !(l < negligible) {
			r[k] = math.Exp(l)
			sum += r[k]
		}
	}
	scale := 1 / sum
	for k := range r {
		r[k] *= scale
	}
	if math.IsInf(top, -1) {
		return top
	}
	return top + math.Log(sum)
}

// exponents stores log w_k N(x; μ_k, C_k) in r and returns the largest, NaN
// when there is one.
func (m *Mixture) exponents(r, x []float64) float64 {
	top := math.Inf(-1)
	switch {
	case m.axes != nil:
		for k := range r {
			var q float64
			for j := range m.dim {
				y := m.project(k, j, x)
				q += y * y * m.prec[k*m.dim+j]
			}
			r[k] = m.logNorm[k] - q/2
		}
	case m.dim == 2: // the quadratures of the toys, which have many components
		x0, x1 := x[0], x[1]
		mu, prec, norm := m.means[:2*len(r)], m.prec[:len(r)], m.logNorm[:len(r)]
		for k := range r {
			a, b := x0-mu[2*k], x1-mu[2*k+1]
			r[k] = norm[k] - (a*a+b*b)*prec[k]/2
		}
	default:
		for k := range r {
			var q float64
			for i, mu := range m.mean(k) {
				q += (x[i] - mu) * (x[i] - mu)
			}
			r[k] = m.logNorm[k] - q*m.prec[k]/2
		}
	}
	for _, l := range r {
		if !(l <= top) { // a NaN has to come through
			top = l
		}
	}
	return top
}

// project returns the coordinate of x − μ_k along the j-th axis of C_k.
func (m *Mixture) project(k, j int, x []float64) float64 {
	var y float64
	mu := m.mean(k)
	for i, q := range m.axis(k, j) {
		y += q * (x[i] - mu[i])
	}
	return y
}

// addPull adds c C_k⁻¹(μ_k − x), the score of one component, to dst.
func (m *Mixture) addPull(dst []float64, k int, c float64, x []float64) {
	d := m.dim
	if m.axes == nil {
		c *= m.prec[k]
		for i, mu := range m.means[k*d : (k+1)*d] {
			dst[i] += c * (mu - x[i])
		}
		return
	}
	for j := range d {
		axpy(dst, -c*m.prec[k*d+j]*m.project(k, j, x), m.axis(k, j))
	}
}

// LogProb returns log p(x).
func (m *Mixture) LogProb(x []float64) float64 {
	wantLen("x", x, m.dim)
	var stack [stackComponents]float64
	r, own := m.shares(stack[:])
	logp := m.posterior(r, x)
	m.spare.put(own)
	return logp
}

// Responsibilities returns the posterior probabilities p(k|x) of the K
// components, in dst when it is not nil.
func (m *Mixture) Responsibilities(dst, x []float64) []float64 {
	wantLen("x", x, m.dim)
	dst = room(dst, "dst", len(m.weights))
	m.posterior(dst, x)
	return dst
}

// ScoreInput returns ∇ₓ log p(x) = Σ_k p(k|x) C_k⁻¹(μ_k − x), in dst when it is
// not nil. The two may not overlap.
func (m *Mixture) ScoreInput(dst, x []float64) []float64 {
	dst = reuse(dst, x, m.dim)
	var stack [stackComponents]float64
	r, own := m.shares(stack[:])
	m.posterior(r, x)
	m.score(dst, r, x)
	m.spare.put(own)
	return dst
}

// score stores Σ_k r_k C_k⁻¹(μ_k − x) in dst.
func (m *Mixture) score(dst, r, x []float64) {
	clear(dst)
	for k, rk := range r {
		if rk != 0 {
			m.addPull(dst, k, rk, x)
		}
	}
}

// ScoreJacobian stores the Hessian of log p,
//
//	∂s/∂x = Σ_k p(k|x) [(u_k − s)(u_k − s)ᵀ − C_k⁻¹],   u_k = C_k⁻¹(μ_k − x),
//
// in dst, which must be d×d or empty.
func (m *Mixture) ScoreJacobian(dst *mat.Dense, x []float64) {
	wantLen("x", x, m.dim)
	square(dst, m.dim)
	var stack [stackComponents]float64
	var vectors [2 * stackDim]float64
	r, own := m.shares(stack[:])
	v := scratch(vectors[:], 2*m.dim)
	s, u := v[:m.dim], v[m.dim:]
	m.posterior(r, x)
	m.score(s, r, x)
	dst.Zero()
	raw := dst.RawMatrix()
	for k, rk := range r {
		if rk == 0 {
			continue
		}
		m.deviation(u, s, k, x)
		for i, ui := range u {
			axpy(raw.Data[i*raw.Stride:i*raw.Stride+i+1], rk*ui, u[:i+1])
		}
		m.subPrecision(raw.Data, raw.Stride, k, rk)
	}
	m.spare.put(own)
	for i := range m.dim { // the sums above are over the lower triangle
		for j := range i {
			raw.Data[j*raw.Stride+i] = raw.Data[i*raw.Stride+j]
		}
	}
}

// ScoreJVP stores the score in dst and its derivative along v,
//
//	(∂s/∂x) v = Σ_k p(k|x) [(u_k − s)(u_k − s)·v − C_k⁻¹ v],
//
// in jv, without the Jacobian. All have length d, and only v may be x.
func (m *Mixture) ScoreJVP(dst, jv, x, v []float64) {
	wantLen("x", x, m.dim)
	wantLen("dst", dst, m.dim)
	wantLen("jv", jv, m.dim)
	wantLen("v", v, m.dim)
	var stack [stackComponents]float64
	var vector [stackDim]float64
	r, own := m.shares(stack[:])
	u := scratch(vector[:], m.dim)
	m.posterior(r, x)
	m.score(dst, r, x)
	clear(jv)
	for k, rk := range r {
		if rk == 0 {
			continue
		}
		m.deviation(u, dst, k, x)
		var along float64
		for i, ui := range u {
			along += ui * v[i]
		}
		axpy(jv, rk*along, u)
		if m.axes == nil {
			axpy(jv, -rk*m.prec[k], v)
			continue
		}
		for j := range m.dim {
			q, c := m.axis(k, j), 0.0
			for i, qi := range q {
				c += qi * v[i]
			}
			axpy(jv, -rk*m.prec[k*m.dim+j]*c, q)
		}
	}
	m.spare.put(own)
}

// deviation stores u_k − s in u.
func (m *Mixture) deviation(u, s []float64, k int, x []float64) {
	for i, si := range s {
		u[i] = -si
	}
	m.addPull(u, k, 1, x)
}

// subPrecision subtracts c C_k⁻¹ from the lower triangle of the d×d matrix in
// data.
func (m *Mixture) subPrecision(data []float64, stride, k int, c float64) {
	d := m.dim
	for j := range d {
		if m.axes == nil {
			data[j*stride+j] -= c * m.prec[k]
			continue
		}
		q := m.axis(k, j)
		for i, qi := range q {
			axpy(data[i*stride:i*stride+i+1], -c*m.prec[k*d+j]*qi, q[:i+1])
		}
	}
}

// Divergence returns ∇·s(x) = Σ_k p(k|x) (‖u_k − s‖² − tr C_k⁻¹), the trace of
// the Jacobian.
func (m *Mixture) Divergence(x []float64) float64 {
	wantLen("x", x, m.dim)
	var stack [stackComponents]float64
	var vectors [2 * stackDim]float64
	r, own := m.shares(stack[:])
	v := scratch(vectors[:], 2*m.dim)
	s, u := v[:m.dim], v[m.dim:]
	m.posterior(r, x)
	m.score(s, r, x)
	n := len(m.prec) / len(r)
	var div float64
	for k, rk := range r {
		if rk == 0 {
			continue
		}
		m.deviation(u, s, k, x)
		var trace, norm float64
		for _, p := range m.prec[k*n : (k+1)*n] {
			trace += p * float64(m.dim/n)
		}
		for _, ui := range u {
			norm += ui * ui
		}
		div += rk * (norm - trace)
	}
	m.spare.put(own)
	return div
}

// axpy adds c·x to dst. Gonum's kernels would make the arguments escape, and
// with them the scratch of every evaluation.
func axpy(dst []float64, c float64, x []float64) {
	for i, v := range x {
		dst[i] += c * v
	}
}

// scratch returns n elements of stack, or a new slice when it is too short.
func scratch(stack []float64, n int) []float64 {
	if n > len(stack) {
		return make([]float64, n)
	}
	return stack[:n]
}
