package sde

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// Reverse is the family of processes
//
//	dx = [f x − ½(1 + Λ²) g² s] dt + Λ g dw,
//
// run from the end of the span to its start, which all have the marginals p_t
// of the noising process when s is its score: Λ = 1 is the reverse-time SDE
// of Anderson 1982, Λ = 0 the probability-flow ODE of Song et al. 2021.
type Reverse struct {
	SDE
	Scorer
	Lambda float64 // Λ ≥ 0
}

// Drift writes f x − ½(1 + Λ²) g² s into dst, which may not overlap x. It
// belongs to a time that grows; a step to an earlier time subtracts it.
func (r Reverse) Drift(dst, x *mat.Dense, t float64) {
	alike("Reverse.Drift", "dst", dst, "x", x)
	r.Score(dst, x, []float64{t})
	f, g2 := r.Rates(t)
	onScore := -0.5 * (1 + r.Lambda*r.Lambda) * g2
	combine(dst, f, x, onScore, dst)
}

// Diffusion returns Λ g.
func (r Reverse) Diffusion(t float64) float64 {
	_, g2 := r.Rates(t)
	return r.Lambda * math.Sqrt(g2)
}

// combine sets dst = a x + b y element by element; dst may be x or y. All have the
// shape of dst.
func combine(dst *mat.Dense, a float64, x *mat.Dense, b float64, y *mat.Dense) {
	rows, cols := dst.Dims()
	for i := range rows {
		d, u, v := dst.RawRowView(i), x.RawRowView(i), y.RawRowView(i)
		for j := range cols {
			d[j] = a*u[j] + b*v[j]
		}
	}
}
