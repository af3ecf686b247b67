package sde

import "gonum.org/v1/gonum/mat"

// SDE is a linear noising process
//
//	dx = f(t) x dt + g(t) dw,   x_t | x_0 ~ N(α(t) x_0, σ(t)² I),
//
// running from data at the start of its span to noise at the end. Methods are
// pure functions of t and safe for concurrent use.
type SDE interface {
	// Kernel returns the perturbation kernel's mean factor α and standard
	// deviation σ at time t.
	Kernel(t float64) (alpha, sigma float64)
	// Rates returns the drift rate f = d log α/dt and the squared diffusion
	// g² = dσ²/dt − 2fσ² at time t.
	Rates(t float64) (f, g2 float64)
	// Span returns the times between which the process is valid and models
	// are trained, start < end.
	Span() (start, end float64)
}

// Scorer evaluates the score s(x, t) = ∇ₓ log p_t(x) row by row.
//
// Score writes the n×d scores of the n×d rows x into dst, which may not
// overlap x. The times t hold one common time or one time a row; a common
// time and the same time repeated give the same bits. Rows are independent:
// the result for one row does not depend on the others. Implementations are
// safe for concurrent use and panic when the shapes do not match.
type Scorer interface {
	Score(dst, x *mat.Dense, t []float64)
}

// Divergencer is a Scorer that also knows the derivatives of its score.
type Divergencer interface {
	Scorer
	// Divergence writes the scores into dst and the exact divergences
	// ∇·s = Σ_i ∂s_i/∂x_i into div, one a row.
	Divergence(dst *mat.Dense, div []float64, x *mat.Dense, t []float64)
	// JVP writes the scores into dst and the directional derivatives
	// (∂s/∂x) v into jv, for one direction v a row.
	JVP(dst, jv, x, v *mat.Dense, t []float64)
}

// Tangents is a Divergencer that finds the derivatives along several directions
// from one evaluation of the score.
type Tangents interface {
	// JVPs is JVP for every pair of v and jv.
	JVPs(dst *mat.Dense, jv []*mat.Dense, x *mat.Dense, v []*mat.Dense, t []float64)
}

// JVPs writes the scores into dst and the derivatives along every v into the jv
// of the same index, from one evaluation where the score is capable of Tangents.
// With no directions nothing is written.
func JVPs(s interface {
	JVP(dst, jv, x, v *mat.Dense, t []float64)
}, dst *mat.Dense, jv []*mat.Dense, x *mat.Dense, v []*mat.Dense, t []float64) {
	if many, ok := As[Tangents](s); ok {
		many.JVPs(dst, jv, x, v, t)
		return
	}
	for k := range v {
		s.JVP(dst, jv[k], x, v[k], t)
	}
}

// Pullback is a Scorer that also knows the products of rows with its Jacobian.
type Pullback interface {
	Scorer
	// VJP writes the scores into dst and (∂s/∂x)ᵀ u into jtu, for one u a row. For the
	// exact score, whose Jacobian is symmetric, that is the derivative along u.
	VJP(dst, jtu, x, u *mat.Dense, t []float64)
}

// Density is a distribution whose score is known: gonum's distmv.Normal is
// one, so is dataset.Mixture.
type Density interface {
	// ScoreInput returns ∇ₓ log p(x), in dst when it is not nil.
	ScoreInput(dst, x []float64) []float64
}
