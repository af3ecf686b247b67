package score

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
)

// blunt is the least that a wrapper round a score can be.
type blunt struct{ sde.Scorer }

// seeing is a wrapper that lets what is inside be found.
type seeing struct{ sde.Scorer }

func (s seeing) Unwrap() sde.Scorer { return s.Scorer }

// bluntProcess and seeingProcess are the same for processes.
type bluntProcess struct{ sde.SDE }

type seeingProcess struct{ sde.SDE }

func (s seeingProcess) Unwrap() sde.SDE { return s.SDE }

// problems are everything that a model is sampled as, for 70 rows.
func problems(t *testing.T) map[string]sde.Problem {
	m := newModel(t, 2, Config{Cond: Conditions{Classes: []int{2}}})
	m.shift, m.scale = []float64{50, -20}, []float64{3, 0.5}
	cond := mat.NewDense(70, 1, nil)
	for i := range 70 {
		cond.Set(i, 0, float64(i*i%3%2))
	}
	energy := newModel(t, 2, Config{Net: spherical, Process: sde.VP{}})
	energy.shift = []float64{7, 8}
	one := m.Given(mat.NewDense(1, 1, nil))
	return map[string]sde.Problem{
		"model": m.Problem(), "one condition": one.Problem(), "a condition each": m.Given(cond).Problem(), "energy": energy.Problem(),
		"guided": guide(t, m.Given(cond).Problem(), m.Problem(), 1.5), "double": m.Float64().Given(cond).Problem(),
	}
}

// verbs are all that run a Problem.
var verbs = map[string]func(p sde.Problem, x *mat.Dense, logp []float64, first int) error{
	"Sample": func(p sde.Problem, x *mat.Dense, _ []float64, first int) error {
		return sampler.Sample(context.Background(), x, p, sampler.Default(p.SDE), &sampler.Settings{FirstRow: first, Workers: 2})
	},
	"Sample adaptively": func(p sde.Problem, x *mat.Dense, _ []float64, first int) error {
		return sampler.Sample(context.Background(), x, p, sampler.DormandPrince{RTol: 1e-2, ATol: 1e-2}, &sampler.Settings{FirstRow: first})
	},
	"Sample with MALA": func(p sde.Problem, x *mat.Dense, _ []float64, first int) error {
		return sampler.Sample(context.Background(), x, p, sampler.EulerMaruyama{}, &sampler.Settings{FirstRow: first, Corrector: sampler.MALA{}})
	},
	"Continue": func(p sde.Problem, x *mat.Dense, _ []float64, first int) error {
		return sampler.Continue(context.Background(), x, p, sampler.Heun{}, &sampler.Settings{FirstRow: first})
	},
	"Steps": func(p sde.Problem, x *mat.Dense, _ []float64, first int) error {
		for s, err := range sampler.Steps(context.Background(), x, p, sampler.DDIM{}, &sampler.Settings{FirstRow: first}) {
			if err != nil {
				return err
			}
			if _, err := s.Denoised(); err != nil {
				return err
			}
		}
		return nil
	},
	"Batches": func(p sde.Problem, x *mat.Dense, _ []float64, first int) error {
		n, _ := x.Dims()
		all := mat.DenseCopyOf(x)
		row := 0
		for part, err := range sampler.Batches(context.Background(), mat.NewDense(20, 2, nil), n, p, sampler.DDIM{}, &sampler.Settings{FirstRow: first}) {
			if err != nil {
				return err
			}
			for i := range part.RawMatrix().Rows {
				all.SetRow(row, part.RawRowView(i))
				row++
			}
		}
		x.Copy(all)
		return nil
	},
	"Encode": func(p sde.Problem, x *mat.Dense, _ []float64, first int) error {
		start, end := p.Span()
		return sampler.Encode(context.Background(), x, p, sampler.DormandPrince{RTol: 1e-2, ATol: 1e-2}, &sampler.Settings{FirstRow: first, Grid: []float64{end, start}})
	},
	"LogProb": func(p sde.Problem, x *mat.Dense, logp []float64, first int) error {
		_, err := sampler.LogProb(context.Background(), logp, x, p, &sampler.FlowSettings{RTol: 1e-2, ATol: 1e-2, FirstRow: first})
		return err
	},
	"LogProb by probes": func(p sde.Problem, x *mat.Dense, logp []float64, first int) error {
		_, err := sampler.LogProb(context.Background(), logp, x, p, &sampler.FlowSettings{RTol: 1e-2, ATol: 1e-2, Probes: 3, FirstRow: first})
		return err
	},
	"SampleLogProb": func(p sde.Problem, x *mat.Dense, logp []float64, first int) error {
		_, err := sampler.SampleLogProb(context.Background(), x, logp, p, &sampler.FlowSettings{RTol: 1e-2, ATol: 1e-2, FirstRow: first})
		return err
	},
	"LogProbBound": func(p sde.Problem, x *mat.Dense, logp []float64, first int) error {
		_, err := sampler.LogProbBound(context.Background(), logp, x, p, &sampler.BoundSettings{Draws: 4, FirstRow: first})
		return err
	},
}

func TestAWrapperCostsTimeOrGivesAnErrorButChangesNoNumber(t *testing.T) {
	long(t)
	for kind, p := range problems(t) {
		for verb, run := range verbs {
			t.Run(kind+", "+verb, func(t *testing.T) {
				for _, first := range []int{0, 40} {
					n := 70 - first
					ask := func(p sde.Problem) (*mat.Dense, []float64, error) {
						x, logp := normals(n, 2, 4), make([]float64, n)
						err := run(p, x, logp, first)
						return x, logp, err
					}
					x, logp, err := ask(p)
					if verb == "Sample with MALA" && kind != "energy" {
						require.ErrorIs(t, err, sampler.ErrUnset)
						continue
					}
					require.NoError(t, err)
					same := func(p sde.Problem, free bool) {
						again, density, err := ask(p)
						if err != nil {
							require.True(t, free && errors.Is(err, sampler.ErrUnset), "%v", err)
							require.Regexp(t, `want (one with the method Divergence or JVP|an sde.LogProber)`, err.Error())
							return
						}
						require.Equal(t, x, again)
						require.Equal(t, logp, density)
					}
					wrapped := p
					wrapped.Score = blunt{p.Score}
					same(wrapped, true)
					wrapped.Score = seeing{p.Score}
					same(wrapped, false)
					wrapped.Score = blunt{seeing{p.Score}}
					same(wrapped, true)
					wrapped = p
					wrapped.SDE = seeingProcess{p.SDE}
					same(wrapped, false)
				}
			})
		}
	}
}

// A process without its closed inverse gives the same numbers but for rounding.
func TestABareProcessIsTheSameProcess(t *testing.T) {
	p := problems(t)["model"]
	want, got := normals(70, 2, 4), normals(70, 2, 4)
	require.NoError(t, verbs["Sample"](p, want, nil, 0))
	p.SDE = bluntProcess{p.SDE}
	require.NoError(t, verbs["Sample"](p, got, nil, 0))
	require.InDeltaSlice(t, want.RawMatrix().Data, got.RawMatrix().Data, 1e-4)
}

func TestAScoreIsNotTakenForAnother(t *testing.T) {
	all := problems(t)
	for says, spoil := range map[string]func(p *sde.Problem){
		"Problem.SDE: is sde.EDM{SigmaMin:0 SigmaMax:0}, its score was made for sde.VP": func(p *sde.Problem) { p.SDE = sde.EDM{} },
		"Problem.SDE: is sde.VP{BetaMin:0 BetaMax:10}":                                  func(p *sde.Problem) { p.SDE = sde.VP{BetaMax: 10} },
		"Problem.Frame: is sde.Frame{Shift:[] Scale:[]}":                                func(p *sde.Problem) { p.Frame = sde.Frame{} },
		"the run has 2 columns, Problem.Frame 1 shifts":                                 func(p *sde.Problem) { p.Frame = sde.Frame{Shift: []float64{1}} },
		"Problem.Rows: is 4":                   func(p *sde.Problem) { p.Rows = 4 },
		"4 rows, the score conditions for 300": func(p *sde.Problem) { p.Rows = 300 },
	} {
		for verb, run := range verbs {
			p := all["energy"]
			spoil(&p)
			x := normals(4, 2, 1)
			err := run(p, x, make([]float64, 4), 0)
			require.ErrorIs(t, err, sde.ErrRange, verb)
			require.ErrorContains(t, err, says, verb)
			require.Equal(t, normals(4, 2, 1), x, verb)
			p.Score = seeing{p.Score}
			require.ErrorContains(t, run(p, x, make([]float64, 4), 0), says, verb)
		}
	}
}

func TestRowsNeedAConditionEach(t *testing.T) {
	p := problems(t)["a condition each"]
	for verb, run := range verbs {
		for _, c := range []struct{ n, first int }{{71, 0}, {69, 0}, {1, 70}, {31, 40}, {29, 40}} {
			x := normals(c.n, 2, 1)
			err := run(p, x, make([]float64, c.n), c.first)
			require.ErrorIs(t, err, sde.ErrRange, verb)
			require.ErrorContains(t, err, fmt.Sprintf("the run has %d rows, the score conditions for 70", c.n+c.first), verb)
			require.Equal(t, normals(c.n, 2, 1), x, verb)
		}
	}
	// A part of a run is one when it says so.
	whole, part := mat.NewDense(70, 2, nil), mat.NewDense(30, 2, nil)
	require.NoError(t, sampler.Sample(t.Context(), whole, p, sampler.DDIM{}, nil))
	require.ErrorIs(t, sampler.Sample(t.Context(), part, p, sampler.DDIM{}, nil), sde.ErrRange)
	require.NoError(t, sampler.Sample(t.Context(), part, p, sampler.DDIM{}, &sampler.Settings{FirstRow: 10, TotalRows: 70}))
	require.True(t, mat.Equal(whole.Slice(10, 40, 0, 2), part))
	err := sampler.Sample(t.Context(), part, p, sampler.DDIM{}, &sampler.Settings{FirstRow: 50, TotalRows: 70})
	require.ErrorContains(t, err, "Settings.TotalRows: is 70 with rows from 50 to 79, want at least 80")
}

// Conditions are encoded when they are used: training and loading may come later.
func TestConditionsMayBeNamedBeforeTheModelIsTrained(t *testing.T) {
	m, err := New(2, &Config{Net: nn.RecipeMLP(2, 8), Cond: Conditions{Columns: 1}})
	require.NoError(t, err)
	cond := mat.NewDense(1, 1, []float64{1002})
	early := m.Given(cond)
	cond.Set(0, 0, -7)
	data := normals(300, 2, 1)
	given := normals(300, 1, 2)
	given.Apply(func(_, _ int, v float64) float64 { return 1000 + v }, given)
	pairs, err := Rows(data, given)
	require.NoError(t, err)
	_, err = Fit(context.Background(), m, pairs, quick(20))
	require.NoError(t, err)
	x, a, b := normals(5, 2, 3), mat.NewDense(5, 2, nil), mat.NewDense(5, 2, nil)
	early.Score(a, x, []float64{0.5})
	m.Given(mat.NewDense(1, 1, []float64{1002})).Score(b, x, []float64{0.5})
	require.Equal(t, b, a)
}
