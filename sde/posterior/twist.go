package posterior

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// Twister is the score of a posterior that knows what it is made of, which is what the
// weights of particles take (sampler.Twisted):
//
//	s(x, t) + ∇ log ψ_t(x),   ψ_t(x) ≈ p(y | x_t = x),
//
// with the score s of the prior, and a twisting function ψ whose values need no
// constant, but one and the same at all times. Any ψ makes particles right; the
// nearer it is to p(y | x_t), the fewer are needed.
type Twister interface {
	sde.Scorer
	// Twist writes the scores of the prior into dst, log ψ_t(x) into log, and what is
	// taken for ∇ log ψ_t(x), a direction to move in, into guide, which may be nil.
	// Everything else is as for Score.
	Twist(dst, guide *mat.Dense, log []float64, x *mat.Dense, t []float64)
	// LogLikelihood writes log p(y | x₀) of clean rows, in the coordinates of the
	// process, into log.
	LogLikelihood(log []float64, x0 *mat.Dense)
}

// twisting is a guidance that knows a twisting function.
type twisting interface {
	guidance
	// twist writes log ψ into log, and adds ∇ log ψ to guide unless that is nil.
	twist(guide *mat.Dense, log []float64, at *moment)
}

var (
	_ twisting = DPS{}
	_ twisting = PiGDM{}
	_ twisting = MMPS{}
	_ Twister  = guidedTwist{}
)

type guidedTwist struct {
	*guided
	by twisting
}

// Twist implements Twister.
func (g guidedTwist) Twist(dst, guide *mat.Dense, log []float64, x *mat.Dense, t []float64) {
	n, d := x.Dims()
	want("Twist", "dst", dst, n, d)
	if guide != nil {
		want("Twist", "guide", guide, n, d)
		guide.Zero()
	}
	if len(log) != n {
		panic(fmt.Sprintf("posterior: dimension mismatch: Twist: log has length %d, want %d, one entry a row", len(log), n))
	}
	g.by.twist(guide, log, g.at(dst, x, t))
}

// LogLikelihood implements Twister.
func (g guidedTwist) LogLikelihood(log []float64, x0 *mat.Dense) { g.like.LogProb(log, x0) }

// twist takes log N(y; h(D), Σ) without its constant.
func (m DPS) twist(guide *mat.Dense, log []float64, at *moment) {
	clear(log)
	m.logProb(log, at)
	if guide != nil {
		m.add(guide, at)
	}
}

// twist takes log N(y; h(D), H R Hᵀ + Σ).
func (m PiGDM) twist(guide *mat.Dense, log []float64, at *moment) {
	r := at.residual()
	for i, f := range m.factors(at) {
		log[i] = f.logNormal(r.RawRowView(i))
	}
	if guide != nil {
		guide.Add(guide, at.pullback(r))
	}
}

// twist takes log N(y; h(D), H V Hᵀ + Σ). It finds all of H V Hᵀ, by as many products as
// y has columns, of which it takes the symmetric part.
func (m MMPS) twist(guide *mat.Dense, log []float64, at *moment) {
	n, d := at.x.Dims()
	_, out := at.like.Dims()
	spread := make([]*mat.SymDense, n)
	for i := range spread {
		spread[i] = mat.NewSymDense(out, nil)
	}
	back, unit, hv := make([]*mat.Dense, out), mat.NewDense(n, out, nil), mat.NewDense(n, out, nil)
	for k := range back {
		unit.Zero()
		for i := range n {
			unit.Set(i, k, 1)
		}
		back[k] = mat.DenseCopyOf(at.pullback(unit))
		at.like.jvp(hv, at.place(), back[k])
		for i, s := range spread {
			α, σ := at.kernel(i)
			for l, v := range hv.RawRowView(i) {
				if l != k {
					v *= 0.5
				}
				s.SetSym(k, l, s.At(k, l)+σ*σ/α*v)
			}
		}
	}
	r := at.residual()
	for i, s := range spread {
		at.like.noise.addTo(s)
		log[i] = factorise(s).logNormal(r.RawRowView(i))
	}
	if guide == nil {
		return
	}
	for i := range n {
		row := guide.RawRowView(i)[:d]
		for k, w := range r.RawRowView(i) {
			axpy(row, w, back[k].RawRowView(i))
		}
	}
}

// logNormal returns −½ rᵀ S⁻¹ r − ½ log det S, and makes S⁻¹ r of r.
func (f *factor) logNormal(r []float64) float64 {
	w := make([]float64, len(r))
	f.solve(w, r)
	log := -0.5*dot(w, r) - 0.5*f.logDet()
	copy(r, w)
	return log
}

// logDet returns log det S, of what is not left out.
func (f *factor) logDet() float64 {
	sum := 0.0
	for k, s := range f.scale {
		if s > 0 {
			sum += 2 * math.Log(f.l.At(k, k)/s)
		}
	}
	return sum
}
