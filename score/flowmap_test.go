package score

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/sde"
)

// mapOf returns the map of a view.
func mapOf(t *testing.T, v sde.Scorer) sde.FlowMap {
	m, ok := sde.As[sde.FlowMap](v)
	require.True(t, ok)
	return m
}

// column is an r×1 leaf for one value of all rows.
func (l leaves) column(name string, v ...float64) *ad.Expr {
	e := ad.Input(name, 1)
	l[e] = v
	return e
}

type leaves map[*ad.Expr][]float64

// exactJump is a batch of normal data N(0, s²) at unit scale, whose flow is
//
//	y(θ) ∝ ρ(θ) = √(s² cos² θ + sin² θ),
//
// with the exact field for a target, and the exact mean field.
func exactJump(s float64, t, r, near, y []float64) (d Batch, mean func(y, level, end *ad.Expr) *ad.Expr, in leaves) {
	n := len(y)
	in = leaves{}
	each := func(f func(i int) float64) []float64 {
		v := make([]float64, n)
		for i := range v {
			v[i] = f(i)
		}
		return v
	}
	ρ := func(θ float64) float64 { return math.Hypot(s*math.Cos(θ), math.Sin(θ)) }
	slope := func(θ float64) float64 { return (1 - s*s) * math.Sin(θ) * math.Cos(θ) / (ρ(θ) * ρ(θ)) } // of ln ρ
	field := func(i int) float64 { return -slope(t[i]) * y[i] }
	level := func(θ float64) float64 { return 0.25 * math.Log(math.Tan(θ)) }
	// The clean row and the noise that belong to the field.
	x0 := func(i int) float64 { return math.Cos(t[i])*y[i] + math.Sin(t[i])*field(i) }
	z := func(i int) float64 { return math.Sin(t[i])*y[i] - math.Cos(t[i])*field(i) }
	j := &Jump{
		Y: in.column("y", y...), Field: in.column("field", each(field)...),
		Level:     in.column("level", each(func(i int) float64 { return level(t[i]) })...),
		Rate:      in.column("rate", each(func(i int) float64 { return 0.25 / (math.Sin(t[i]) * math.Cos(t[i])) })...),
		Turn:      in.column("turn", each(func(i int) float64 { return t[i] - r[i] })...),
		End:       in.column("end", each(func(i int) float64 { return level(r[i]) })...),
		NearY:     in.column("near y", each(func(i int) float64 { return math.Cos(near[i])*x0(i) + math.Sin(near[i])*z(i) })...),
		NearLevel: in.column("near level", each(func(i int) float64 { return level(near[i]) })...),
		NearTurn:  in.column("near turn", each(func(i int) float64 { return t[i] - near[i] })...),
	}
	// ρ of a level is an expression; the angle is not, but near enough to a value.
	ρOf := func(level *ad.Expr) *ad.Expr {
		ς2 := ad.Exp(ad.Scale(8, level))
		return ad.Sqrt(ad.Div(ad.Shift(ς2, s*s), ad.Shift(ς2, 1)))
	}
	angle := func(level *ad.Expr) *ad.Expr {
		base, by, of := j.Level, in.column("θ", t...), t
		if level == j.NearLevel {
			base, by, of = j.NearLevel, in.column("θs", near...), near
		}
		rate := in.column("1/rate", each(func(i int) float64 { return 4 * math.Sin(of[i]) * math.Cos(of[i]) })...)
		return ad.Add(by, ad.Mul(rate, ad.Sub(level, base)))
	}
	θr := in.column("θr", r...)
	mean = func(y, level, end *ad.Expr) *ad.Expr {
		ratio := ad.Div(ρOf(end), ρOf(level))
		return ad.Div(ad.Mul(y, ad.Shift(ratio, -1)), ad.Sub(angle(level), θr))
	}
	return Batch{Xt: j.Y, Jump: j}, mean, in
}

// values evaluates the loss of each row.
func (l leaves) values(loss *ad.Expr, n int) []float64 {
	return ad.Eval([]*ad.Expr{loss}, n, nil, nil, l)[0]
}

var (
	fromAngles = []float64{1.5, 1.2, 0.7, 0.3, 0.01}
	toAngles   = []float64{0.001, 0.9, 0.2, 0.01, 0.004}
	someY      = []float64{0.3, -1.2, 2, 0.7, -0.4}
)

// Checks score (33).
func TestMeanFlowVanishesAtTheExactMapAndNowhereNear(t *testing.T) {
	d, mean, in := exactJump(0.3, fromAngles, toAngles, fromAngles, someY)
	for i, l := range in.values(MeanFlow{}.Loss(nil, Fields{Mean: mean}, d), len(someY)) {
		require.Less(t, l, 1e-24, "row %d", i)
	}
	wrong := func(y, level, end *ad.Expr) *ad.Expr { return ad.Scale(1.1, mean(y, level, end)) }
	for i, l := range in.values(MeanFlow{}.Loss(nil, Fields{Mean: wrong}, d), len(someY)) {
		require.Greater(t, l, 1e-7, "row %d", i)
	}
}

// The target of a gap h is off by h², the loss by h⁴.
//
// Checks score (34).
func TestConsistencyVanishesAtTheExactMapAsTheGapDoes(t *testing.T) {
	at := func(gap float64) []float64 {
		near := make([]float64, len(fromAngles))
		for i, θ := range fromAngles {
			near[i] = max(θ*(1-gap), toAngles[i])
		}
		d, mean, in := exactJump(0.3, fromAngles, toAngles, near, someY)
		return in.values(Consistency{}.Loss(nil, Fields{Mean: mean}, d), len(someY))
	}
	wide, narrow := at(0.02), at(0.01)
	for i := range wide {
		require.Less(t, wide[i], 1e-5, "row %d", i)
		require.InDelta(t, 4, math.Log2(wide[i]/narrow[i]), 0.4, "row %d", i)
	}
}

// Where a row goes nowhere all are the loss of the field, whatever Mean is.
func TestRowsThatGoNowhereTrainTheField(t *testing.T) {
	d, _, in := exactJump(0.3, fromAngles, fromAngles, fromAngles, someY)
	f := Fields{Mean: func(y, level, end *ad.Expr) *ad.Expr {
		return ad.Mul(y, ad.Sin(ad.Add(level, ad.Scale(3, end))))
	}}
	want := in.values(ad.Square(ad.Sub(f.Mean(d.Jump.Y, d.Jump.Level, d.Jump.End), d.Jump.Field)), len(someY))
	for _, o := range []Objective{MeanFlow{Offset: None}, Consistency{}, Trajectories{}} {
		require.InDeltaSlice(t, want, in.values(o.Loss(nil, f, d), len(someY)), 1e-6, "%T", o)
	}
}

// The batch has the angles, levels and rows that its doc says.
//
// Checks score (30).
func TestJumpsHoldWhatTheyAreCalled(t *testing.T) {
	for name, p := range processes {
		m := newModel(t, 2, Config{Process: p, FlowMap: true, Precond: EDM{Variance: 0.8}})
		s, err := (&Settings{Batch: 64, Objective: Consistency{Data: 0.3}, References: None}).withDefaults()
		require.NoError(t, err)
		b := newBatcher(m, standard(2), &s, nil)
		require.NoError(t, b.fill(0))
		in, leaf, _ := b.leaves()
		j := leaf.Jump
		values := map[*ad.Expr][]float64{}
		for i, v := range b.inputs() {
			values[in[i]] = widen(v)
		}
		got := ad.Eval([]*ad.Expr{j.Y, j.Field, j.Level, j.Rate, j.Turn, j.End, j.NearY, j.NearTurn, leaf.Alpha, leaf.Sigma, leaf.Xt, leaf.X0, leaf.Z}, 64, nil, nil, values)
		y, field, level, rate, turn, end, nearY, nearTurn, α, σ, xt, x0, z := got[0], got[1], got[2], got[3], got[4], got[5], got[6], got[7], got[8], got[9], got[10], got[11], got[12]
		same, data := 0, 0
		for i := range 64 {
			θ := math.Atan2(σ[i], α[i]*math.Sqrt(0.8))
			require.InDelta(t, 0.25*math.Log(σ[i]/α[i]), level[i], 1e-5, name)
			require.InEpsilon(t, 0.25/(math.Sin(θ)*math.Cos(θ)), rate[i], 1e-4)
			require.True(t, turn[i] >= 0 && turn[i] <= θ*(1+1e-5), "%s: %v of %v", name, turn[i], θ)
			require.True(t, nearTurn[i] >= 0 && nearTurn[i] <= turn[i], "%s: %v of %v", name, nearTurn[i], turn[i])
			require.LessOrEqual(t, end[i], level[i])
			switch turn[i] {
			case 0:
				same++
				require.Equal(t, level[i], end[i])
			default:
				if θr := θ - turn[i]; θr < 1e-6 {
					data++
				} else if ς := math.Sqrt(0.8) * math.Tan(θr); ς > 0.01 {
					require.InDelta(t, 0.25*math.Log(ς), end[i], 2e-3, "the end is told of its angle")
				}
			}
			for k := range 2 {
				require.InDelta(t, xt[2*i+k]/math.Sqrt(0.8*α[i]*α[i]+σ[i]*σ[i]), y[2*i+k], 1e-5)
				c := x0[2*i+k] / math.Sqrt(0.8)
				require.InDelta(t, math.Sin(θ)*c-math.Cos(θ)*z[2*i+k], field[2*i+k], 1e-5)
				s := θ - nearTurn[i]
				require.InDelta(t, math.Cos(s)*c+math.Sin(s)*z[2*i+k], nearY[2*i+k], 1e-4)
			}
		}
		require.InDelta(t, 16, same, 12)
		require.InDelta(t, 14, data, 12)
	}
}

// The map is what the mean field says, also for conditions and a time a row.
//
// Checks score (31) and (32).
func TestMapIsTheMeanFieldTimesTheTurn(t *testing.T) {
	for name, p := range processes {
		m := newModel(t, 2, Config{Process: p, FlowMap: true, MinNoise: None, Cond: Conditions{Columns: 1, Classes: []int{3}}}).Float64()
		cond := mat.NewDense(1, 2, []float64{0.4, 2})
		v := mapOf(t, m.Given(cond))
		x := normals(6, 2, 1)
		times := spread(p, 6)
		dst, one := mat.NewDense(6, 2, nil), mat.NewDense(1, 2, nil)
		v.Map(dst, x, times, times)
		require.True(t, mat.EqualApprox(x, dst, 1e-12), "%s: nowhere is where it is", name)

		start, _ := p.Span()
		v.Map(dst, x, times, []float64{start})
		for i := range 6 {
			v.Map(one, mat.DenseCopyOf(x.Slice(i, i+1, 0, 2)), times[i:i+1], []float64{start})
			require.Equal(t, one.RawRowView(0), dst.RawRowView(i), "a common time or one a row")
		}

		// A short way is a step of Euler's along the flow: the field is that of the score.
		s := mat.NewDense(6, 2, nil)
		m.Given(cond).Score(s, x, times)
		near := make([]float64, 6)
		for i, at := range times {
			near[i] = max(at-1e-6*at, start)
		}
		v.Map(dst, x, times, near)
		for i, at := range times {
			f, g2 := p.Rates(at)
			for k := range 2 {
				slope := f*x.At(i, k) - 0.5*g2*s.At(i, k)
				require.InDelta(t, slope, (dst.At(i, k)-x.At(i, k))/(near[i]-at), 1e-3*(1+math.Abs(slope)), "%s at %v", name, at)
			}
		}
	}
}

func TestTheEndOfTheFlowIsBelowTheSpan(t *testing.T) {
	m := newModel(t, 2, Config{FlowMap: true})
	v := mapOf(t, m.Unconditional())
	x, a, b := normals(5, 2, 1), mat.NewDense(5, 2, nil), mat.NewDense(5, 2, nil)
	v.Map(a, x, []float64{1}, []float64{0})
	v.Map(b, x, []float64{1}, []float64{1e-6})
	require.True(t, mat.EqualApprox(a, b, 1e-5))
	require.Panics(t, func() { v.Map(a, x, []float64{1}, []float64{2}) })
	require.Panics(t, func() { v.Map(a, x, []float64{1}, []float64{-1}) })
	require.Panics(t, func() { v.Map(a, x, []float64{1, 2}, []float64{0}) })
	_, ok := sde.As[sde.FlowMap](newModel(t, 2, Config{}).Unconditional())
	require.False(t, ok, "a model without has none")
}

func TestNewFlowMapBeginsAsItsTeacher(t *testing.T) {
	for name, c := range map[string]Config{
		"plain": {}, "frozen": {Process: sde.VP{}, MinNoise: None},
		"conditions": {Cond: Conditions{Columns: 2, Classes: []int{3}}},
		"embedded":   {Cond: Conditions{Classes: []int{3}, Embed: nn.Linear{Out: 4}}},
		"additive":   {Net: nn.MLP{Hidden: []int{16, 16}, Conditioning: nn.Additive}},
		"ends":       {Net: nn.RecipeColumns(2, 16)},
		"U-Net":      {Net: nn.UNet{Size: []int{4}, Channels: []int{4}}},
		"pictures":   {Net: nn.UNet{Size: []int{4, 4}, Channels: []int{4, 4}, Heads: 2}, Cond: Conditions{Classes: []int{3}}},
	} {
		d := 2
		if net, is := c.Net.(nn.UNet); is {
			d = 1
			for _, n := range net.Size {
				d *= n
			}
		}
		m := newModel(t, d, c)
		m.shift[0], m.scale[1], m.calibrated = 3, 2, true
		s, err := NewFlowMap(m)
		require.NoError(t, err, name)
		require.Equal(t, m.Frame(), s.Frame())
		x, want, got := normals(7, d, 1), mat.NewDense(7, d, nil), mat.NewDense(7, d, nil)
		times := spread(m.process, 7)
		m.Unconditional().Score(want, x, times)
		s.Unconditional().Score(got, x, times)
		require.True(t, mat.EqualApprox(want, got, 1e-4*mat.Norm(want, 2)), name)
		if m.cond != nil {
			labels := m.conditionsOf(7)
			for i := range 7 {
				labels.Set(i, labels.RawMatrix().Cols-1, float64(i%3))
			}
			m.Given(labels).Score(want, x, times)
			s.Given(labels).Score(got, x, times)
			require.True(t, mat.EqualApprox(want, got, 1e-4*mat.Norm(want, 2)), name)
		}

		_, err = NewFlowMap(s)
		require.ErrorIs(t, err, ErrRange)
	}
	_, err := NewFlowMap(newModel(t, 2, Config{Precond: V{}}))
	require.ErrorIs(t, err, ErrRange)
	_, err = NewFlowMap(newModel(t, 2, Config{ColumnLevels: true, Net: nn.RecipeColumns(2, 8)}))
	require.ErrorIs(t, err, ErrRange)
	_, err = NewFlowMap(newModel(t, 2, Config{Net: spherical}))
	require.ErrorIs(t, err, ErrRange)
}

func TestAFlowMapIsSavedAsOne(t *testing.T) {
	m := newModel(t, 2, Config{FlowMap: true, Cond: Conditions{Classes: []int{2}}})
	path := filepath.Join(t.TempDir(), "m")
	require.NoError(t, m.SaveFile(path))
	o, err := Open(path)
	require.NoError(t, err)
	x, a, b := normals(5, 2, 1), mat.NewDense(5, 2, nil), mat.NewDense(5, 2, nil)
	cond := mat.NewDense(5, 1, []float64{0, 1, 1, 0, 1})
	mapOf(t, m.Given(cond)).Map(a, x, []float64{2}, []float64{0.1})
	mapOf(t, o.Given(cond)).Map(b, x, []float64{2}, []float64{0.1})
	require.Equal(t, a, b)
	plain, err := New(2, &Config{Net: small, Cond: Conditions{Classes: []int{2}}})
	require.NoError(t, err)
	require.ErrorIs(t, plain.LoadFile(path), ErrMismatch)
}
