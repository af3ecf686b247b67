package sde_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

type watching struct{ sde.Scorer }

func (w watching) Unwrap() sde.Scorer { return w.Scorer }

type able struct{ sde.Scorer }

func (a able) Capabilities() []any { return []any{a.Scorer} }

func TestAsFindsCapabilitiesThroughWrappers(t *testing.T) {
	exact := mixtureScore(sde.VP{}, 1, 2)
	for _, s := range []sde.Scorer{exact, watching{exact}, watching{watching{exact}}, able{exact}, watching{able{exact}}} {
		_, ok := sde.As[sde.Divergencer](s)
		require.True(t, ok, "%T", s)
		_, ok = sde.As[sde.LogProber](s)
		require.True(t, ok, "%T", s)
		_, ok = sde.As[sde.Tangents](s)
		require.False(t, ok, "%T", s)
	}
	for _, s := range []any{nil, struct{ sde.Scorer }{exact}, watching{nil}, watching{struct{ sde.Scorer }{exact}}} {
		_, ok := sde.As[sde.Divergencer](s)
		require.False(t, ok)
	}
	_, ok := sde.As[sde.Invertible](sde.Problem{SDE: sde.EDM{}})
	require.True(t, ok, "a Problem shows its process")
}

func TestProblemsNameWhatIsWrong(t *testing.T) {
	good := sde.Problem{SDE: sde.VP{}, Score: mixtureScore(sde.VP{}, 1, 2)}
	require.NoError(t, good.Validate(5, 2))
	var none *sde.Discrete
	for says, spoil := range map[string]func(p *sde.Problem){
		"Problem.SDE: is nil":                            func(p *sde.Problem) { p.SDE = nil },
		"Problem.SDE: is nil, want a process":            func(p *sde.Problem) { p.SDE = none },
		"Problem.Score: is nil":                          func(p *sde.Problem) { p.Score = nil },
		"Problem.SDE: ":                                  func(p *sde.Problem) { p.SDE = sde.VE{SigmaMin: -1} },
		"the run has 2 columns, Problem.Frame 3 shifts":  func(p *sde.Problem) { p.Frame.Shift = make([]float64, 3) },
		"scale 0 in column 1":                            func(p *sde.Problem) { p.Frame.Scale = []float64{1, 0} },
		"shift NaN and scale 1 in column 0":              func(p *sde.Problem) { p.Frame.Shift = []float64{math.NaN(), 0} },
		"Problem.Prior.Variance[1]: is -1":               func(p *sde.Problem) { p.Prior.Variance = []float64{0, -1} },
		"Problem.Prior has 1 means":                      func(p *sde.Problem) { p.Prior.Mean = []float64{0} },
		"Problem.Rows: is -1":                            func(p *sde.Problem) { p.Rows = -1 },
		"the run has 5 rows, the score conditions for 4": func(p *sde.Problem) { p.Rows = 4 },
		"the run has 5 rows, the score conditions for 6": func(p *sde.Problem) { p.Rows = 6 },
		"Problem.UnitRoundoff: is NaN":                   func(p *sde.Problem) { p.UnitRoundoff = math.NaN() },
		"Problem.Breakpoints[1]: is NaN":                 func(p *sde.Problem) { p.Breakpoints = []float64{0.5, math.NaN()} },
	} {
		p := good
		spoil(&p)
		err := p.Validate(5, 2)
		require.ErrorIs(t, err, sde.ErrRange, says)
		require.ErrorContains(t, err, says)
	}
}

func TestRowsAreSelectedWithAndWithoutASelector(t *testing.T) {
	p := sde.VP{}
	each := perRow{[]sde.Scorer{mixtureScore(p, 1, 0), mixtureScore(p, 1, 2), mixtureScore(p, 0, 1), mixtureScore(p, 2, 1)}}
	x, want, got := mat.NewDense(4, 2, []float64{0.2, -1, 3, 0.4, -0.7, 0.1, 1, 1}), mat.NewDense(4, 2, nil), mat.NewDense(2, 2, nil)
	for _, at := range [][]float64{{0.3}, {0.1, 0.2, 0.3, 0.4}} {
		each.Score(want, x, at)
		part := at
		if len(at) > 1 {
			part = []float64{at[3], at[1]}
		}
		some := mat.NewDense(2, 2, append(mat.Row(nil, 3, x), mat.Row(nil, 1, x)...))
		for _, s := range []sde.Scorer{each, struct{ sde.Scorer }{each}} {
			sde.Problem{SDE: p, Score: s, Rows: 4}.Select([]int{3, 1}).Score(got, some, part)
			require.Equal(t, want.RawRowView(3), got.RawRowView(0))
			require.Equal(t, want.RawRowView(1), got.RawRowView(1))
		}
	}
}

func TestFramesMapThereAndBack(t *testing.T) {
	x := mat.NewDense(2, 2, []float64{1, 2, 3, 4})
	for _, f := range []sde.Frame{{}, {Shift: []float64{10, -3}}, {Scale: []float64{2, -0.5}}, {Shift: []float64{1, 1}, Scale: []float64{4, 0.25}}} {
		y, back := mat.NewDense(2, 2, nil), mat.NewDense(2, 2, nil)
		f.ToModel(y, x)
		f.ToData(back, y)
		require.Equal(t, x, back)
	}
	require.InDelta(t, math.Log(3), sde.Frame{Scale: []float64{-6, 0.5}}.LogVolume(), 1e-15)
	require.Zero(t, sde.Frame{Shift: []float64{5}}.LogVolume())
	require.Panics(t, func() { sde.Frame{Shift: []float64{1}}.ToModel(mat.NewDense(2, 2, nil), x) })
}

// A frame of many columns is cut in the error, but not what differs.
func TestFramesThatDifferAreToldApart(t *testing.T) {
	one := sde.Problem{SDE: sde.EDM{}, Score: sde.Analytic(sde.EDM{}, func(_, _ float64) sde.Density { return nil }), Frame: sde.Frame{Shift: make([]float64, 99), Scale: make([]float64, 99)}}
	for j := range one.Frame.Scale {
		one.Frame.Scale[j] = 1
	}
	other := one
	other.Frame.Scale = append([]float64{}, one.Frame.Scale...)
	other.Frame.Scale[7] = 2.5
	_, err := sde.Within(one, other, 0.3, 3)
	require.ErrorIs(t, err, sde.ErrRange)
	require.ErrorContains(t, err, "in column 7 they have shift 0, scale 1 and shift 0, scale 2.5")
}
