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
// nearer it is to p(y | x_t), the fewer are needed. That of the methods is N(y; E h, Cov h + Σ)
// for h(x₀) of x₀ ~ N(D, V), whose moments are exact for a linear h. Of others the mean and
// the variances are found from the values of h at 16 points about D, where it is defined.
// MMPS takes V from the derivative of D up to σ/α = 4 only, and as for independent columns
// far above: the errors of a network's derivative grow with σ/α.
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

// twist takes that of PiGDM: its own, log N(y; h(D), Σ), knows y too well.
func (m DPS) twist(guide *mat.Dense, log []float64, at *moment) {
	PiGDM{}.twist(nil, log, at)
	if guide != nil {
		m.add(guide, at)
	}
}

// twist takes log N(y; h(D), H R Hᵀ + Σ), with the bend of h.
func (m PiGDM) twist(guide *mat.Dense, log []float64, at *moment) {
	r := at.residual()
	if at.like.matrix != nil {
		for i, f := range m.factors(at) {
			log[i] = f.logNormal(r.RawRowView(i))
		}
	} else {
		at.weigh(log, r, m, func(i int) *mat.SymDense { return at.gram(m.variances(i, at), i) })
	}
	if guide != nil {
		guide.Add(guide, at.pullback(r))
	}
}

// weigh writes log N(y; h(D), H V Hᵀ + Σ) of each row, with the bend of h, into log, and
// makes of the residuals r what is to be pulled back for its slope.
func (at *moment) weigh(log []float64, r *mat.Dense, by PiGDM, spread func(i int) *mat.SymDense) {
	var b *bend
	if at.like.matrix == nil {
		b = at.bend(by)
	}
	for i := range log {
		s, row := spread(i), r.RawRowView(i)
		if b != nil {
			b.of(s, row, i)
		}
		log[i] = factorise(at.withNoise(1, s)).logNormal(row)
		if b != nil {
			b.slope(row, i)
		}
	}
}

// twist takes log N(y; h(D), H V Hᵀ + Σ), with the bend of h. It finds all of H V Hᵀ, by as
// many products as y has columns, of which it takes the symmetric part.
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
		back[k] = mat.DenseCopyOf(at.covary(unit))
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
	at.weigh(log, r, PiGDM{}, func(i int) *mat.SymDense { return spread[i] })
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

// trusted is the σ/α up to which V is that of the score, see MMPS.
const trusted = 4

// covary is pullback with a derivative that noise has not made wrong: (α/σ²) V Hᵀ w of
//
//	V = β (σ²/α) (∂D/∂x)ᵀ + (1 − β) R,   β = min(1, (4α/σ)⁴),
//
// with the R of PiGDM, which is what V becomes for independent columns of variance 1.
func (at *moment) covary(w *mat.Dense) *mat.Dense {
	back := at.pullback(w)
	n, _ := at.x.Dims()
	for i := range n {
		α, σ := at.kernel(i)
		β := math.Pow(min(1, trusted*α/σ), 4)
		row, rest := back.RawRowView(i), (1-β)*α/(σ*σ)*remaining(1, at, i)
		for j, u := range at.scratch.RawRowView(i) {
			row[j] = β*row[j] + rest*u
		}
	}
	return back
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
