package score

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
)

// The highest noise level of a process was refused as the least one of a model,
// "is 80, want at most 80", where it went through a logarithm and came back an ulp
// lower.
func TestTheHighestLevelOfAProcessMayBeTheLeastOfAModel(t *testing.T) {
	table, err := sde.VE{SigmaMin: 0.01, SigmaMax: 10}.Discrete(10)
	require.NoError(t, err)
	processes := []sde.SDE{sde.VP{}, sde.SubVP{}, sde.VE{}, sde.EDM{}, sde.Cosine{}, sde.Cosine{Offset: 0.008}, sde.Linear{SigmaMin: 1e-3}, table}
	for max := 0.01; max < 1e4; max *= 1.37 {
		processes = append(processes, sde.EDM{SigmaMin: 1e-3, SigmaMax: max}, sde.VE{SigmaMin: 1e-3, SigmaMax: max})
	}
	for _, p := range processes {
		_, end := p.Span()
		α, σ := p.Kernel(end)
		if !finite(σ/α) || σ/α > 1e12 {
			continue // the end is no level
		}
		m, err := New(2, &Config{Process: p, Net: small, MinNoise: σ / α})
		require.NoError(t, err, "%#v", p)
		require.LessOrEqual(t, m.frozen, end)
		require.InEpsilon(t, end, m.frozen, 1e-9)
		_, err = New(2, &Config{Process: p, Net: small, MinNoise: σ / α * 1.0001})
		require.ErrorIs(t, err, ErrRange, "%#v", p)
	}
}

// A network whose layers do not fit was a panic of New.
func TestLayersThatDoNotFitAreAnErrorOfNew(t *testing.T) {
	_, err := New(2, &Config{Net: nn.Sequential{nn.Linear{Out: 4}, nn.Embedding{Classes: 3, Out: 2}}})
	require.ErrorIs(t, err, ErrShape)
	require.ErrorContains(t, err, `score: New: Config.Net: nn: shape mismatch: layer "1", nn.Embedding of r×4: `)
}

// fickle is a network that can be built a few times only.
type fickle struct {
	nn.Module
	left *int
}

func (f fickle) Apply(b *nn.Build, x *ad.Expr) *ad.Expr {
	if *f.left--; *f.left < 0 {
		panic("built too often")
	}
	return f.Module.Apply(b, x)
}

// A program that could not be compiled counted as compiled, and the second call met
// a nil pointer instead of the cause.
func TestAProgramThatCannotBeCompiledSaysWhyEveryTime(t *testing.T) {
	left := math.MaxInt
	m, err := New(2, &Config{Net: fickle{small, &left}})
	require.NoError(t, err)
	left = 0
	for range 3 {
		require.PanicsWithValue(t, "built too often", func() { m.Unconditional().Score(normals(1, 2, 1), normals(1, 2, 1), []float64{1}) })
	}
	left = 1
	m.Unconditional().Score(normals(1, 2, 1), normals(1, 2, 1), []float64{1})
}

// What a View says of its score beside process and frame was lost in a Problem made
// by hand: the start of another class, and any tolerance for float32.
func TestAProblemMadeByHandSaysAllThatItsScoreDoes(t *testing.T) {
	m := newModel(t, 2, Config{Cond: Conditions{Classes: []int{2}}})
	good := m.Given(mat.NewDense(1, 1, nil)).Problem()
	require.NoError(t, good.Validate(5, 2))
	guided := guide(t, good, m.Problem(), 2)
	require.NoError(t, guided.Validate(5, 2))
	for says, spoil := range map[string]func(p *sde.Problem){
		"Problem.Conditional: is false, its score was made for true":                func(p *sde.Problem) { p.Conditional = false },
		"Problem.UnitRoundoff: is 1.1e-16, its score was made for 6e-08":            func(p *sde.Problem) { p.UnitRoundoff = 0 },
		"Problem.Breakpoints: are [], its score was made for":                       func(p *sde.Problem) { p.Breakpoints = nil },
		"Problem.Frame: is sde.Frame{Shift:[1 2] Scale:[]}, its score was made for": func(p *sde.Problem) { p.Frame = sde.Frame{Shift: []float64{1, 2}} },
	} {
		for _, p := range []sde.Problem{good, guided} {
			spoil(&p)
			require.ErrorContains(t, p.Validate(5, 2), says)
		}
	}
}

// A counter that shows what is inside was passed by, and counted nothing.
func TestAWatcherThatUnwrapsSeesTheScores(t *testing.T) {
	m := newModel(t, 2, Config{Cond: Conditions{Classes: []int{2}}})
	for _, p := range []sde.Problem{m.Problem(), m.Given(mat.NewDense(1, 1, nil)).Problem()} {
		count := 0
		p.Score = watching{p.Score, &count}
		require.NoError(t, sampler.Sample(t.Context(), mat.NewDense(5, 2, nil), p, sampler.DDIM{}, nil))
		require.GreaterOrEqual(t, count, grid.DefaultPoints)
	}
}

type watching struct {
	sde.Scorer
	calls *int
}

func (w watching) Score(dst, x *mat.Dense, t []float64) {
	*w.calls++
	w.Scorer.Score(dst, x, t)
}

func (w watching) Unwrap() sde.Scorer { return w.Scorer }

// A Result printed all its weights.
func TestAResultIsPrintedInALine(t *testing.T) {
	r := &Result{Steps: 20, Loss: 1.5, Raw: make([]float32, 1e5), HeldOut: 2, BestStep: 10, Scaling: CommonScale, Warnings: []string{"one", "two"}}
	require.Equal(t, "20 steps, loss 1.5, held-out loss 2 at step 10, scaling common, 2 warnings, the first: one", fmt.Sprint(r))
	r.Warnings = r.Warnings[:1]
	require.Contains(t, r.String(), "scaling common, a warning: one")
	require.Equal(t, "20 steps, loss 1.5, scaling common", (&Result{Steps: 20, Loss: 1.5, Scaling: CommonScale}).String())
}

// A Problem is a snapshot. One made before training was run in the old frame, and a
// wrapper or a guide kept the process and the frame from being looked at.
func TestAProblemThatIsNoLongerTrueIsRefused(t *testing.T) {
	m, err := New(2, &Config{Net: small, Cond: Conditions{Classes: []int{3}}})
	require.NoError(t, err)
	problems := func() map[string]sde.Problem {
		given := m.Given(mat.NewDense(1, 1, nil)).Problem()
		all := map[string]sde.Problem{"model": m.Problem(), "given": given, "guided": guide(t, given, m.Problem(), 2)}
		all["guided twice"] = guide(t, all["guided"], given, 0.5)
		for name, p := range maps.Clone(all) {
			p.Score = blunt{p.Score}
			all["blunt "+name] = p
		}
		return all
	}
	early := problems()
	x, cond := threeClasses(60)
	x.Apply(func(_, j int, v float64) float64 { return 3*v + []float64{50, -20}[j] }, x)
	data, err := Rows(x, cond)
	require.NoError(t, err)
	fit(t, m, data, quick(2))
	run := func(p sde.Problem) error {
		return sampler.Sample(t.Context(), mat.NewDense(3, 2, nil), p, sampler.DDIM{}, nil)
	}
	for name, p := range early {
		require.ErrorContains(t, run(p), "Problem.Frame: is", name)
	}
	for name, p := range problems() {
		require.NoError(t, run(p), name)
		for says, spoil := range map[string]func(p *sde.Problem){
			"Problem.SDE: is sde.VP":                    func(p *sde.Problem) { p.SDE = sde.VP{} },
			"Problem.SDE: spans the times from 0.002":   func(p *sde.Problem) { p.SDE = sde.EDM{SigmaMax: 2000} },
			"Problem.Frame: is sde.Frame{Shift:[] Scal": func(p *sde.Problem) { p.Frame = sde.Frame{} },
		} {
			p := p
			spoil(&p)
			require.ErrorContains(t, run(p), says, name)
		}
	}
}

// The description of a table of 1,000 levels filled the screen.
func TestErrorsAboutProcessesAreBounded(t *testing.T) {
	table, err := sde.VP{}.Discrete(1000)
	require.NoError(t, err)
	p := newModel(t, 2, Config{}).Problem()
	p.SDE = table
	err = p.Validate(3, 2)
	require.Error(t, err)
	require.Less(t, len(err.Error()), 1000)
}

// A column lost in the rounding of its mean kept its noise, thousands of times that of
// the others, when all were to have one scale.
func TestALostColumnDoesNotSpoilACommonScale(t *testing.T) {
	x := normals(400, 2, 1)
	x.Apply(func(_, j int, v float64) float64 { return []float64{1.7e18 + 500*v, v}[j] }, x)
	data, err := Rows(x, nil)
	require.NoError(t, err)
	m := newModel(t, 2, Config{})
	s := quick(20)
	s.Scaling = CommonScale
	require.Less(t, fit(t, m, data, s).Loss, 100.0)
	m.toModel(x)
	require.Less(t, floats.Max(mat.Col(nil, 0, x)), 10.0)
}

// A Float64 model forgot that its network is Fit's choice: what it saved was opened with
// the network settled, and it refused files that the model itself loads.
func TestFloat64ModelKeepsThatItsNetworkIsFitsChoice(t *testing.T) {
	m, err := New(2, &Config{Seed: 7})
	require.NoError(t, err)
	require.True(t, bytes.Equal(saved(t, m), saved(t, m.Float64())))

	chosen, err := New(2, &Config{Net: small, Seed: 3})
	require.NoError(t, err)
	double := m.Float64()
	require.NoError(t, double.Load(bytes.NewReader(saved(t, chosen))))
	require.Equal(t, scores(chosen.Float64()), scores(double))
	require.Zero(t, double.Problem().UnitRoundoff)
}

// A network that does not look at its conditions learned the same score for all of them, and
// one that is not told where to go, no map, both in silence.
func TestNetworksThatDoNotLookAtTheirConditionsAreRefused(t *testing.T) {
	blind := nn.Sequential{nn.Linear{Out: 8}, nn.SiLU{}, nn.Linear{Out: 2}}
	plain, err := New(2, &Config{Net: blind})
	require.NoError(t, err)
	_, err = NewFlowMap(plain)
	require.ErrorIs(t, err, ErrShape)
	require.ErrorContains(t, err, "score: NewFlowMap: score: New: Config.Net: the network does not look at where FlowMap is to take the rows")
	for want, c := range map[string]Config{
		"the network does not look at the conditions":             {Cond: Conditions{Classes: []int{3}}},
		"the network does not look at where FlowMap is to":        {FlowMap: true},
		"Config.Net: the network does not look at the conditions": {Cond: Conditions{Columns: 1}, FlowMap: true},
	} {
		seeing := c
		c.Net, seeing.Net = blind, nn.Sequential{nn.MLP{Hidden: []int{4}, Out: 8}, nn.Linear{Out: 2}}
		_, err := New(2, &c)
		require.ErrorIs(t, err, ErrShape)
		require.ErrorContains(t, err, want)
		_, err = New(2, &seeing)
		require.NoError(t, err)
	}
}
