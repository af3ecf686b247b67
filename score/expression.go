package score

import (
	"fmt"
	"math"
	"slices"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
)

// Model returns the model of which v is a view.
func (v *View) Model() *Model { return v.m }

// Conditional reports whether v has conditions of its own.
func (v *View) Conditional() bool { return v.cond != nil }

// ConditionColumns returns the number of columns of the model's conditions.
func (v *View) ConditionColumns() int { return v.m.conditionColumns() }

// Weights returns the model's parameters, as their entries say, and their values, a
// copy.
func (m *Model) Weights() ([]nn.Entry, []float32) {
	return slices.Clone(m.params.Entries()), slices.Clone(m.theta)
}

// Coefficients returns what Express needs to know of a time to build
//
//	a y + b s(y, t),
//
// as many numbers for every time. a = 0 and b = 1 is the score, 1/α and σ²/α give the
// denoiser, f and −½g² the probability flow. They are computed in float64, so that what
// cancels is gone before a network in float32 sees it. Coefficients panics when each row has
// observations of its own.
func (v *View) Coefficients(t, a, b float64) []float64 {
	m := v.m
	if !m.levels {
		c := m.at(t)
		c[2], c[3] = a+b*c[2], b*c[3]
		return c[:]
	}
	if v.seen.rows() > 0 {
		panic(fmt.Sprintf("%s: Coefficients: there are observations for %d rows, want one for all", badShape, v.seen.rows()))
	}
	c, at := make([]float64, m.coeffsAt()), m.momentAt(t)
	m.cells(c, &at, v.seen, 0)
	for j := range m.dim {
		onX, onF, shift := &c[cellOnX*m.dim+j], &c[cellOnF*m.dim+j], &c[cellShift*m.dim+j]
		switch k, τ := v.seen.at(m, 0, j); { // what settle does afterwards
		case math.IsInf(k, 1):
			*onX = -1 / (at.α*at.α + at.σ*at.σ)
		case finite(k) && τ == 0:
			*onX, *shift = -1/(at.σ*at.σ), at.α*k/(at.σ*at.σ)
		}
		*onX, *onF, *shift = a+b**onX, b**onF, b**shift
	}
	return c
}

// Express returns a y + b s(y, t) as an expression of the rows y, r×d in the model's
// coordinates, for programs of the caller's own and other engines: see score/export. c
// holds the Coefficients of a time, and a and b, for each row, or one row for all.
//
// cond holds a row of conditions for each row, as Given takes them; nil means those of v,
// or none. The network's parameters are added to b's, in its scope, by the names that Weights has: a
// second score of the model takes b.Share. Express panics when the columns do not
// suit the model and, with nil, when v has conditions for each row.
func (v *View) Express(b *nn.Build, y, c, cond *ad.Expr) *ad.Expr {
	own := v.conditioned(b, y, c, cond)
	switch {
	case v.m.levels:
		return levelsOf(own, v.m.net, y, c)
	case v.m.maps:
		return v.m.mapScoreOf(own, v.m.net, y, c)
	}
	return scoreOf(own, v.m.net, y, c)
}

// ExpressEnergy is Express for what Energy computes, with the Coefficients for a = 0 and
// b = 1. It panics when the network is no
// nn.Energy.
func (v *View) ExpressEnergy(b *nn.Build, y, c, cond *ad.Expr) *ad.Expr {
	net, ok := v.m.net.(conservative)
	if !ok {
		panic("score: ExpressEnergy: the network is not an energy, see nn.Energy")
	}
	return energyOf(v.conditioned(b, y, c, cond), net, y, c)
}

// conditioned checks the shapes and returns a Build with the conditions.
func (v *View) conditioned(b *nn.Build, y, c, cond *ad.Expr) *nn.Build {
	m, own := v.m, *b
	if y.Cols() != m.dim || y.Groups() != 1 || c.Cols() != m.coeffsAt() {
		panic(fmt.Sprintf("%s: y has %d columns and c %d, want %d and %d", badShape, y.Cols(), c.Cols(), m.dim, m.coeffsAt()))
	}
	own.Cond = nil
	switch {
	case m.cond != nil:
		own.Cond = m.condition(&own, v.encoding(cond))
	case cond != nil:
		panic(badShape + ": there are conditions for a model that has none")
	}
	return &own
}

// encoding returns the encoded conditions.
func (v *View) encoding(cond *ad.Expr) *ad.Expr {
	c := v.m.cond
	if cond == nil {
		if v.conditions() > 0 {
			panic(fmt.Sprintf("%s: there are conditions for %d rows, want one for all, or an input", badShape, v.conditions()))
		}
		return ad.Row(encoded[float64](c, nil, v.cond))
	}
	if cond.Cols() != c.count() {
		panic(fmt.Sprintf("%s: cond has %d columns, the model takes %d", badShape, cond.Cols(), c.count()))
	}
	var parts []*ad.Expr
	if k := c.Columns; k > 0 {
		inverse := make([]float64, k)
		for j, s := range c.scale {
			inverse[j] = 1 / s
		}
		parts = append(parts, ad.Mul(ad.Sub(ad.Slice(cond, 0, k), ad.Row(c.shift)), ad.Row(inverse)))
	}
	if len(c.Classes) > 0 {
		parts = append(parts, ad.Slice(cond, c.Columns, c.count()))
	}
	return ad.Concat(append(parts, ad.Const(1))...)
}
