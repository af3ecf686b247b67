package score

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/sde"
)

// A model with Config.FlowMap knows the mean of the network along the flow. In the
// coordinates of unit scale and the angle of the noise,
//
//	y = x/√C,  C = α²v + σ²,  θ = arctan(σ/(α√v)),
//
// the probability flow is dy/dθ = −F(y, θ) for every process, F being the network of the
// preconditioning EDM. So
//
//	y_r = y_t + (θ_t − θ_r) F̄(y_t, t, r),   F̄ = 1/(θ_t − θ_r) ∫_{θ_r}^{θ_t} F dθ,
//
// and F̄(y, t, t) = F(y, t).

// angleOf returns θ = arctan(σ/(α√v)).
func angleOf(α, σ, v float64) float64 { return math.Atan2(σ, α*math.Sqrt(v)) }

// canMap returns an error for a model that cannot have FlowMap.
func (m *Model) canMap(net nn.Module) error {
	if !m.maps {
		return nil
	}
	const field = "score: New: Config.FlowMap: is true"
	switch _, edm := m.precond.(EDM); {
	case m.levels:
		return fmt.Errorf("%s, and so is ColumnLevels, want one of them: %w", field, ErrRange)
	case !edm:
		return fmt.Errorf("%s, but Config.Precond a %T, want EDM: %w", field, m.precond, ErrRange)
	}
	if _, energy := net.(conservative); energy {
		return fmt.Errorf("%s, but Config.Net a %T, whose field is a gradient as that of no map is: want another network: %w", field, net, ErrRange)
	}
	return nil
}

// variance returns v of the preconditioning EDM.
func (m *Model) variance() float64 {
	if e, ok := m.precond.(EDM); ok && e.Variance != 0 {
		return e.Variance
	}
	return 1
}

// endWidth is the number of columns in which a network is told where rows are to go.
const endWidth = 32

// ends returns what the network is told of a row's noise level and of the one that it is
// to be taken to, beside the conditions: an embedding of the two.
func (m *Model) ends(b *nn.Build, level, end *ad.Expr) *ad.Expr {
	s := b.Scope("flowmap")
	s.Time, s.Cond = nil, nil
	both := nn.Sequential{nn.TimeFourier{N: 4, Low: 0.5, High: 8}, nn.Linear{Out: endWidth}, nn.SiLU{}}
	return s.Apply(both, ad.Concat(level, end))
}

// told returns a Build for a network that takes rows from one level to another.
func (m *Model) told(b *nn.Build, level, end *ad.Expr) *nn.Build {
	told := b.Share()
	told.Time, told.Cond = level, join(b.Cond, m.ends(told, level, end))
	return told
}

// join puts what the network is told beside the conditions, nil for none.
func join(cond, e *ad.Expr) *ad.Expr {
	if cond == nil {
		return e
	}
	return ad.Concat(cond, e)
}

// mapScoreOf is scoreOf for a model with FlowMap: the end is the time itself.
func (m *Model) mapScoreOf(b *nn.Build, net nn.Module, x, c *ad.Expr) *ad.Expr {
	level := ad.Slice(c, 1, 2)
	return scoreOf(m.told(b, level, level), net, x, c)
}

// A map has five coefficients, x_r = onX·x + onF·F̄(in·x, level, end).
const (
	mapIn = iota
	mapLevel
	mapEnd
	mapOnX
	mapOnF
	coeffsPerMap
)

// mapOf builds the map from a row of coefficients.
func (m *Model) mapOf(b *nn.Build, x, c *ad.Expr) *ad.Expr {
	col := func(i int) *ad.Expr { return ad.Slice(c, i, i+1) }
	f := m.told(b, col(mapLevel), col(mapEnd)).Apply(m.net, ad.Mul(col(mapIn), x))
	return ad.Add(ad.Mul(col(mapOnX), x), ad.Mul(col(mapOnF), f))
}

// toldLevel returns what the network is told of a noise level σ/α: below the least at
// which it has been trained, of that one.
func (m *Model) toldLevel(α, σ float64) float64 {
	start, _ := m.process.Span()
	least := m.freeze
	if least == 0 {
		least = math.Exp(-sde.LogSNR(m.process, start))
	}
	return noiseLevel(1, max(σ/α, least))
}

// mapAt returns the coefficients of a map from t to r.
func (m *Model) mapAt(t, r float64) [coeffsPerMap]float64 {
	v := m.variance()
	αt, σt := m.process.Kernel(t)
	αr, σr := m.process.Kernel(r)
	root, to := math.Sqrt(αt*αt*v+σt*σt), math.Sqrt(αr*αr*v+σr*σr)
	return [coeffsPerMap]float64{
		mapIn: 1 / root, mapLevel: m.toldLevel(αt, σt), mapEnd: m.toldLevel(αr, σr),
		mapOnX: to / root, mapOnF: to * (angleOf(αt, σt, v) - angleOf(αr, σr, v)),
	}
}

func (e *engine[T]) flowMap(dst, x *mat.Dense, at place) {
	f := e.form(mapForm, at)
	n := x.RawMatrix().Rows
	b := f.take(1)
	b.set(e.m.cond, x, at)
	b.out[0] = resize(b.out[0], n*e.m.dim)
	f.run(n, b, at.alone)
	fromRows(dst, b.out[0])
	f.idle.Give(b)
}

// mapper is the View of a model with FlowMap,
//
//	x_r = √C_r (x/√C_t + (θ_t − θ_r) F̄(x/√C_t, t, r)).
type mapper struct{ *View }

var _ sde.FlowMap = mapper{}

// Map takes the rows of x from the times t to the earlier times r.
func (v mapper) Map(dst, x *mat.Dense, t, r []float64) {
	v.check(dst, x, t)
	v.check(dst, x, r)
	n := max(len(t), len(r))
	c, _ := v.m.coeffs.Take()
	c = resize(c, coeffsPerMap*n)
	for i := range n {
		from, to := t[min(i, len(t)-1)], r[min(i, len(r)-1)]
		if !(to >= 0 && to <= from) {
			panic(fmt.Sprintf("score: Map: row %d goes from t = %v to %v, want an earlier time ≥ 0", i, from, to))
		}
		at := v.m.mapAt(from, to)
		copy(c[i*coeffsPerMap:], at[:])
	}
	v.m.eval.flowMap(dst, x, place{cond: v.cond, coeffs: c, alone: v.alone})
	v.m.coeffs.Give(c)
}
