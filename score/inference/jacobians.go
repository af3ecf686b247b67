package inference

import (
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// jacobians are the Jacobians ∂s/∂y of the scores of rows.
type jacobians struct {
	along, columns []*mat.Dense // columns[j] has ∂s/∂y_j
	h              *mat.SymDense
}

// jacobians returns room for the Jacobians of n rows, nil where they are not needed.
func (p *pooled) jacobians(n, d int) *jacobians {
	if p.method != JAC {
		return nil
	}
	b := &jacobians{h: mat.NewSymDense(d, nil)}
	for j := range d {
		axis := mat.NewDense(n, d, nil)
		for i := range n {
			axis.Set(i, j, 1)
		}
		b.along, b.columns = append(b.along, axis), append(b.columns, mat.NewDense(n, d, nil))
	}
	return b
}

// evaluate writes the scores into s and finds their Jacobians.
func (b *jacobians) evaluate(of sde.Scorer, s, y *mat.Dense, t []float64) {
	score, _ := sde.As[tangent](of)
	sde.JVPs(score, s, b.columns, y, b.along, t)
}

// furthestFromNormal is how many times more or less than those of a normal posterior of the same
// covariance the precisions of JAC are at most. Where σ is large I + σ²∂s/∂y is a small difference
// of large numbers, and what a network errs in it would be all of P.
const furthestFromNormal = 30

// precision returns P = (I + σ²∂s/∂y)⁻¹ of row i, the precision of y_0 given y_t in
// units of α²/σ². The Jacobian is made symmetric, and P at least what it is for the prior, and
// near what GAUSS has for it: networks err, and a density may have two modes.
func (b *jacobians) precision(i int, at *seen) *mat.SymDense {
	d := len(b.columns)
	for j := range d {
		for l := j; l < d; l++ {
			v := at.sigma * at.sigma * (b.columns[j].At(i, l) + b.columns[l].At(i, j)) / 2
			if j == l {
				v++
			}
			if !finite(v) {
				v = 0 // the score is not finite either, and tells
			}
			b.h.SetSym(j, l, v)
		}
	}
	normal := withValues(congruent(at.normalBack, clipped(b.h, at.half)), func(v float64) float64 {
		return max(1./furthestFromNormal, min(v, furthestFromNormal))
	})
	return congruent(at.normal, normal)
}

// clipped returns the inverse of a covariance that is between 1e-8 of
// another one's and that in every direction, half being the root of that one's precision and
// back the inverse of half.
func clipped(cov, half *mat.SymDense) *mat.SymDense {
	precision := withValues(congruent(half, cov), func(v float64) float64 { return 1 / max(1e-8, min(v, 1)) })
	return congruent(half, precision)
}

// prepare returns the terms of Λ that are the prior's, for every row.
func (p *pooled) prepare(at []*moment) []*mat.SymDense {
	all := make([]*mat.SymDense, len(at))
	for i := range all {
		all[i] = mat.NewSymDense(len(p.prior.mean), nil)
		all[i].CopySym(at[i].prior)
	}
	return all
}
