package posterior

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Near is a chain in the distribution of clean rows u that are near others, in model
// coordinates, and of what is observed,
//
//	p(u) ∝ N(u; m, r² I) p(y | u),
//
// from which sampler.DAPS draws. It is not safe for concurrent use.
type Near struct {
	// U is where the rows are, at first the means. It is not to be changed.
	U    *mat.Dense
	like *Likelihood
	mean *mat.Dense
	r    float64
	here []spot
	next *mat.Dense
}

// spot is what is known of the distribution at a row u: with H = h'(u), the covariance
// M = (I/r² + Hᵀ Σ⁻¹ H)⁻¹ that it has if h is linear.
type spot struct {
	h      *mat.Dense // H
	inner  *factor    // of r² H Hᵀ + Σ
	drift  []float64  // M ∇ log p
	logP   float64
	logDet float64 // of M, without what all spots share
}

// Near returns the chain of rows near the means, with the standard deviation r > 0 in every
// column. It panics when the shapes do not match, and when Σ is singular.
func (l *Likelihood) Near(mean *mat.Dense, r float64) *Near {
	n, d := mean.Dims()
	p := &Near{
		U: mat.DenseCopyOf(mean), like: l, mean: mat.DenseCopyOf(mean), r: r, here: make([]spot, n),
		next: mat.NewDense(n, d, nil),
	}
	for i, s := range p.at(p.U) {
		p.here[i] = s
	}
	return p
}

// at returns what is known at the rows u.
func (p *Near) at(u *mat.Dense) []spot {
	l := p.like
	residual := l.residual("Near", u)
	n, m := residual.Dims()
	_, d := u.Dims()
	all, weighed, rest := make([]spot, n), make([]float64, m), make([]float64, m)
	for i := range all {
		s := &all[i]
		if l.matrix != nil && p.here[0].h != nil {
			s.h, s.inner = p.here[0].h, p.here[0].inner
		} else if l.matrix != nil && i > 0 {
			s.h, s.inner = all[0].h, all[0].inner
		} else {
			s.h = l.jacobian(u.RawRowView(i))
			s.inner = p.factor(s.h)
		}
		row, mean, r := u.RawRowView(i), p.mean.RawRowView(i), residual.RawRowView(i)
		l.noise.solve(weighed, r)
		s.logP = -0.5 * dot(weighed, r)
		s.drift = make([]float64, d)
		for j := range s.drift {
			s.drift[j] = mean[j] - row[j]
			s.logP -= 0.5 * s.drift[j] * s.drift[j] / (p.r * p.r)
		}
		// M (a/r² + HᵀΣ⁻¹b) = a + r²Hᵀ(r²HHᵀ + Σ)⁻¹(b − Ha).
		for k := range rest {
			rest[k] = r[k] - dot(s.h.RawRowView(k), s.drift)
		}
		p.pull(s, s.drift, rest)
		s.logDet = -s.inner.logDet()
	}
	return all
}

// factor returns the factor of r² H Hᵀ + Σ.
func (p *Near) factor(h *mat.Dense) *factor {
	m, _ := h.Dims()
	s := mat.NewSymDense(m, nil)
	for k := range m {
		for j := range k + 1 {
			s.SetSym(k, j, p.r*p.r*dot(h.RawRowView(k), h.RawRowView(j)))
		}
	}
	p.like.noise.addTo(s)
	return factorise(s)
}

// LogProb writes log p of the rows U, without its constant, into dst: NaN where h or its
// derivative is not finite. It panics when the length of dst does not match.
func (p *Near) LogProb(dst []float64) {
	if len(dst) != len(p.here) {
		panic(fmt.Sprintf("posterior: dimension mismatch: Near.LogProb: dst has length %d, want %d, one entry a row", len(dst), len(p.here)))
	}
	for i, s := range p.here {
		dst[i] = s.logP
		if !s.defined() {
			dst[i] = math.NaN()
		}
	}
}

// defined reports whether h and its derivative are finite at the spot.
func (s *spot) defined() bool {
	for _, v := range s.drift {
		if !finite(v) {
			return false
		}
	}
	return finite(s.logP)
}

// pull adds r²Hᵀ(r²HHᵀ + Σ)⁻¹ w to dst, and changes w.
func (p *Near) pull(s *spot, dst, w []float64) {
	s.inner.solve(w, w)
	for k, v := range w {
		axpy(dst, p.r*p.r*v, s.h.RawRowView(k))
	}
}

// Move makes a step of Langevin dynamics in the metric M of the linearised distribution,
//
//	u' = u + c M ∇ log p(u) + √(1 − (1 − c)²) M^½ ζ,   M = (I/r² + Hᵀ Σ⁻¹ H)⁻¹,   H = h'(u),
//
// for 0 < c ≤ 1, which leaves p as it is: of a linear h for every c, and c = 1 draws from
// it wherever u was. Of others the step is accepted by the rule of Metropolis and
// Hastings (Girolami & Calderhead 2011). A row at which h or its derivative is not finite
// goes to m + rz where they are, and stays elsewhere. The rows of z are standard normals like those of U,
// those of e standard normals like those of y, and accept holds a uniform number for
// each row. It panics when the shapes do not match.
func (p *Near) Move(z, e *mat.Dense, accept []float64, c float64) {
	n, d := p.U.Dims()
	_, m := p.like.Dims()
	want("Near.Move", "z", z, n, d)
	want("Near.Move", "e", e, n, m)
	if len(accept) != n {
		panic(fmt.Sprintf("posterior: dimension mismatch: Near.Move: accept has length %d, want %d, one entry a row", len(accept), n))
	}
	variance := c * (2 - c)
	noise, step := make([]float64, m), make([]float64, d)
	for i := range p.here {
		s := &p.here[i]
		// M^½ ζ = rz + r²Hᵀ(r²HHᵀ + Σ)⁻¹(Σ^½ e − H rz).
		for j, v := range z.RawRowView(i) {
			step[j] = p.r * v
		}
		p.like.noise.root(noise, e.RawRowView(i))
		for k := range noise {
			noise[k] -= dot(s.h.RawRowView(k), step)
		}
		p.pull(s, step, noise)
		to := p.next.RawRowView(i)
		if !s.defined() {
			copy(to, p.mean.RawRowView(i))
			axpy(to, p.r, z.RawRowView(i))
			continue
		}
		copy(to, p.U.RawRowView(i))
		axpy(to, c, s.drift)
		axpy(to, math.Sqrt(variance), step)
	}
	there := p.at(p.next)
	for i := range p.here {
		from, to := p.U.RawRowView(i), p.next.RawRowView(i)
		if !p.here[i].defined() {
			if !there[i].defined() {
				continue
			}
		} else if p.like.matrix == nil {
			gain := there[i].logP - p.here[i].logP + p.proposal(&there[i], to, from, c, variance) - p.proposal(&p.here[i], from, to, c, variance)
			if !(math.Log(accept[i]) < gain) {
				continue
			}
		}
		copy(from, to)
		p.here[i] = there[i]
	}
}

// proposal returns the log-density of a step from a row to another, without its constant.
func (p *Near) proposal(s *spot, from, to []float64, c, variance float64) float64 {
	m, _ := s.h.Dims()
	off, seen, weighed := make([]float64, len(to)), make([]float64, m), make([]float64, m)
	for j := range off {
		off[j] = to[j] - from[j] - c*s.drift[j]
	}
	for k := range seen {
		seen[k] = dot(s.h.RawRowView(k), off)
	}
	p.like.noise.solve(weighed, seen)
	return -0.5*(dot(off, off)/(p.r*p.r)+dot(weighed, seen))/variance - 0.5*s.logDet
}
