package sde

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"gonum.org/v1/gonum/mat"
)

// Selector is implemented by a Scorer whose rows differ by more than x and t, as
// when each has a condition of its own; Problem.Rows says how many it knows.
// Select returns the Scorer for the rows with these indices in the whole run, in
// this order. A sampler that evaluates some of the rows only, or in chunks, asks
// for theirs; the slice is not kept.
type Selector interface {
	Select(rows []int) Scorer
}

// Guide returns the Problem of classifier-free guidance (Ho & Salimans 2022), whose
// score is
//
//	s_u + w (s_c − s_u),
//
// from a conditional and an unconditional Problem: w = 1 is the conditional
// score, w = 0 the unconditional one, and w > 1 leans towards what tells the
// condition from others. For other w than these two no data have such scores at
// all times: samples follow the tilted distribution p_u^{1−w} p_c^w in tendency
// only.
//
// Everything else is the conditional Problem's, breakpoints are those of both,
// and the larger rounding error counts. The score has the capabilities that both
// have. Errors wrap ErrRange: a w that is not finite, and two Problems of
// different processes, frames, or numbers of rows.
func Guide(conditional, unconditional Problem, w float64) (Problem, error) {
	c, u := conditional, unconditional
	for _, q := range []struct {
		name string
		Problem
	}{{"conditional", c}, {"unconditional", u}} {
		if missing(q.SDE) || missing(q.Score) {
			return Problem{}, fmt.Errorf("sde: Guide: the %s Problem is without a process or a score: %w", q.name, ErrRange)
		}
		if err := Validate(q.SDE); err != nil {
			return Problem{}, fmt.Errorf("sde: Guide: the %s Problem: %w", q.name, err)
		}
	}
	if !(math.Abs(w) <= math.MaxFloat64) {
		return Problem{}, fmt.Errorf("sde: Guide: w: is %v, want a finite number: %w", w, ErrRange)
	}
	same := u
	if u.Rows == 0 || c.Rows == 0 { // one condition is for all rows
		same.Rows = c.Rows
	}
	if err := c.matches(same, "that of the unconditional score"); err != nil {
		return Problem{}, fmt.Errorf("sde: Guide: %w", err)
	}
	return guided{conditional: c, unconditional: u, w: w, idle: new(idle)}.Problem(), nil
}

type guided struct {
	conditional, unconditional Problem
	w                          float64
	idle                       *idle
}

var (
	_ Selector    = guided{}
	_ Origin      = guided{}
	_ Divergencer = guidedDerivatives{}
	_ Pullback    = guidedPullback{}
	_ LogProber   = guidedLogProb{}
)

// Problem implements Origin.
func (g guided) Problem() Problem {
	c, u := g.conditional.now(), g.unconditional.now()
	p := c
	if c.Frame.equal(g.conditional.Frame) {
		p.Frame = u.Frame // which is another if only that model has been trained since
	}
	p.Rows, p.Conditional = max(c.Rows, u.Rows), c.Conditional || u.Conditional
	p.UnitRoundoff = max(c.UnitRoundoff, u.UnitRoundoff)
	p.Breakpoints = append(slices.Clone(c.Breakpoints), u.Breakpoints...)
	slices.Sort(p.Breakpoints)
	p.Breakpoints = slices.Compact(p.Breakpoints)
	p.Score, p.Origin = g, g
	return p
}

// Select implements Selector.
func (g guided) Select(rows []int) Scorer {
	g.conditional.Score, g.unconditional.Score = g.conditional.Select(rows), g.unconditional.Select(rows)
	return g
}

// Score writes the guided scores of the rows x into dst.
func (g guided) Score(dst, x *mat.Dense, t []float64) {
	s := g.take(alike("Score", "dst", dst, "x", x))
	g.unconditional.Score.Score(&s.score, x, t)
	g.conditional.Score.Score(dst, x, t)
	combine(dst, g.w, dst, 1-g.w, &s.score)
	g.idle.put(s)
}

// Capabilities returns what both scores are capable of.
func (g guided) Capabilities() (all []any) {
	if c, u, ok := both[Divergencer](g); ok {
		all = append(all, guidedDerivatives{g, c, u})
	}
	if c, u, ok := both[Pullback](g); ok {
		all = append(all, guidedPullback{g, c, u})
	}
	if c, u, ok := both[LogProber](g); ok {
		all = append(all, guidedLogProb{g, c, u})
	}
	return all
}

func both[T any](g guided) (c, u T, ok bool) {
	c, first := As[T](g.conditional.Score)
	u, second := As[T](g.unconditional.Score)
	return c, u, first && second
}

type guidedDerivatives struct {
	guided
	c, u Divergencer
}

// Divergence writes the guided scores into dst and their divergences into div.
func (g guidedDerivatives) Divergence(dst *mat.Dense, div []float64, x *mat.Dense, t []float64) {
	s := g.take(alike("Divergence", "dst", dst, "x", x))
	g.u.Divergence(&s.score, s.div, x, t)
	g.c.Divergence(dst, div, x, t)
	combine(dst, g.w, dst, 1-g.w, &s.score)
	mix(div, g.w, s.div)
	g.idle.put(s)
}

// JVP writes the guided scores into dst and their derivatives along v into jv.
func (g guidedDerivatives) JVP(dst, jv, x, v *mat.Dense, t []float64) {
	alike("JVP", "jv", jv, "x", x)
	alike("JVP", "v", v, "x", x)
	s := g.take(alike("JVP", "dst", dst, "x", x))
	g.u.JVP(&s.score, &s.derivative, x, v, t)
	g.c.JVP(dst, jv, x, v, t)
	combine(dst, g.w, dst, 1-g.w, &s.score)
	combine(jv, g.w, jv, 1-g.w, &s.derivative)
	g.idle.put(s)
}

// JVPs is JVP for every pair of v and jv.
func (g guidedDerivatives) JVPs(dst *mat.Dense, jv []*mat.Dense, x *mat.Dense, v []*mat.Dense, t []float64) {
	s := g.take(alike("JVPs", "dst", dst, "x", x))
	for k := range jv {
		alike("JVPs", fmt.Sprintf("jv[%d]", k), jv[k], "x", x)
		alike("JVPs", fmt.Sprintf("v[%d]", k), v[k], "x", x)
	}
	other := make([]*mat.Dense, len(jv))
	for k := range other {
		other[k] = mat.NewDense(x.RawMatrix().Rows, x.RawMatrix().Cols, nil)
	}
	JVPs(g.u, &s.score, other, x, v, t)
	JVPs(g.c, dst, jv, x, v, t)
	combine(dst, g.w, dst, 1-g.w, &s.score)
	for k := range jv {
		combine(jv[k], g.w, jv[k], 1-g.w, other[k])
	}
	g.idle.put(s)
}

type guidedPullback struct {
	guided
	c, u Pullback
}

// VJP writes the guided scores into dst and the products of u with their Jacobians into
// jtu.
func (g guidedPullback) VJP(dst, jtu, x, u *mat.Dense, t []float64) {
	alike("VJP", "jtu", jtu, "x", x)
	alike("VJP", "u", u, "x", x)
	s := g.take(alike("VJP", "dst", dst, "x", x))
	g.u.VJP(&s.score, &s.derivative, x, u, t)
	g.c.VJP(dst, jtu, x, u, t)
	combine(dst, g.w, dst, 1-g.w, &s.score)
	combine(jtu, g.w, jtu, 1-g.w, &s.derivative)
	g.idle.put(s)
}

type guidedLogProb struct {
	guided
	c, u LogProber
}

// LogProb writes the logarithms of p_u^{1−w} p_c^w into dst.
func (g guidedLogProb) LogProb(dst []float64, x *mat.Dense, t []float64) {
	rows, cols := x.Dims()
	s := g.take(rows, cols)
	g.u.LogProb(s.div, x, t)
	g.c.LogProb(dst, x, t)
	mix(dst, g.w, s.div)
	g.idle.put(s)
}

// mix sets c = w c + (1 − w) u.
func mix(c []float64, w float64, u []float64) {
	for i, v := range u {
		c[i] = w*c[i] + (1-w)*v
	}
}

// scratch is room for the values of the second score.
type scratch struct {
	score, derivative mat.Dense
	div               []float64
}

// idle holds scratch that nobody uses. A sync.Pool may forget what it is given.
type idle struct {
	mu   sync.Mutex
	free []*scratch
}

func (p *idle) get() *scratch {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := len(p.free) - 1
	if k < 0 {
		return new(scratch)
	}
	s := p.free[k]
	p.free = p.free[:k]
	return s
}

func (p *idle) put(s *scratch) {
	p.mu.Lock()
	p.free = append(p.free, s)
	p.mu.Unlock()
}

// take returns scratch of n×d numbers.
func (g guided) take(n, d int) *scratch {
	s := g.idle.get()
	for _, m := range []*mat.Dense{&s.score, &s.derivative} {
		if r, c := m.Dims(); r != n || c != d {
			*m = *mat.NewDense(n, d, nil)
		}
	}
	if cap(s.div) < n {
		s.div = make([]float64, n)
	}
	s.div = s.div[:n]
	return s
}
