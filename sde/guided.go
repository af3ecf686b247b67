package sde

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// guided is the score a s_first + b s_second, with the weights of inside for the times
// from one to another, and those of outside for all others. What has no weight in any
// row is not evaluated.
type guided struct {
	pair
	from, to        float64
	inside, outside weights
}

type weights struct{ first, second float64 }

var (
	_ Selector    = guided{}
	_ Origin      = guided{}
	_ Divergencer = guidedDerivatives{}
	_ Tangents    = guidedDerivatives{}
	_ Pullback    = guidedPullback{}
	_ LogProber   = guidedLogProb{}
)

// always returns the pair with the same weights at all times.
func (q pair) always(first, second float64) guided {
	return guided{pair: q, from: math.Inf(-1), to: math.Inf(1), inside: weights{first, second}}
}

// Problem implements Origin. A score whose weights jump does so between two neighbouring
// times, and both are breakpoints: whoever stops there sees the score that belongs to his
// side.
func (g guided) Problem() Problem {
	p := g.joined()
	if !math.IsInf(g.from, 0) {
		p.Breakpoints = append(p.Breakpoints, math.Nextafter(g.from, math.Inf(-1)), g.from)
	}
	if !math.IsInf(g.to, 0) {
		p.Breakpoints = append(p.Breakpoints, g.to, math.Nextafter(g.to, math.Inf(1)))
	}
	p.Breakpoints = sorted(p.Breakpoints)
	p.Score, p.Origin = g, g
	return p
}

// Select implements Selector.
func (g guided) Select(rows []int) Scorer {
	g.pair = g.selected(rows)
	return g
}

// at returns the weights at a time.
func (g guided) at(t float64) weights {
	if g.from <= t && t <= g.to {
		return g.inside
	}
	return g.outside
}

// needs reports which scores have a weight at some of the times. One that is alone has
// the weight 1.
func (g guided) needs(t []float64) (first, second bool) {
	for _, v := range t {
		w := g.at(v)
		first, second = first || w.first != 0, second || w.second != 0
	}
	return first, second
}

// mix makes the sums of the rows of dst, which are those of the first score, and of other.
func (g guided) mix(dst, other *mat.Dense, t []float64) {
	for i := range dst.RawMatrix().Rows {
		g.at(t[min(i, len(t)-1)]).mix(dst.RawRowView(i), other.RawRowView(i))
	}
}

// mix makes weighted sums of dst, which are values of the first score, and of other.
func (w weights) mix(dst, other []float64) {
	switch w {
	case weights{1, 0}:
	case weights{0, 1}:
		copy(dst, other)
	default:
		for i, v := range other {
			dst[i] = w.first*dst[i] + w.second*v
		}
	}
}

// Score writes the guided scores of the rows x into dst.
func (g guided) Score(dst, x *mat.Dense, t []float64) {
	switch first, second := g.needs(t); {
	case !second:
		g.first.Score.Score(dst, x, t)
	case !first:
		g.second.Score.Score(dst, x, t)
	default:
		s := g.idle.take(alike("Score", "dst", dst, "x", x))
		g.second.Score.Score(&s.score, x, t)
		g.first.Score.Score(dst, x, t)
		g.mix(dst, &s.score, t)
		g.idle.put(s)
	}
}

// Capabilities returns what both scores are capable of.
func (g guided) Capabilities() (all []any) {
	if a, b, ok := both[Divergencer](g.pair); ok {
		all = append(all, guidedDerivatives{g, a, b})
	}
	if a, b, ok := both[Pullback](g.pair); ok {
		all = append(all, guidedPullback{g, a, b})
	}
	if a, b, ok := both[LogProber](g.pair); ok {
		all = append(all, guidedLogProb{g, a, b})
	}
	return all
}

type guidedDerivatives struct {
	guided
	a, b Divergencer // of the first and the second score
}

// Divergence writes the guided scores into dst and their divergences into div.
func (g guidedDerivatives) Divergence(dst *mat.Dense, div []float64, x *mat.Dense, t []float64) {
	switch first, second := g.needs(t); {
	case !second:
		g.a.Divergence(dst, div, x, t)
	case !first:
		g.b.Divergence(dst, div, x, t)
	default:
		s := g.idle.take(alike("Divergence", "dst", dst, "x", x))
		g.b.Divergence(&s.score, s.div, x, t)
		g.a.Divergence(dst, div, x, t)
		g.mix(dst, &s.score, t)
		g.mix(column(div), column(s.div), t)
		g.idle.put(s)
	}
}

// column returns numbers, one a row, as a matrix.
func column(v []float64) *mat.Dense { return mat.NewDense(len(v), 1, v) }

// JVP writes the guided scores into dst and their derivatives along v into jv.
func (g guidedDerivatives) JVP(dst, jv, x, v *mat.Dense, t []float64) {
	alike("JVP", "jv", jv, "x", x)
	alike("JVP", "v", v, "x", x)
	g.JVPs(dst, []*mat.Dense{jv}, x, []*mat.Dense{v}, t)
}

// JVPs is JVP for every pair of v and jv.
func (g guidedDerivatives) JVPs(dst *mat.Dense, jv []*mat.Dense, x *mat.Dense, v []*mat.Dense, t []float64) {
	switch first, second := g.needs(t); {
	case !second:
		JVPs(g.a, dst, jv, x, v, t)
	case !first:
		JVPs(g.b, dst, jv, x, v, t)
	default:
		s := g.idle.take(alike("JVPs", "dst", dst, "x", x))
		other := make([]*mat.Dense, len(jv))
		for k := range jv {
			n, d := alike("JVPs", fmt.Sprintf("jv[%d]", k), jv[k], "x", x)
			alike("JVPs", fmt.Sprintf("v[%d]", k), v[k], "x", x)
			other[k] = mat.NewDense(n, d, nil)
		}
		JVPs(g.b, &s.score, other, x, v, t)
		JVPs(g.a, dst, jv, x, v, t)
		g.mix(dst, &s.score, t)
		for k := range jv {
			g.mix(jv[k], other[k], t)
		}
		g.idle.put(s)
	}
}

type guidedPullback struct {
	guided
	a, b Pullback // of the first and the second score
}

// VJP writes the guided scores into dst and the products of u with their Jacobians into
// jtu.
func (g guidedPullback) VJP(dst, jtu, x, u *mat.Dense, t []float64) {
	switch first, second := g.needs(t); {
	case !second:
		g.a.VJP(dst, jtu, x, u, t)
	case !first:
		g.b.VJP(dst, jtu, x, u, t)
	default:
		alike("VJP", "jtu", jtu, "x", x)
		alike("VJP", "u", u, "x", x)
		s := g.idle.take(alike("VJP", "dst", dst, "x", x))
		g.b.VJP(&s.score, &s.derivative, x, u, t)
		g.a.VJP(dst, jtu, x, u, t)
		g.mix(dst, &s.score, t)
		g.mix(jtu, &s.derivative, t)
		g.idle.put(s)
	}
}

type guidedLogProb struct {
	guided
	a, b LogProber // of the first and the second score
}

// LogProb writes the logarithms of p_first^a p_second^b into dst.
func (g guidedLogProb) LogProb(dst []float64, x *mat.Dense, t []float64) {
	switch first, second := g.needs(t); {
	case !second:
		g.a.LogProb(dst, x, t)
	case !first:
		g.b.LogProb(dst, x, t)
	default:
		s := g.idle.take(x.Dims())
		g.b.LogProb(s.div, x, t)
		g.a.LogProb(dst, x, t)
		g.mix(column(dst), column(s.div), t)
		g.idle.put(s)
	}
}

// Mixed is a Scorer that is a weighted sum of the scores of other Problems, as Guide,
// GuideByClassifier and Within make it: for those who build it again elsewhere, say for
// another engine.
type Mixed interface {
	// Terms returns the Problems, the same for every time, and their weights at time t.
	Terms(t float64) (terms []Problem, weights []float64)
}

// Terms implements Mixed.
func (g guided) Terms(t float64) ([]Problem, []float64) {
	w := g.at(t)
	return []Problem{g.first, g.second}, []float64{w.first, w.second}
}

var _ Mixed = guided{}
