package export

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn/onnx"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/sde"
)

func TestWhatIsNoFixedSumIsRefused(t *testing.T) {
	p := untrained(t, 2, nil).Problem()
	for _, c := range []struct {
		pred sampler.Predictor
		s    sampler.Settings
	}{
		{sampler.DormandPrince{}, sampler.Settings{}},
		{sampler.AdaptiveSDE{}, sampler.Settings{}},
		{sampler.Euler{}, sampler.Settings{Corrector: sampler.Langevin{BatchNorms: true, MinRows: 1}, Grid: grid.Default(p.SDE, 5)}},
		{sampler.Euler{}, sampler.Settings{Corrector: sampler.MALA{}, Grid: grid.Default(p.SDE, 5)}},
	} {
		_, err := Sampler(p, c.pred, &c.s, nil)
		require.ErrorIs(t, err, ErrUnsupported, "%T", c.pred)
	}
}

// A map is no score: the message was that of the stand-in for it, which "is a *export.recorder,
// want one with a flow map", whatever the model was.
func TestAFlowMapIsRefusedByName(t *testing.T) {
	m := untrained(t, 2, &score.Config{Net: small(2), FlowMap: true})
	run := &sampler.Settings{Grid: grid.Few(m.Process(), 2)}
	for _, pred := range []sampler.Predictor{sampler.FlowMap{}, sampler.FlowMap{Deterministic: true}} {
		_, err := Sampler(m.Problem(), pred, run, nil)
		require.ErrorIs(t, err, ErrUnsupported)
		require.ErrorContains(t, err, "export: Sampler: pred: is a sampler.FlowMap, which evaluates the map of a model")
		_, err = Unrolled(m.Problem(), pred, run, nil)
		require.ErrorContains(t, err, "export: Unrolled: pred: is a sampler.FlowMap")
	}
}

// ownMethod is a predictor of a user's own.
type ownMethod struct{}

func (ownMethod) Predict(s *sampler.Step) error {
	d := s.Scratch(0)
	if err := s.X0(d, s.X, s.T); err != nil {
		return err
	}
	alpha, sigma := s.Kernel(s.U)
	_, before := s.Kernel(s.T)
	s.Combine(s.Mean, sigma/before, s.X, alpha-sigma/before, d)
	s.AddNoise(0.01*sigma, 0)
	return nil
}

func TestMethodsOfTheUsersOwnAreExported(t *testing.T) {
	p := trained(t, 2, &score.Config{Net: small(2)}).Problem()
	requireSampler(t, p, ownMethod{}, sampler.Settings{Grid: grid.Default(p.SDE, 7)}, nil)
}

func untrained(t *testing.T, d int, c *score.Config) *score.Model {
	if c == nil {
		c = &score.Config{Net: small(d)}
	}
	m, err := score.New(d, c)
	require.NoError(t, err)
	return m
}

type other struct{}

func (other) Score(dst, x *mat.Dense, _ []float64) { dst.Scale(-1, x) }

// counter is a wrapper that only watches.
type counter struct{ sde.Scorer }

func (c counter) Unwrap() sde.Scorer { return c.Scorer }

func TestErrorsNameTheCause(t *testing.T) {
	m := untrained(t, 2, nil)
	conditional := untrained(t, 2, &score.Config{Net: small(2), Cond: score.Conditions{Columns: 1}})
	levels := untrained(t, 2, &score.Config{ColumnLevels: true})
	many := conditional.Given(mat.NewDense(3, 1, []float64{1, 2, 3})).Problem()
	p := m.Problem()
	for _, c := range []struct {
		p    sde.Problem
		s    *Settings
		kind error
		says string
	}{
		{sde.Problem{}, nil, ErrRange, "no process or no score"},
		{sde.Problem{SDE: sde.EDM{}, Score: other{}}, nil, ErrUnsupported, "export.other"},
		{many, nil, ErrUnsupported, "3 rows"},
		{p, &Settings{Conditions: true}, ErrRange, "Settings.Conditions"},
		{levels.Observe(score.Observed{Values: mat.NewDense(2, 2, []float64{1, math.NaN(), 2, math.NaN()})}).Problem(), nil, ErrUnsupported, "2 rows"},
	} {
		for verb, export := range map[string]func(sde.Problem, *Settings) (*onnx.Graph, error){"Score": Score, "Denoiser": Denoiser, "Flow": Flow, "LogProb": LogProb} {
			_, err := export(c.p, c.s)
			require.ErrorIs(t, err, c.kind, "%s: %s", verb, c.says)
			require.ErrorContains(t, err, "export: "+verb+": ")
			require.ErrorContains(t, err, c.says)
		}
		_, err := Sampler(c.p, sampler.Euler{}, nil, c.s)
		require.ErrorIs(t, err, c.kind, c.says)
	}
	_, err := LogProb(p, nil)
	require.ErrorIs(t, err, ErrUnsupported, "no energy")
	_, err = Sampler(p, nil, nil, nil)
	require.ErrorIs(t, err, ErrRange)
	_, err = Sampler(p, sampler.Euler{}, &sampler.Settings{Grid: []float64{1}}, nil)
	require.ErrorIs(t, err, ErrRange)
	_, err = Sampler(p, sampler.Euler{}, &sampler.Settings{Grid: []float64{1, 2}}, nil)
	require.ErrorIs(t, err, ErrRange, "a grid that increases")
	_, err = Sampler(p, sampler.Euler{}, &sampler.Settings{Prior: sde.Prior{Mean: []float64{1}}}, nil)
	require.ErrorIs(t, err, ErrRange)

	p.Score = counter{p.Score}
	_, err = Score(p, nil)
	require.NoError(t, err, "a wrapper that only watches")
}

// far is a model whose first column lies a million deviations from 0.
func far(t *testing.T) *score.Model {
	m := untrained(t, 2, nil)
	x := rounded(1, 64, 2, []float64{1e6, 0}, []float64{1, 1})
	data, err := score.Rows(x, nil)
	require.NoError(t, err)
	_, err = score.Fit(context.Background(), m, data, &score.Settings{Steps: 5, Batch: 16, Workers: 1})
	require.NoError(t, err)
	return m
}

func TestColumnsFarFromZeroAreStandardisedOutside(t *testing.T) {
	m := far(t)
	_, err := Denoiser(m.Problem(), nil)
	require.ErrorIs(t, err, ErrRange)
	require.ErrorContains(t, err, "column 0")
	require.ErrorContains(t, err, "Settings.Standardised")
	g, err := Denoiser(m.Problem(), &Settings{Standardised: true})
	require.NoError(t, err)
	require.Equal(t, "model", g.Metadata["gradlogp.frame"])
	require.Contains(t, g.Metadata["gradlogp.shift"], "99999")
	y := rounded(3, 10, 2, []float64{0, 0}, []float64{1, 1})
	at := make([]float64, 10)
	for i := range at {
		at[i] = 0.25
	}
	s := mat.NewDense(10, 2, nil)
	m.Float64().Problem().Score.Score(s, y, at)
	s.Apply(func(i, j int, v float64) float64 { return y.At(i, j) + 0.0625*v }, s)
	requireRows(t, s, evaluate(g, 10, narrow(y.RawMatrix().Data), narrow(at))["denoised"], tolerance, "denoised")
}

// rough is a process that no polynomials follow.
type rough struct{ sde.EDM }

func (r rough) Kernel(t float64) (alpha, sigma float64) {
	return 1, t * (1 + 1e-3*math.Sin(1e5*t))
}

func TestRoughProcessesAreRefusedSoon(t *testing.T) {
	_, err := newCurve(func(t float64) (values, terms []float64) {
		_, sigma := rough{}.Kernel(t)
		return []float64{sigma}, []float64{0}
	}, 0.002, 80, nil)
	require.ErrorIs(t, err, ErrUnsupported)
	require.ErrorContains(t, err, "too rough")
}

func TestKnownCellsComeOutAsTheyAre(t *testing.T) {
	m := untrained(t, 3, &score.Config{ColumnLevels: true})
	p := m.Observe(score.Observed{Values: mat.NewDense(1, 3, []float64{math.NaN(), 0.1, math.Inf(1)})}).Problem()
	g, err := Sampler(p, sampler.Default(p.SDE), nil, nil)
	require.NoError(t, err)
	got := evaluate(g, 2, []float32{1, 2, 3, 4, 5, 6})["sample"]
	require.Equal(t, []float32{0.1, 0, 0.1, 0}, []float32{got[1], got[2], got[4], got[5]})
}

func TestAutoguidanceKeepsBothNetworks(t *testing.T) {
	good, bad := trained(t, 2, &score.Config{Net: small(2)}), trained(t, 2, &score.Config{Net: small(2), Seed: 9})
	p, err := sde.Guide(good.Problem(), bad.Problem(), 1.5)
	require.NoError(t, err)
	exact, err := sde.Guide(good.Float64().Problem(), bad.Float64().Problem(), 1.5)
	require.NoError(t, err)
	g, err := Score(p, nil)
	require.NoError(t, err)
	x, at := noised(p, 20, 2)
	requireRows(t, quantityOf(exact, x, at, sde.Score), evaluate(g, 20, narrow(x.RawMatrix().Data), narrow(at))["score"], tolerance, "score", termsOf(p, at, "score")...)
}
