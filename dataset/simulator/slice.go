package simulator

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// freedom of the Student t distribution that moves are made about.
const freedom = 5

// student is the multivariate t distribution of u = mean + L w.
type student struct {
	mean []float64
	l    mat.TriDense
}

// fitStudent fits to rows with weights that sum to one; ok is false when their covariance is
// singular.
func fitStudent(u, w []float64, d int) (s student, ok bool) {
	s.mean = make([]float64, d)
	for i, wi := range w {
		for j, v := range u[i*d : (i+1)*d] {
			s.mean[j] += wi * v
		}
	}
	cov := mat.NewSymDense(d, nil)
	off := make([]float64, d)
	for i, wi := range w {
		for j, v := range u[i*d : (i+1)*d] {
			off[j] = v - s.mean[j]
		}
		cov.SymRankOne(cov, wi, mat.NewVecDense(d, off))
	}
	var chol mat.Cholesky
	if !chol.Factorize(cov) {
		return s, false
	}
	chol.LTo(&s.l)
	return s, true
}

// mover moves members of a population by generalised elliptical slices: with the scale
//
//	s ~ InvGamma((ν + d)/2, (ν + |w|²)/2)
//
// the t distribution at w is N(0, s I), about which w turns on an ellipse, on the slice of
// the rest of the density.
type mover struct {
	*population
	w, z, next, u, theta []float64
}

func newMover(p *population) *mover {
	room := func() []float64 { return make([]float64, p.dim) }
	return &mover{p, room(), room(), room(), room(), room()}
}

func (m *mover) move(i int, rng *rand.Rand) {
	d := m.dim
	here := m.member(i)
	l := m.fit.l.RawTriangular().Data
	for j := range d { // w = L⁻¹(u − mean)
		v := here[j] - m.fit.mean[j]
		for k := range j {
			v -= l[j*d+k] * m.w[k]
		}
		m.w[j] = v / l[j*d+j]
	}
	scale := 0.5 * (freedom + square(m.w)) / distuv.Gamma{Alpha: 0.5 * float64(freedom+d), Beta: 1, Src: rng}.Rand()
	for j := range d {
		m.z[j] = math.Sqrt(scale) * rng.NormFloat64()
	}
	level := m.rest(m.w, here, m.logL[i]) + math.Log(rng.Float64())
	angle := 2 * math.Pi * rng.Float64()
	low, high := angle-2*math.Pi, angle
	for high-low > 1e-12 {
		sin, cos := math.Sincos(angle)
		for j := range d {
			m.next[j] = cos*m.w[j] + sin*m.z[j]
		}
		for j := range d {
			v := m.fit.mean[j]
			for k := range j + 1 {
				v += l[j*d+k] * m.next[k]
			}
			m.u[j] = v
		}
		if !math.IsInf(m.prior.LogProb(m.u), -1) {
			logL := m.logLikelihood(m.u, m.theta)
			if m.rest(m.next, m.u, logL) > level {
				copy(here, m.u)
				m.logL[i] = logL
				return
			}
		}
		if angle < 0 {
			low = angle
		} else {
			high = angle
		}
		angle = low + (high-low)*rng.Float64()
	}
}

// rest returns the log of p(u) p(x | u)^β over the t distribution, but for a constant.
func (m *mover) rest(w, u []float64, logL float64) float64 {
	return m.beta*logL + m.prior.LogProb(u) + 0.5*float64(freedom+m.dim)*math.Log1p(square(w)/freedom)
}

func square(x []float64) float64 {
	var s float64
	for _, v := range x {
		s += v * v
	}
	return s
}
