package sde

import (
	"math"
	"sync"

	"gonum.org/v1/gonum/mat"
)

// Selector is implemented by a Scorer whose rows differ by more than x and t, as
// when each has a condition of its own. Select returns the Scorer for the rows
// with these indices in the whole run, in this order. A sampler that evaluates
// some of the rows only, or in chunks, asks for theirs; the slice is not kept.
type Selector interface {
	Select(rows []int) Scorer
}

// Guide returns the score of classifier-free guidance (Ho and Salimans 2022),
//
//	s_u + w (s_c − s_u),
//
// from a conditional and an unconditional Scorer: w = 1 is the conditional
// score, w = 0 the unconditional one, and w > 1 leans towards what tells the
// condition from others. For other w than these two no data have such scores at
// all times: samples follow the tilted law p_u^{1−w} p_c^w in tendency only.
//
// The result is a Divergencer when both are, a Selector, Rounding, Kinked and Framed,
// with the frame of the first: both have to work in the same coordinates.
func Guide(conditional, unconditional Scorer, w float64) Scorer {
	g := guided{conditional: conditional, unconditional: unconditional, w: w, idle: new(idle)}
	_, c := conditional.(Divergencer)
	_, u := unconditional.(Divergencer)
	if c && u {
		return differentiableGuided{g}
	}
	return g
}

type guided struct {
	conditional, unconditional Scorer
	w                          float64
	idle                       *idle
}

type differentiableGuided struct{ guided }

var (
	_ Scorer      = guided{}
	_ Selector    = guided{}
	_ Framed      = guided{}
	_ Rounding    = guided{}
	_ Kinked      = guided{}
	_ Divergencer = differentiableGuided{}
)

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

// Score writes the guided scores of the rows x into dst.
func (g guided) Score(dst, x *mat.Dense, t []float64) {
	s := g.take(sameDims(dst, x))
	g.unconditional.Score(&s.score, x, t)
	g.conditional.Score(dst, x, t)
	combine(dst, g.w, dst, 1-g.w, &s.score)
	g.idle.put(s)
}

// Divergence writes the guided scores into dst and their divergences into div.
func (g differentiableGuided) Divergence(dst *mat.Dense, div []float64, x *mat.Dense, t []float64) {
	s := g.take(sameDims(dst, x))
	g.unconditional.(Divergencer).Divergence(&s.score, s.div, x, t)
	g.conditional.(Divergencer).Divergence(dst, div, x, t)
	combine(dst, g.w, dst, 1-g.w, &s.score)
	for i, u := range s.div {
		div[i] = g.w*div[i] + (1-g.w)*u
	}
	g.idle.put(s)
}

// JVP writes the guided scores into dst and their derivatives along v into jv.
func (g differentiableGuided) JVP(dst, jv, x, v *mat.Dense, t []float64) {
	s := g.take(sameDims(dst, jv, x, v))
	g.unconditional.(Divergencer).JVP(&s.score, &s.derivative, x, v, t)
	g.conditional.(Divergencer).JVP(dst, jv, x, v, t)
	combine(dst, g.w, dst, 1-g.w, &s.score)
	combine(jv, g.w, jv, 1-g.w, &s.derivative)
	g.idle.put(s)
}

// Select implements Selector.
func (g guided) Select(rows []int) Scorer {
	return Guide(Select(g.conditional, rows), Select(g.unconditional, rows), g.w)
}

// UnitRoundoff returns the larger one of the two scores.
func (g guided) UnitRoundoff() float64 {
	off := 0x1p-53
	for _, s := range []Scorer{g.conditional, g.unconditional} {
		if r, ok := s.(Rounding); ok {
			off = max(off, r.UnitRoundoff())
		}
	}
	return off
}

// Kink returns that of the conditional score, NaN for none.
func (g guided) Kink() float64 {
	if k, ok := g.conditional.(Kinked); ok {
		return k.Kink()
	}
	return math.NaN()
}

// Frame returns the frame of the conditional score, nil slices for none.
func (g guided) Frame() (shift, scale []float64) {
	if f, ok := g.conditional.(Framed); ok {
		return f.Frame()
	}
	return nil, nil
}

// Select returns the Scorer for rows with these indices in the whole run: that
// of a Selector, any other Scorer itself, to which rows are alike.
func Select(s Scorer, rows []int) Scorer {
	if s, ok := s.(Selector); ok {
		return s.Select(rows)
	}
	return s
}
