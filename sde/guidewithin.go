package sde

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// within is the first score for the times from one to another, the second for all others.
type within struct {
	pair
	from, to float64
}

var (
	_ Selector    = within{}
	_ Origin      = within{}
	_ Divergencer = withinDerivatives{}
	_ Tangents    = withinDerivatives{}
	_ Pullback    = withinPullback{}
	_ LogProber   = withinLogProb{}
)

// Problem implements Origin. The score jumps between two neighbouring times, and both
// are breakpoints: whoever stops there sees the score that belongs to his side.
func (w within) Problem() Problem {
	p := w.joined()
	if !math.IsInf(w.from, 0) {
		p.Breakpoints = append(p.Breakpoints, math.Nextafter(w.from, math.Inf(-1)), w.from)
	}
	if !math.IsInf(w.to, 0) {
		p.Breakpoints = append(p.Breakpoints, w.to, math.Nextafter(w.to, math.Inf(1)))
	}
	p.Breakpoints = sorted(p.Breakpoints)
	p.Score, p.Origin = w, w
	return p
}

// Select implements Selector.
func (w within) Select(rows []int) Scorer {
	w.pair = w.selected(rows)
	return w
}

func (w within) inside(t float64) bool { return w.from <= t && t <= w.to }

// sides reports whether some of the times are inside, and some are not.
func (w within) sides(t []float64) (inside, outside bool) {
	for _, v := range t {
		if w.inside(v) {
			inside = true
		} else {
			outside = true
		}
	}
	return inside, outside
}

// replace copies the rows of other whose times are outside into dst.
func (w within) replace(dst, other *mat.Dense, t []float64) {
	for i, v := range t {
		if !w.inside(v) {
			dst.SetRow(i, other.RawRowView(i))
		}
	}
}

// Score writes the scores of the rows x into dst. Rows of both sides are evaluated on
// both.
func (w within) Score(dst, x *mat.Dense, t []float64) {
	inside, outside := w.sides(t)
	switch {
	case !outside:
		w.first.Score.Score(dst, x, t)
	case !inside:
		w.second.Score.Score(dst, x, t)
	default:
		s := w.idle.take(alike("Score", "dst", dst, "x", x))
		w.second.Score.Score(&s.score, x, t)
		w.first.Score.Score(dst, x, t)
		w.replace(dst, &s.score, t)
		w.idle.put(s)
	}
}

// Capabilities returns what both scores are capable of.
func (w within) Capabilities() (all []any) {
	if first, second, ok := both[Divergencer](w.pair); ok {
		all = append(all, withinDerivatives{w, first, second})
	}
	if first, second, ok := both[Pullback](w.pair); ok {
		all = append(all, withinPullback{w, first, second})
	}
	if first, second, ok := both[LogProber](w.pair); ok {
		all = append(all, withinLogProb{w, first, second})
	}
	return all
}

type withinDerivatives struct {
	within
	in, out Divergencer
}

// Divergence writes the scores into dst and their divergences into div.
func (w withinDerivatives) Divergence(dst *mat.Dense, div []float64, x *mat.Dense, t []float64) {
	inside, outside := w.sides(t)
	switch {
	case !outside:
		w.in.Divergence(dst, div, x, t)
	case !inside:
		w.out.Divergence(dst, div, x, t)
	default:
		s := w.idle.take(alike("Divergence", "dst", dst, "x", x))
		w.out.Divergence(&s.score, s.div, x, t)
		w.in.Divergence(dst, div, x, t)
		w.replace(dst, &s.score, t)
		w.replaceValues(div, s.div, t)
		w.idle.put(s)
	}
}

// JVP writes the scores into dst and their derivatives along v into jv.
func (w withinDerivatives) JVP(dst, jv, x, v *mat.Dense, t []float64) {
	w.JVPs(dst, []*mat.Dense{jv}, x, []*mat.Dense{v}, t)
}

// JVPs is JVP for every pair of v and jv.
func (w withinDerivatives) JVPs(dst *mat.Dense, jv []*mat.Dense, x *mat.Dense, v []*mat.Dense, t []float64) {
	inside, outside := w.sides(t)
	switch {
	case !outside:
		JVPs(w.in, dst, jv, x, v, t)
	case !inside:
		JVPs(w.out, dst, jv, x, v, t)
	default:
		s := w.idle.take(alike("JVPs", "dst", dst, "x", x))
		other := rooms(jv, x, v)
		JVPs(w.out, &s.score, other, x, v, t)
		JVPs(w.in, dst, jv, x, v, t)
		w.replace(dst, &s.score, t)
		for k := range jv {
			w.replace(jv[k], other[k], t)
		}
		w.idle.put(s)
	}
}

type withinPullback struct {
	within
	in, out Pullback
}

// VJP writes the scores into dst and the products of u with their Jacobians into jtu.
func (w withinPullback) VJP(dst, jtu, x, u *mat.Dense, t []float64) {
	inside, outside := w.sides(t)
	switch {
	case !outside:
		w.in.VJP(dst, jtu, x, u, t)
	case !inside:
		w.out.VJP(dst, jtu, x, u, t)
	default:
		alike("VJP", "jtu", jtu, "x", x)
		s := w.idle.take(alike("VJP", "dst", dst, "x", x))
		w.out.VJP(&s.score, &s.derivative, x, u, t)
		w.in.VJP(dst, jtu, x, u, t)
		w.replace(dst, &s.score, t)
		w.replace(jtu, &s.derivative, t)
		w.idle.put(s)
	}
}

type withinLogProb struct {
	within
	in, out LogProber
}

// LogProb writes the log-densities of the side of each row into dst.
func (w withinLogProb) LogProb(dst []float64, x *mat.Dense, t []float64) {
	inside, outside := w.sides(t)
	switch {
	case !outside:
		w.in.LogProb(dst, x, t)
	case !inside:
		w.out.LogProb(dst, x, t)
	default:
		s := w.idle.take(x.Dims())
		w.out.LogProb(s.div, x, t)
		w.in.LogProb(dst, x, t)
		w.replaceValues(dst, s.div, t)
		w.idle.put(s)
	}
}

// replaceValues is replace for a number a row.
func (w within) replaceValues(dst, other, t []float64) {
	for i, v := range t {
		if !w.inside(v) {
			dst[i] = other[i]
		}
	}
}
