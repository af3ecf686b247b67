package sde

import (
	"fmt"

	"gonum.org/v1/gonum/mat"
)

// guided is the score onFirst s_first + onSecond s_second.
type guided struct {
	pair
	onFirst, onSecond float64
}

var (
	_ Selector    = guided{}
	_ Origin      = guided{}
	_ Divergencer = guidedDerivatives{}
	_ Tangents    = guidedDerivatives{}
	_ Pullback    = guidedPullback{}
	_ LogProber   = guidedLogProb{}
)

// Problem implements Origin.
func (g guided) Problem() Problem {
	p := g.joined()
	p.Score, p.Origin = g, g
	return p
}

// Select implements Selector.
func (g guided) Select(rows []int) Scorer {
	g.pair = g.selected(rows)
	return g
}

// Score writes the guided scores of the rows x into dst.
func (g guided) Score(dst, x *mat.Dense, t []float64) {
	s := g.idle.take(alike("Score", "dst", dst, "x", x))
	g.second.Score.Score(&s.score, x, t)
	g.first.Score.Score(dst, x, t)
	combine(dst, g.onFirst, dst, g.onSecond, &s.score)
	g.idle.put(s)
}

// Capabilities returns what both scores are capable of.
func (g guided) Capabilities() (all []any) {
	if c, u, ok := both[Divergencer](g.pair); ok {
		all = append(all, guidedDerivatives{g, c, u})
	}
	if c, u, ok := both[Pullback](g.pair); ok {
		all = append(all, guidedPullback{g, c, u})
	}
	if c, u, ok := both[LogProber](g.pair); ok {
		all = append(all, guidedLogProb{g, c, u})
	}
	return all
}

type guidedDerivatives struct {
	guided
	c, u Divergencer // of the first and the second score
}

// Divergence writes the guided scores into dst and their divergences into div.
func (g guidedDerivatives) Divergence(dst *mat.Dense, div []float64, x *mat.Dense, t []float64) {
	s := g.idle.take(alike("Divergence", "dst", dst, "x", x))
	g.u.Divergence(&s.score, s.div, x, t)
	g.c.Divergence(dst, div, x, t)
	combine(dst, g.onFirst, dst, g.onSecond, &s.score)
	g.mix(div, s.div)
	g.idle.put(s)
}

// JVP writes the guided scores into dst and their derivatives along v into jv.
func (g guidedDerivatives) JVP(dst, jv, x, v *mat.Dense, t []float64) {
	alike("JVP", "jv", jv, "x", x)
	alike("JVP", "v", v, "x", x)
	s := g.idle.take(alike("JVP", "dst", dst, "x", x))
	g.u.JVP(&s.score, &s.derivative, x, v, t)
	g.c.JVP(dst, jv, x, v, t)
	combine(dst, g.onFirst, dst, g.onSecond, &s.score)
	combine(jv, g.onFirst, jv, g.onSecond, &s.derivative)
	g.idle.put(s)
}

// JVPs is JVP for every pair of v and jv.
func (g guidedDerivatives) JVPs(dst *mat.Dense, jv []*mat.Dense, x *mat.Dense, v []*mat.Dense, t []float64) {
	s := g.idle.take(alike("JVPs", "dst", dst, "x", x))
	other := rooms(jv, x, v)
	JVPs(g.u, &s.score, other, x, v, t)
	JVPs(g.c, dst, jv, x, v, t)
	combine(dst, g.onFirst, dst, g.onSecond, &s.score)
	for k := range jv {
		combine(jv[k], g.onFirst, jv[k], g.onSecond, other[k])
	}
	g.idle.put(s)
}

// rooms returns matrices like those of jv, whose shapes, and those of v, have to be x's.
func rooms(jv []*mat.Dense, x *mat.Dense, v []*mat.Dense) []*mat.Dense {
	other := make([]*mat.Dense, len(jv))
	for k := range jv {
		n, d := alike("JVPs", fmt.Sprintf("jv[%d]", k), jv[k], "x", x)
		alike("JVPs", fmt.Sprintf("v[%d]", k), v[k], "x", x)
		other[k] = mat.NewDense(n, d, nil)
	}
	return other
}

type guidedPullback struct {
	guided
	c, u Pullback // of the first and the second score
}

// VJP writes the guided scores into dst and the products of u with their Jacobians into
// jtu.
func (g guidedPullback) VJP(dst, jtu, x, u *mat.Dense, t []float64) {
	alike("VJP", "jtu", jtu, "x", x)
	alike("VJP", "u", u, "x", x)
	s := g.idle.take(alike("VJP", "dst", dst, "x", x))
	g.u.VJP(&s.score, &s.derivative, x, u, t)
	g.c.VJP(dst, jtu, x, u, t)
	combine(dst, g.onFirst, dst, g.onSecond, &s.score)
	combine(jtu, g.onFirst, jtu, g.onSecond, &s.derivative)
	g.idle.put(s)
}

type guidedLogProb struct {
	guided
	c, u LogProber // of the first and the second score
}

// LogProb writes the logarithms of p_first^onFirst p_second^onSecond into dst.
func (g guidedLogProb) LogProb(dst []float64, x *mat.Dense, t []float64) {
	s := g.idle.take(x.Dims())
	g.u.LogProb(s.div, x, t)
	g.c.LogProb(dst, x, t)
	g.mix(dst, s.div)
	g.idle.put(s)
}

// mix sets c = onFirst c + onSecond u.
func (g guided) mix(c, u []float64) {
	for i, v := range u {
		c[i] = g.onFirst*c[i] + g.onSecond*v
	}
}
