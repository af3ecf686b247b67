package sampler_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// opposed is the equal mixture of two normals in four columns whose conditionals
// tell themselves from anything simpler.
func opposed(t testing.TB) *dataset.Mixture {
	cov := func(c12, c13, c14, c23, c24, c34 float64) *mat.SymDense {
		return mat.NewSymDense(4, []float64{1, c12, c13, c14, c12, 1, c23, c24, c13, c23, 1, c34, c14, c24, c34, 1})
	}
	m, err := dataset.NewMixture([]float64{1, 1}, mat.NewDense(2, 4, []float64{-1, 0, 2, 1, 1, 0, -2, -1}),
		[]*mat.SymDense{cov(.5, .8, .2, .3, .6, .1), cov(-.5, -.8, .2, .3, -.6, .1)}, nil)
	require.NoError(t, err)
	return m
}

// exactly is the exact score of the drawn cells given the known ones, with a law for
// every row of a run.
type exactly struct {
	p     sde.SDE
	known *mat.Dense // in the coordinates of the process
	laws  []*dataset.Mixture
}

// observe returns the Problem of a mixture in the coordinates of the process, of which
// known is in these of the data.
func observe(t testing.TB, p sde.SDE, f sde.Frame, m *dataset.Mixture, known *mat.Dense) sde.Problem {
	n, _ := known.Dims()
	y := mat.DenseCopyOf(known)
	f.ToModel(y, known)
	e := &exactly{p: p, known: y, laws: make([]*dataset.Mixture, n)}
	for i := range n {
		law, err := m.Given(y.RawRowView(i), nil)
		if err == nil {
			e.laws[i] = law
		} // else there is nothing to draw
	}
	problem := sde.Problem{SDE: p, Score: e, Frame: f, Observed: known, Conditional: true}
	if n > 1 {
		problem.Rows = n
	}
	return problem
}

func (e *exactly) Select(rows []int) sde.Scorer {
	if len(e.laws) == 1 {
		return e
	}
	s := &exactly{p: e.p, known: mat.NewDense(len(rows), e.known.RawMatrix().Cols, nil)}
	for i, r := range rows {
		s.known.SetRow(i, e.known.RawRowView(r))
		s.laws = append(s.laws, e.laws[r])
	}
	return s
}

func (e *exactly) Score(dst, x *mat.Dense, t []float64) { e.all(dst, nil, nil, nil, x, t) }

func (e *exactly) Divergence(dst *mat.Dense, div []float64, x *mat.Dense, t []float64) {
	e.all(dst, div, nil, nil, x, t)
}

func (e *exactly) JVP(dst, jv, x, v *mat.Dense, t []float64) { e.all(dst, nil, jv, v, x, t) }

func (e *exactly) all(dst *mat.Dense, div []float64, jv, v, x *mat.Dense, t []float64) {
	n, d := x.Dims()
	for i := range n {
		at, k := t[0], 0
		if len(t) > 1 {
			at = t[i]
		}
		if len(e.laws) > 1 {
			k = i
		}
		alpha, sigma := e.p.Kernel(at)
		known, out, row := e.known.RawRowView(k), dst.RawRowView(i), x.RawRowView(i)
		var meant []int
		var sub []float64
		for j := range d {
			switch v := known[j]; {
			case math.IsNaN(v):
				meant, sub = append(meant, j), append(sub, row[j])
			case math.IsInf(v, 1):
				out[j] = -row[j] / (alpha*alpha + sigma*sigma)
			default:
				out[j] = (alpha*v - row[j]) / (sigma * sigma)
			}
			if jv != nil {
				jv.Set(i, j, 0)
			}
		}
		if div != nil {
			div[i] = 0
		}
		if meant == nil {
			continue
		}
		law := e.laws[k].Noised(alpha, sigma)
		for a, s := range law.ScoreInput(nil, sub) {
			out[meant[a]] = s
		}
		if div == nil && jv == nil {
			continue
		}
		jacobian := mat.NewDense(len(meant), len(meant), nil)
		law.ScoreJacobian(jacobian, sub)
		for a, j := range meant {
			if div != nil {
				div[i] += jacobian.At(a, a)
				continue
			}
			sum := 0.0
			for b, k := range meant {
				sum += jacobian.At(a, b) * v.At(i, k)
			}
			jv.Set(i, j, sum)
		}
	}
}

var (
	nan = math.NaN()
	inf = math.Inf(1)
)

// patterns returns one row for each pattern of four columns with something to draw,
// the known values being those of one row, every other pattern leaving out its
// first column that is known.
func patterns() *mat.Dense {
	values := [4]float64{1.5, -1, -1.2, .4}
	x := mat.NewDense(15, 4, nil)
	for k := range 15 {
		left := false
		for j := range 4 {
			switch {
			case (k+1)>>j&1 == 1:
				x.Set(k, j, nan)
			case k%2 == 1 && !left:
				x.Set(k, j, inf)
				left = true
			default:
				x.Set(k, j, values[j])
			}
		}
	}
	return x
}

// repeated returns every row of x n times in a row.
func repeated(x *mat.Dense, n int) *mat.Dense {
	rows, d := x.Dims()
	all := mat.NewDense(rows*n, d, nil)
	for i := range rows * n {
		all.SetRow(i, x.RawRowView(i/n))
	}
	return all
}

var tilted = sde.Frame{Shift: []float64{1e3, 0, -2, 5}, Scale: []float64{1e-3, 1, 1e3, 2}}

// inData maps observations in the coordinates of the process to those of the data.
func inData(f sde.Frame, y *mat.Dense) *mat.Dense {
	x := mat.DenseCopyOf(y)
	f.ToData(x, y)
	return x
}

func TestEveryMethodKeepsKnownCellsAndDrawsTheOthers(t *testing.T) {
	arithmetic(t)
	m, known := opposed(t), inData(tilted, patterns())
	for _, p := range []sde.SDE{sde.EDM{}, sde.VP{}} {
		problem := observe(t, p, tilted, m, known)
		for _, c := range []struct {
			pred sampler.Predictor
			corr sampler.Corrector
		}{
			{sampler.EulerMaruyama{}, nil}, {sampler.Euler{}, sampler.Langevin{}}, {sampler.DDIM{}, nil}, {sampler.DDIM{Eta: 1}, sampler.Renoise{}},
			{sampler.ReverseDiffusion{}, nil}, {sampler.Heun{}, nil}, {sampler.RungeKutta{Alpha: .5}, nil}, {sampler.DPM2{}, nil}, {sampler.DPMpp2S{}, nil},
			{sampler.DPMpp2M{}, nil}, {sampler.DPMpp3M{}, nil}, {sampler.LMS{}, nil}, {sampler.DPMSolver{}, nil}, {sampler.DEIS{}, sampler.Gibbs{}},
			{sampler.UniPC{}, nil}, {sampler.EulerAncestral{}, nil}, {sampler.DPM2Ancestral{}, nil}, {sampler.DPMpp2SAncestral{}, nil}, {sampler.DPMppSDE{}, nil},
			{sampler.DPMpp2MSDE{}, nil}, {sampler.DPMpp3MSDE{}, nil}, {sampler.DPMFast{}, nil}, {sampler.DPMAdaptive{}, nil}, {sampler.DormandPrince{}, nil},
			{sampler.AdaptiveSDE{}, nil}, {sampler.NoPredictor{}, sampler.Langevin{}},
		} {
			name := fmt.Sprintf("%T %T%+v", p, c.pred, c.pred)
			x := mat.NewDense(15, 4, nil)
			s := &sampler.Settings{Grid: grid.Default(p, 12), Corrector: c.corr, Seed: 3}
			require.NoError(t, sampler.Sample(t.Context(), x, problem, c.pred, s), name)
			for i := range 15 {
				for j, k := range known.RawRowView(i) {
					switch got := x.At(i, j); {
					case math.IsInf(k, 1):
						require.True(t, math.IsNaN(got), "%s: row %d, column %d: %v", name, i, j, got)
					case math.IsNaN(k):
						require.False(t, math.IsNaN(got) || math.IsInf(got, 0), "%s: row %d, column %d: %v", name, i, j, got)
					default:
						require.Equal(t, k, got, name)
					}
				}
				alone := mat.NewDense(1, 4, nil)
				one := observe(t, p, tilted, m, known.Slice(i, i+1, 0, 4).(*mat.Dense))
				s := *s
				s.FirstRow = i
				require.NoError(t, sampler.Sample(t.Context(), alone, one, c.pred, &s), name)
				for j, v := range alone.RawRowView(0) {
					require.Equal(t, math.Float64bits(v), math.Float64bits(x.At(i, j)), "%s: row %d, column %d", name, i, j)
				}
			}
		}
	}
}

func TestSamplesOfEveryPatternHaveTheConditionalLaw(t *testing.T) {
	arithmetic(t)
	const n = 250
	m, p := opposed(t), sde.EDM{}
	known := patterns()
	problem := observe(t, p, sde.Frame{}, m, repeated(known, n))
	for name, pred := range map[string]sampler.Predictor{"ODE": sampler.DPMpp2M{}, "SDE": sampler.DPMpp2MSDE{}} {
		x := mat.NewDense(15*n, 4, nil)
		require.NoError(t, sampler.Sample(t.Context(), x, problem, pred, &sampler.Settings{Grid: grid.Karras(p, 80, .002, 7, 60), Seed: 5}))
		for k := range 15 {
			law, err := m.Given(known.RawRowView(k), rand.NewPCG(7, uint64(k)))
			require.NoError(t, err)
			mean, cov := law.Mean(nil), mat.NewSymDense(law.Dim(), nil)
			law.Cov(cov)
			var meant []int
			for j, v := range known.RawRowView(k) {
				if math.IsNaN(v) {
					meant = append(meant, j)
				}
			}
			for a, j := range meant {
				got := 0.0
				for i := range n {
					got += (x.At(k*n+i, j) - mean[a]) / n
				}
				require.InDelta(t, 0, got/math.Sqrt(cov.At(a, a)/n), 4.5, "%s, pattern %d, column %d: mean", name, k, j)
			}
			// Far modes of small weight make variances noisy. The logarithm of the density
			// has a spread of about 1.
			gap, sub := 0.0, make([]float64, len(meant))
			for i := range n {
				for a, j := range meant {
					sub[a] = x.At(k*n+i, j)
				}
				gap += (law.LogProb(sub) - law.LogProb(law.Rand(nil))) / n
			}
			require.InDelta(t, 0, gap, .5, "%s, pattern %d: entropy", name, k)
		}
	}
}

func TestLogProbIsTheConditionalDensity(t *testing.T) {
	arithmetic(t)
	m, x := opposed(t), mat.NewDense(15, 4, nil)
	known := inData(tilted, patterns())
	row := []float64{.9, -.6, -1.5, .1}
	// The prior does not know the conditional variance, which counts at a level of 80.
	for _, p := range []sde.SDE{sde.EDM{SigmaMax: 1000}, sde.VP{BetaMax: 30}} {
		problem := observe(t, p, tilted, m, known)
		start, _ := p.Span()
		want := make([]float64, 15)
		for i := range 15 {
			law, err := m.Given(patterns().RawRowView(i), nil)
			require.NoError(t, err)
			var sub []float64
			for j, k := range known.RawRowView(i) {
				x.Set(i, j, nan) // what is known needs not be there
				if math.IsNaN(k) {
					sub = append(sub, row[j])
					x.Set(i, j, tilted.Shift[j]+tilted.Scale[j]*row[j])
					want[i] -= math.Log(tilted.Scale[j])
				}
			}
			want[i] += law.Noised(p.Kernel(start)).LogProb(sub)
		}
		got := make([]float64, 15)
		res, err := sampler.LogProb(t.Context(), got, x, problem, &sampler.FlowSettings{RTol: 1e-8, ATol: 1e-8, Latents: true})
		require.NoError(t, err)
		require.InDeltaSlice(t, want, got, 1e-4, "%T", p)
		for i := range 15 {
			for j, k := range known.RawRowView(i) {
				require.Equal(t, !math.IsNaN(k), math.IsNaN(res.Latents.At(i, j)))
			}
		}

		probes := make([]float64, 15)
		res, err = sampler.LogProb(t.Context(), probes, x, problem, &sampler.FlowSettings{Probes: 40})
		require.NoError(t, err)
		for i, v := range probes {
			require.InDelta(t, want[i], v, 5*res.StdErr[i]+1e-3, "%T, pattern %d", p, i)
		}

		bounds := make([]float64, 15)
		bound, err := sampler.LogProbBound(t.Context(), bounds, x, problem, nil)
		require.NoError(t, err)
		for i, v := range bounds {
			require.Less(t, v, want[i]+5*bound.StdErr[i]+1e-3, "%T, pattern %d", p, i)
		}

		drawn := mat.NewDense(15, 4, nil)
		_, err = sampler.SampleLogProb(t.Context(), drawn, got, problem, &sampler.FlowSettings{RTol: 1e-7, ATol: 1e-7})
		require.NoError(t, err)
		again := make([]float64, 15)
		_, err = sampler.LogProb(t.Context(), again, drawn, problem, &sampler.FlowSettings{RTol: 1e-7, ATol: 1e-7})
		require.NoError(t, err)
		require.InDeltaSlice(t, got, again, 1e-3)
	}
}

func TestRowsWithNothingToDrawComeOutAsTheyAre(t *testing.T) {
	known := mat.NewDense(2, 4, []float64{1, 2, 3, 4, 1, nan, inf, 4})
	problem := observe(t, sde.EDM{}, sde.Frame{}, opposed(t), known)
	x := mat.NewDense(2, 4, nil)
	require.NoError(t, sampler.Sample(t.Context(), x, problem, sampler.DEIS{}, nil))
	require.Equal(t, []float64{1, 2, 3, 4}, x.RawRowView(0))
	logp := make([]float64, 2)
	_, err := sampler.LogProb(t.Context(), logp, x, problem, nil)
	require.NoError(t, err)
	require.Zero(t, logp[0])
	require.NotZero(t, logp[1])
}

func TestVerbsDoNotLookAtCellsThatAreNotDrawn(t *testing.T) {
	p := sde.EDM{}
	known := mat.NewDense(1, 4, []float64{1.5, -1, nan, inf})
	problem := observe(t, p, sde.Frame{}, opposed(t), known)
	s := &sampler.Settings{Grid: []float64{80, .002}, Final: sampler.FinalState}
	x := mat.NewDense(1, 4, []float64{nan, nan, -2.1, nan})
	require.NoError(t, sampler.Encode(t.Context(), x, problem, sampler.DormandPrince{}, s))
	require.Equal(t, []float64{1.5, -1}, x.RawRowView(0)[:2])
	require.NoError(t, sampler.Continue(t.Context(), x, problem, sampler.DormandPrince{}, s))
	require.InDelta(t, -2.1, x.At(0, 2), 1e-3)
	require.True(t, math.IsNaN(x.At(0, 3)))

	require.NoError(t, sampler.NoiseTo(x, problem, 1, &sampler.Settings{Seed: 4}))
	require.Equal(t, []float64{1.5, -1}, x.RawRowView(0)[:2])
	require.NotEqual(t, -2.1, x.At(0, 2))
	require.NoError(t, sampler.Continue(t.Context(), x, problem, sampler.DDIM{}, &sampler.Settings{Grid: grid.Karras(p, 1, .002, 7, 20)}))
	require.False(t, math.IsNaN(x.At(0, 2)))
}

// The source of the numbers of a run does not know of patterns: a column is drawn from
// the same numbers whatever is known of the others.
func TestObservationsLeaveTheNoiseOfOtherCellsAlone(t *testing.T) {
	m, p := opposed(t), sde.EDM{}
	first := func(known []float64) float64 {
		problem := observe(t, p, sde.Frame{}, m, mat.NewDense(1, 4, known))
		x := mat.NewDense(1, 4, nil)
		require.NoError(t, sampler.Sample(context.Background(), x, problem, sampler.NoPredictor{}, &sampler.Settings{Final: sampler.FinalState, Noise: noise.White{Seed: 2}}))
		return x.At(0, 2)
	}
	require.InDelta(t, first([]float64{nan, nan, nan, nan}), first([]float64{inf, inf, nan, inf}), .2)
}

func TestObservationsThatCannotBeAreRefused(t *testing.T) {
	m, p := opposed(t), sde.EDM{}
	good := observe(t, p, sde.Frame{}, m, mat.NewDense(2, 4, []float64{1, nan, nan, nan, nan, 2, nan, nan}))
	x := mat.NewDense(2, 4, nil)
	for want, change := range map[string]func(*sde.Problem){
		"Problem.Observed is 2×3": func(p *sde.Problem) { p.Observed = mat.NewDense(2, 3, nil) },
		"has 3 rows":              func(p *sde.Problem) { p.Observed = mat.NewDense(3, 4, nil) },
		"Problem.Rows is 0":       func(p *sde.Problem) { p.Rows = 0 },
		"row 1, column 2: is −Inf": func(p *sde.Problem) {
			p.Observed = mat.DenseCopyOf(p.Observed)
			p.Observed.Set(1, 2, math.Inf(-1))
		},
	} {
		bad := good
		change(&bad)
		err := sampler.Sample(t.Context(), x, bad, sampler.DDIM{}, nil)
		require.ErrorIs(t, err, sampler.ErrRange)
		require.ErrorContains(t, err, want)
	}
}
