package sde

import "gonum.org/v1/gonum/mat"

// Jacobian is implemented by a Density that also knows the derivative of its
// score: ScoreJacobian writes the symmetric matrix ∂²log p/∂x∂x into dst.
type Jacobian interface {
	ScoreJacobian(dst *mat.Dense, x []float64)
}

// productive is a Jacobian that knows products with it at less than its price.
type productive interface {
	Jacobian
	// ScoreJVP writes the score at x into dst and its derivative along v into jv.
	ScoreJVP(dst, jv, x, v []float64)
}

// Analytic returns the exact score of a diffused distribution: at(α, σ) is the
// distribution of αx₀ + σz, such as a dataset's method Diffuse. The result is also
// a Divergencer and a Pullback exactly when the density is a Jacobian, and a LogProber exactly
// when the density has the method LogProb(x []float64) float64, which is decided
// here, once, from the density at the end of the span. Products with the Jacobian are
// the density's ScoreJVP(dst, jv, x, v []float64), score and derivative along v, where it
// has that method. It panics when an argument is nil.
//
// A call of Score calls at once for every run of equal times, hence once when
// the time is common. at must be safe for concurrent use; a density serves one
// call.
func Analytic[D Density](p SDE, at func(alpha, sigma float64) D) Scorer {
	if err := set(p); err != nil {
		panic(err.Error())
	}
	if at == nil {
		panic("sde: Analytic: at is nil, want a function that gives the density at α and σ")
	}
	_, end := p.Span()
	score := analytic{p, func(alpha, sigma float64) Density { return at(alpha, sigma) }}
	density := score.at(p.Kernel(end))
	_, jacobian := density.(Jacobian)
	_, log := density.(logDensity)
	_, products := density.(productive)
	derivatives := differentiable{score, products}
	switch {
	case jacobian && log:
		return differentiableLog{derivatives, logProb{score}}
	case jacobian:
		return derivatives
	case log:
		return analyticLog{score, logProb{score}}
	}
	return score
}

type analytic struct {
	process SDE
	at      func(alpha, sigma float64) Density
}

type differentiable struct {
	analytic
	productive bool
}

var (
	_ Scorer      = analytic{}
	_ Divergencer = differentiable{}
	_ Pullback    = differentiable{}
)

// Score writes the exact scores of the rows x into dst.
func (s analytic) Score(dst, x *mat.Dense, t []float64) {
	alike("Score", "dst", dst, "x", x)
	s.each("Score", x, t, func(i int, p Density) {
		p.ScoreInput(dst.RawRowView(i), x.RawRowView(i))
	})
}

// each calls f for every row with the density at its time.
func (s analytic) each(verb string, x *mat.Dense, t []float64, f func(i int, p Density)) {
	rows, _ := x.Dims()
	someTimes(verb, t, rows)
	var p Density
	for i := range rows {
		if i == 0 || i < len(t) && t[i] != t[i-1] {
			p = s.at(s.process.Kernel(t[i]))
		}
		f(i, p)
	}
}

// Divergence writes the exact scores into dst and the traces of their
// Jacobians into div.
func (s differentiable) Divergence(dst *mat.Dense, div []float64, x *mat.Dense, t []float64) {
	rows, cols := alike("Divergence", "dst", dst, "x", x)
	aLength("Divergence", "div", len(div), rows)
	s.jacobians("Divergence", dst, x, t, func(i int, j *mat.Dense) {
		div[i] = 0
		for k := range cols {
			div[i] += j.At(k, k)
		}
	})
}

// JVP writes the exact scores into dst and the products of their Jacobians
// with the rows of v into jv.
func (s differentiable) JVP(dst, jv, x, v *mat.Dense, t []float64) {
	alike("JVP", "dst", dst, "x", x)
	alike("JVP", "jv", jv, "x", x)
	alike("JVP", "v", v, "x", x)
	if s.productive {
		s.each("JVP", x, t, func(i int, p Density) {
			p.(productive).ScoreJVP(dst.RawRowView(i), jv.RawRowView(i), x.RawRowView(i), v.RawRowView(i))
		})
		return
	}
	s.jacobians("JVP", dst, x, t, func(i int, j *mat.Dense) {
		out, dir := jv.RawRowView(i), v.RawRowView(i)
		for k := range out {
			out[k] = 0
			for l, d := range dir {
				out[k] += j.At(k, l) * d
			}
		}
	})
}

// VJP is JVP, as the Jacobian is symmetric.
func (s differentiable) VJP(dst, jtu, x, u *mat.Dense, t []float64) {
	alike("VJP", "jtu", jtu, "x", x)
	alike("VJP", "u", u, "x", x)
	s.JVP(dst, jtu, x, u, t)
}

// jacobians writes the scores into dst and hands each row's Jacobian to f.
func (s differentiable) jacobians(verb string, dst, x *mat.Dense, t []float64, f func(i int, j *mat.Dense)) {
	_, cols := x.Dims()
	j := new(mat.Dense)
	s.each(verb, x, t, func(i int, p Density) {
		if j.IsEmpty() {
			j.ReuseAs(cols, cols)
		}
		p.ScoreInput(dst.RawRowView(i), x.RawRowView(i))
		p.(Jacobian).ScoreJacobian(j, x.RawRowView(i))
		f(i, j)
	})
}
