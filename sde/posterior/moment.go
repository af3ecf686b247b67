package posterior

import (
	"gonum.org/v1/gonum/mat"
)

// moment is what is known of some rows x_t before the observation is.
type moment struct {
	*guided
	x             *mat.Dense
	t             []float64
	alphas        []float64 // α and σ, one or one a row, as the times
	sigmas        []float64
	score         *mat.Dense // those of p(x_t), once the mean is known
	mean          *mat.Dense // D = E[x₀ | x_t], nil until it is
	scratch, back *mat.Dense
	again         *mat.Dense // scores that are known already
}

// at returns the rows x at times t. The scores of p(x_t) are evaluated into dst as soon
// as they are needed, which is at the first product with the Jacobian where that comes first.
func (g *guided) at(dst, x *mat.Dense, t []float64) *moment {
	n, d := x.Dims()
	g.like.check("Score", x)
	room := func() *mat.Dense { return mat.NewDense(n, d, nil) }
	at := &moment{guided: g, x: x, t: t, score: dst, scratch: room(), back: room(), again: room()}
	at.alphas, at.sigmas = make([]float64, len(t)), make([]float64, len(t))
	for i, v := range t {
		at.alphas[i], at.sigmas[i] = g.base.Kernel(v)
	}
	return at
}

// denoised returns D = (x + σ²s)/α.
func (at *moment) denoised() *mat.Dense {
	if at.mean == nil {
		at.base.Score.Score(at.score, at.x, at.t)
		at.denoise()
	}
	return at.mean
}

// denoise makes D of the scores.
func (at *moment) denoise() {
	n, d := at.x.Dims()
	at.mean = mat.NewDense(n, d, nil)
	for i := range n {
		α, σ := at.kernel(i)
		row, s := at.mean.RawRowView(i), at.score.RawRowView(i)
		for j, v := range at.x.RawRowView(i) {
			row[j] = (v + σ*σ*s[j]) / α
		}
		for j, k := range at.known(i) { // x may be anything there
			if finite(k) {
				row[j] = at.like.model(j, k)
			}
		}
	}
}

// place returns the rows at which h is differentiated: D, or any for a linear h.
func (at *moment) place() *mat.Dense {
	if at.like.matrix != nil {
		return at.x
	}
	return at.denoised()
}

// known returns what is known of the cells of row i exactly.
func (g *guided) known(i int) []float64 {
	if g.seen == nil {
		return nil
	}
	return g.seen.RawRowView(min(i, g.seen.RawMatrix().Rows-1))
}

// hide makes 0 of what belongs to the cells of row i that are known.
func (g *guided) hide(row []float64, i int) {
	for j, k := range g.known(i) {
		if finite(k) {
			row[j] = 0
		}
	}
}

func (at *moment) kernel(i int) (alpha, sigma float64) {
	i = min(i, len(at.t)-1)
	return at.alphas[i], at.sigmas[i]
}

// residual returns y − h(D).
func (at *moment) residual() *mat.Dense {
	n, _ := at.x.Dims()
	_, m := at.like.Dims()
	r := mat.NewDense(n, m, nil)
	at.like.Residual(r, at.denoised())
	return r
}

// pullback returns (∂D/∂x)ᵀ Hᵀ w = (Hᵀw + σ² (∂s/∂x)ᵀ Hᵀw)/α with H = h'(D), a
// product with the Jacobian of the score. The result is for use until the next call.
func (at *moment) pullback(w *mat.Dense) *mat.Dense {
	at.like.vjp(at.scratch, at.place(), w)
	n, _ := at.x.Dims()
	for i := range n {
		at.hide(at.scratch.RawRowView(i), i)
	}
	if at.mean == nil {
		at.pull.VJP(at.score, at.back, at.x, at.scratch, at.t)
		at.denoise()
	} else {
		at.pull.VJP(at.again, at.back, at.x, at.scratch, at.t)
	}
	for i := range n {
		α, σ := at.kernel(i)
		row := at.back.RawRowView(i)
		for j, u := range at.scratch.RawRowView(i) {
			row[j] = (u + σ*σ*row[j]) / α
		}
		at.hide(row, i)
	}
	return at.back
}
