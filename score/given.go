package score

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// View is the score s(y, t | c) of a model under conditions c, one for all rows
// or one a row, or s(y, t) without, and likewise given what is observed of some columns
// (see Observe). It works in model coordinates; its Problem
// says which these are. A View is safe for concurrent use, except beside Fit and
// Load of the model, after which it shows the model as it is then.
//
// A View is a sde.Divergencer, sde.Tangents, sde.Pullback and sde.Selector, and an
// sde.LogProber when the network is an nn.Energy, and an sde.FlowMap when the model has
// Config.FlowMap (see sde.As).
type View struct {
	m    *Model
	cond *mat.Dense   // nil: none
	seen *observation // nil: nothing

	// alone says that evaluations stay on the caller's goroutine, as those of a
	// Problem's score do: a sampler shares rows among its own workers.
	alone bool
}

var (
	_ sde.Divergencer = (*View)(nil)
	_ sde.Tangents    = (*View)(nil)
	_ sde.Pullback    = (*View)(nil)
	_ sde.Selector    = (*View)(nil)
	_ sde.Origin      = (*View)(nil)
	_ sde.LogProber   = density{}
)

// Problem returns the process of the model with its score, the unconditional one
// when it has conditions, which needs Settings.DropCond in training.
func (m *Model) Problem() sde.Problem { return m.Unconditional().Problem() }

// Unconditional returns the score without conditions.
func (m *Model) Unconditional() *View { return &View{m: m} }

// Given returns the score of the model under the conditions cond: one row for
// all rows that are asked for, or a row for each, row i of cond being for row i
// of a sampling run. It panics when cond is nil or has other columns than
// Config.Cond says, and for what CheckGiven finds. The conditions are copied.
// For guidance see sde.Guide.
func (m *Model) Given(cond *mat.Dense) *View {
	if err := m.CheckGiven(cond); err != nil {
		panic(err.Error())
	}
	return &View{m: m, cond: mat.DenseCopyOf(cond)}
}

// CheckGiven returns an error for conditions that come from outside: one
// wrapping ErrShape when there are none or their columns are not those of
// Config.Cond, ErrNonFinite for a NaN or an infinity, and ErrRange for a label
// that does not exist, naming row and column.
func (m *Model) CheckGiven(cond *mat.Dense) error {
	n, k := 0, 0
	if cond != nil {
		n, k = cond.Dims()
	}
	switch {
	case m.cond == nil:
		return fmt.Errorf("score: Given: the model has no conditions, see Config.Cond: %w", ErrShape)
	case n == 0 || k != m.cond.count():
		return fmt.Errorf("score: Given: conditions of %d rows and %d columns, the model takes %d columns: %w", n, k, m.cond.count(), ErrShape)
	}
	if err := m.cond.check(cond); err != nil {
		return fmt.Errorf("score: Given: %w", err)
	}
	return nil
}

// Problem returns the process of the model with this score, and what a run has to
// know about it. Where the View shares large evaluations among the processors, the
// Score of the Problem stays on the goroutine that calls it, because samplers share
// rows among workers of their own.
func (v *View) Problem() sde.Problem {
	own := *v
	own.alone = true
	p := sde.Problem{SDE: v.m.process, Score: &own, Frame: v.m.Frame(), Conditional: v.cond != nil || v.seen != nil, Rows: v.rows(), Origin: &own}
	if v.seen != nil {
		p.Observed = v.seen.exact
	}
	if v.m.freeze > 0 {
		p.Breakpoints = []float64{v.m.frozen}
	}
	if !v.m.double {
		p.UnitRoundoff = 0x1p-24
	}
	return p
}

// rows returns the number of rows of conditions and observations, 0 when it does not
// matter.
func (v *View) rows() int { return max(v.conditions(), v.seen.rows()) }

// conditions returns the number of conditions, 0 when it does not matter.
func (v *View) conditions() int {
	if v.cond == nil || v.cond.RawMatrix().Rows == 1 {
		return 0
	}
	return v.cond.RawMatrix().Rows
}

// Select returns the score under the conditions and observations of the rows with
// these indices.
func (v *View) Select(rows []int) sde.Scorer {
	if v.rows() == 0 {
		return v
	}
	s := &View{m: v.m, cond: v.cond, seen: v.seen.selected(rows), alone: v.alone}
	if v.conditions() == 0 {
		return s
	}
	s.cond = mat.NewDense(len(rows), v.m.cond.count(), nil)
	for i, r := range rows {
		s.cond.SetRow(i, v.cond.RawRowView(r))
	}
	return s
}

// place returns where the rows of x are evaluated, its coefficients in a buffer to
// give back.
func (v *View) place(x *mat.Dense, t []float64) place {
	at := place{cond: v.cond, alone: v.alone}
	if v.seen != nil {
		at.seen = v.seen.exact
	}
	if v.m.levels {
		at.coeffs = v.m.cellCoefficients(x.RawMatrix().Rows, t, v.seen)
	} else {
		at.coeffs = v.m.coefficients(t)
	}
	return at
}

// Score writes the scores of the rows of x at the times t, one or one a row,
// into dst. It panics when the shapes do not match.
func (v *View) Score(dst, x *mat.Dense, t []float64) {
	v.check(dst, x, t)
	at := v.place(x, t)
	v.m.eval.score(dst, x, at)
	v.seen.settle(v.m, dst, x, t)
	v.m.coeffs.Give(at.coeffs)
}

// Divergence writes the scores into dst and ∇·s of each row into div.
func (v *View) Divergence(dst *mat.Dense, div []float64, x *mat.Dense, t []float64) {
	v.check(dst, x, t)
	if len(div) != x.RawMatrix().Rows {
		panic(badShape)
	}
	at := v.place(x, t)
	v.m.eval.divergence(dst, div, x, at)
	v.seen.settle(v.m, dst, x, t)
	v.m.coeffs.Give(at.coeffs)
}

// JVP writes the scores into dst and the derivatives (∂s/∂x)v into jv, for one
// direction a row.
func (v *View) JVP(dst, jv, x, along *mat.Dense, t []float64) {
	v.check(dst, x, t)
	v.check(jv, x, t)
	v.check(along, x, t)
	at := v.place(x, t)
	v.m.eval.jvp(dst, jv, x, along, at)
	v.seen.settle(v.m, dst, x, t)
	v.m.coeffs.Give(at.coeffs)
}

// VJP writes the scores into dst and the products (∂s/∂x)ᵀu into jtu, for one u a row.
func (v *View) VJP(dst, jtu, x, u *mat.Dense, t []float64) {
	v.check(dst, x, t)
	v.check(jtu, x, t)
	v.check(u, x, t)
	at := v.place(x, t)
	v.m.eval.vjp(dst, jtu, x, u, at)
	v.seen.settle(v.m, dst, x, t)
	v.m.coeffs.Give(at.coeffs)
}

// JVPs is JVP for every pair of along and jv, in bundles and the last few one by
// one.
func (v *View) JVPs(dst *mat.Dense, jv []*mat.Dense, x *mat.Dense, along []*mat.Dense, t []float64) {
	if len(jv) != len(along) {
		panic(badShape)
	}
	for len(along) >= bundle {
		v.check(dst, x, t)
		for k := range bundle {
			v.check(jv[k], x, t)
			v.check(along[k], x, t)
		}
		at := v.place(x, t)
		v.m.eval.jvps(dst, jv[:bundle], x, along[:bundle], at)
		v.seen.settle(v.m, dst, x, t)
		v.m.coeffs.Give(at.coeffs)
		jv, along = jv[bundle:], along[bundle:]
	}
	for k := range along {
		v.JVP(dst, jv[k], x, along[k], t)
	}
}

// Energy writes −log p_t(y) of each row y into dst, up to a constant that
// depends on t, for a model whose network is an nn.Energy E_θ:
//
//	½A‖y‖² + (B/In) E_θ(In·y),   s = −A y + B F,   F = −∇E_θ,
//
// whose gradient is exactly −Score. It panics when the network is of another
// kind or the shapes do not match.
func (v *View) Energy(dst []float64, x *mat.Dense, t []float64) {
	if _, ok := v.m.net.(conservative); !ok {
		panic("score: Energy: the network is not an energy, see nn.Energy")
	}
	v.check(x, x, t)
	if len(dst) != x.RawMatrix().Rows {
		panic(badShape)
	}
	at := v.place(x, t)
	v.m.eval.energy(dst, x, at)
	v.m.coeffs.Give(at.coeffs)
}

// Capabilities returns the log-density of an energy model and the map of one with
// Config.FlowMap.
func (v *View) Capabilities() []any {
	if v.m.maps {
		return []any{mapper{v}}
	}
	if _, ok := v.m.net.(conservative); ok {
		return []any{density{v}}
	}
	return nil
}

// density is the View of an energy model.
type density struct{ *View }

// LogProb writes minus the energies into dst.
func (d density) LogProb(dst []float64, x *mat.Dense, t []float64) {
	d.Energy(dst, x, t)
	for i, e := range dst {
		dst[i] = -e
	}
}

// check panics when shapes, or the number of conditions, do not match.
func (v *View) check(dst, x *mat.Dense, t []float64) {
	n, d := x.Dims()
	r, c := dst.Dims()
	switch {
	case d != v.m.dim || n == 0:
		panic(fmt.Sprintf("%s: x is %d×%d, the model has %d columns", badShape, n, d, v.m.dim))
	case r != n || c != d:
		panic(fmt.Sprintf("%s: dst is %d×%d, x is %d×%d", badShape, r, c, n, d))
	case len(t) != 1 && len(t) != n:
		panic(fmt.Sprintf("%s: %d times for %d rows, want 1 or one a row", badShape, len(t), n))
	case v.rows() > 0 && v.rows() != n:
		panic(fmt.Sprintf("%s: conditions or observations of %d rows for %d, want 1 or one a row", badShape, v.rows(), n))
	}
}
