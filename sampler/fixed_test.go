package sampler_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// This file keeps what once went wrong, a test for each fault.

// columns is data whose coordinates are independent normals with these means and
// deviations: its flow is known, x_t = αm + √(α²s² + σ²) z with the same z for
// all t.
type columns struct {
	sde.SDE
	mean, deviation []float64
	calls           *atomic.Int64 // rows evaluated
}

func (c columns) at(t float64, j int) (mean, deviation float64) {
	alpha, sigma := c.Kernel(t)
	return alpha * c.mean[j], math.Hypot(alpha*c.deviation[j], sigma)
}

func (c columns) Score(dst, x *mat.Dense, t []float64) {
	n, d := x.Dims()
	c.calls.Add(int64(n))
	for i := range n {
		for j := range d {
			m, s := c.at(t[min(i, len(t)-1)], j)
			dst.Set(i, j, (m-x.At(i, j))/s/s)
		}
	}
}

// Divergence writes the exact divergences beside the scores.
func (c columns) Divergence(dst *mat.Dense, div []float64, x *mat.Dense, t []float64) {
	c.Score(dst, x, t)
	_, d := x.Dims()
	for i := range div {
		div[i] = 0
		for j := range d {
			_, s := c.at(t[min(i, len(t)-1)], j)
			div[i] -= 1 / s / s
		}
	}
}

// carried returns x, a state at time from, at time to.
func (c columns) carried(x *mat.Dense, from, to float64) *mat.Dense {
	out := mat.DenseCopyOf(x)
	out.Apply(func(_, j int, v float64) float64 {
		m, s := c.at(from, j)
		n, r := c.at(to, j)
		return n + r*(v-m)/s
	}, out)
	return out
}

func newColumns(p sde.SDE) columns {
	return columns{p, []float64{0.7, -0.4, 0}, []float64{0.5, 1.1, 0.03}, new(atomic.Int64)}
}

// tables are processes whose rates jump.
func tables() map[string]sde.SDE {
	must := func(d *sde.Discrete, err error) sde.SDE {
		if err != nil {
			panic(err)
		}
		return d
	}
	bars := make([]float64, 40)
	for i := range bars {
		bars[i] = math.Pow(1-float64(i+1)/41, 2)
	}
	return map[string]sde.SDE{
		"NCSN 10":    must(sde.VE{SigmaMin: 0.01, SigmaMax: 10}.Discrete(10)),
		"NCSN 1000":  must(sde.VE{SigmaMin: 0.01, SigmaMax: 50}.Discrete(1000)),
		"DDPM 1000":  must(sde.VP{}.Discrete(1000)),
		"DDPM 30":    must(sde.VP{BetaMax: 6}.Discrete(30)),
		"cosine 100": must(sde.Cosine{Offset: 0.008}.Discrete(100)),
		"alpha bar":  must(sde.NewAlphaBar(bars)),
	}
}

// start returns rows of the state at the end of the span.
func (c columns) start(rows int) *mat.Dense {
	_, end := c.Span()
	x := mat.NewDense(rows, len(c.mean), nil)
	noise.White{Seed: 3}.Normal(x, noise.Draw{})
	x.Apply(func(_, j int, z float64) float64 { m, s := c.at(end, j); return m + s*z }, x)
	return x
}

// misses returns by how many tolerances the one row of got misses that of want
// at most, where errors may grow as the deviations do from one time to another.
func (c columns) misses(got, want *mat.Dense, from, to, tol float64) float64 {
	most := 0.0
	for j := range c.mean {
		_, before := c.at(from, j)
		_, after := c.at(to, j)
		off := math.Abs(got.At(0, j) - want.At(0, j))
		most = max(most, off/(tol*max(1, math.Abs(want.At(0, j)))*max(1, after/before)))
	}
	return most
}

// logProb returns the log-density of the one row of x at a time.
func (c columns) logProb(x *mat.Dense, t float64) float64 {
	sum := 0.0
	for j := range c.mean {
		m, s := c.at(t, j)
		z := (x.At(0, j) - m) / s
		sum -= 0.5*z*z + math.Log(s*math.Sqrt(2*math.Pi))
	}
	return sum
}

// Rates that jump at the whole times of a table threw the solver of a flow in
// time off by a thousand tolerances, and at small ones it gave up.
func TestAdaptiveFlowsMeetTheirToleranceOnTables(t *testing.T) {
	const problems = 20
	ctx := context.Background()
	all := tables()
	all["VP"], all["SubVP"], all["VE"], all["EDM"], all["cosine"], all["linear"] = sde.VP{}, sde.SubVP{}, sde.VE{}, sde.EDM{}, sde.Cosine{}, sde.Linear{}
	for name, p := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start, end := p.Span()
			s := &sampler.Settings{Grid: []float64{end, start}, Final: sampler.FinalState, Workers: 1}
			for _, tol := range []float64{1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8} {
				off := map[string][]float64{}
				calls := 0
				for k := range problems {
					c := newColumns(p)
					c.deviation = []float64{0.7, math.Pow(10, -2*float64(k)/problems), math.Pow(10, -2*float64(k*7%problems)/problems)}
					problem := sde.Problem{SDE: p, Score: c}
					x := c.start(1)
					want := c.carried(x, end, start)
					note := func(method string, miss float64) { off[method] = append(off[method], miss) }

					got := mat.DenseCopyOf(x)
					require.NoError(t, sampler.Continue(ctx, got, problem, sampler.DormandPrince{RTol: tol, ATol: tol}, s))
					note("DormandPrince", c.misses(got, want, end, start, tol))
					calls += int(c.calls.Load())

					got = mat.DenseCopyOf(want)
					require.NoError(t, sampler.Encode(ctx, got, problem, sampler.DormandPrince{RTol: tol, ATol: tol}, s))
					note("Encode", c.misses(got, x, start, end, tol))

					got = mat.DenseCopyOf(x)
					require.NoError(t, sampler.Continue(ctx, got, problem, sampler.DPMAdaptive{RTol: tol, ATol: tol, MaxEvaluations: 100000}, s))
					note("DPMAdaptive", c.misses(got, want, end, start, tol))

					logp := make([]float64, 1)
					prior := sde.Prior{Mean: c.mean, Variance: make([]float64, 3)}
					for j, s := range c.deviation {
						prior.Variance[j] = s * s
					}
					_, err := sampler.LogProb(ctx, logp, want, problem, &sampler.FlowSettings{RTol: tol, ATol: tol, Prior: prior, Workers: 1})
					require.NoError(t, err)
					exact := c.logProb(want, start)
					note("LogProb", math.Abs(logp[0]-exact)/(tol*max(1, math.Abs(exact))))
				}
				require.Less(t, float64(calls)/problems, 350*math.Pow(tol/1e-8, -0.2), "evaluations at %g", tol)
				for method, off := range off {
					// Now and then a step passes by luck, on any process.
					slices.Sort(off)
					require.Less(t, off[problems*9/10], 40., "%s at %g: %.3g", method, tol, off)
					require.Less(t, off[problems-1], 1000., "%s at %g", method, tol)
				}
			}
		})
	}
}

// The same of the method with noise, which is judged by its moments.
func TestAdaptiveSDEIsOnTablesWhatItIsOnTheirLimits(t *testing.T) {
	const rows, tol = 100, 0.02
	for name, p := range tables() {
		if p.(*sde.Discrete).Len() > 40 {
			continue // the more levels, the more like the limit
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newColumns(p)
			start, end := p.Span()
			x := c.start(rows)
			require.NoError(t, sampler.Continue(context.Background(), x, sde.Problem{SDE: p, Score: c}, sampler.AdaptiveSDE{RTol: tol, ATol: tol},
				&sampler.Settings{Grid: []float64{end, start}, Final: sampler.FinalState, Workers: 1}))
			require.Less(t, int(c.calls.Load())/rows, 1500)
			for j := range c.mean {
				m, s := c.at(start, j)
				mean, variance := stat.MeanVariance(mat.Col(nil, j, x), nil)
				require.InDelta(t, 0, (mean-m)/s, 4/math.Sqrt(rows), "mean of column %d", j)
				require.InDelta(t, 1, variance/(s*s), 4*math.Sqrt(2./rows)+0.05, "variance of column %d", j)
			}
		})
	}
}

// It leapt over the levels of tables whose gaps are wild: it stepped in time, asked
// for the rates at both ends of a step, and never saw a fast level between two slow
// ones. It gave a deviation of 30 for .8, without an error.
func TestAdaptiveSDELeapsOverNoLevelOfATable(t *testing.T) {
	long(t)
	wild := map[string]*sde.Discrete{}
	add := func(kind string, p *sde.Discrete, err error, table []float64) {
		require.NoError(t, err)
		wild[fmt.Sprintf("%s %.6g", kind, table)] = p
	}
	for _, sigmas := range [][]float64{{0.01, 5, 5.00001}, {0.01, 0.9, 30, 30.0001}, {0.01, 1, 10, 10.001, 10.002, 10.003}, {0.01, 1, 30}, {0.01, 50}} {
		p, err := sde.NewNCSN(sigmas)
		add("NCSN", p, err, sigmas)
	}
	rng := noise.Rand(11, noise.Draw{Purpose: noise.Data})
	for range 4 {
		sigmas, betas := []float64{0.01}, []float64{1e-4}
		for range 2 + rng.IntN(12) {
			// From steps that change nothing to steps that change all.
			sigmas = append(sigmas, sigmas[len(sigmas)-1]*(1+math.Exp(-12+13*rng.Float64())))
			betas = append(betas, math.Exp(-14*rng.Float64()*rng.Float64())*0.999)
		}
		p, err := sde.NewNCSN(append(sigmas, 2*sigmas[len(sigmas)-1]))
		add("NCSN", p, err, sigmas)
		p, err = sde.NewDDPM(betas)
		add("DDPM", p, err, betas)
	}
	deep, err := sde.NewDDPM(slices.Repeat([]float64{0.8}, 40)) // ends at α = 1e-14
	add("DDPM", deep, err, []float64{0.8})
	for name, p := range wild {
		for tol, rows := range map[float64]int{0: 200, 1e-2: 100, 1e-3: 50} {
			if p == deep && tol > 0 {
				continue // thousands of evaluations a row
			}
			c := columns{p, []float64{0}, []float64{0.8}, new(atomic.Int64)}
			start, end := p.Span()
			x := mat.NewDense(rows, 1, nil)
			require.NoError(t, sampler.Sample(context.Background(), x, sde.Problem{SDE: p, Score: c, Prior: sde.Prior{Variance: []float64{0.64}}},
				sampler.AdaptiveSDE{RTol: tol, ATol: tol}, &sampler.Settings{Grid: []float64{end, start}, Final: sampler.FinalState, Workers: 1}))
			_, want := c.at(start, 0)
			got := mat.Norm(x, 2) / math.Sqrt(float64(rows))
			require.InDelta(t, 1, got/want, 4/math.Sqrt(2*float64(rows)), "%s at %g: deviation %.3f, want %.3f", name, tol, got, want)
			require.Less(t, float64(int(c.calls.Load())/rows), 300*(1+sde.LogSNR(p, start)-sde.LogSNR(p, end)), "%s at %g", name, tol)
		}
	}
}

// Steps in log(α/σ) must not forget what happens where that stands still: a level
// that scales data and noise alike.
func TestAdaptiveSDECrossesALevelThatOnlyScales(t *testing.T) {
	arithmetic(t)
	p, err := sde.NewDiscrete([]float64{0, math.Log(0.5), 0}, []float64{0.01, 0, 5})
	require.NoError(t, err)
	problem := sde.Problem{SDE: p, Score: columns{p, []float64{0}, []float64{0.8}, new(atomic.Int64)}, Prior: sde.Prior{Variance: []float64{0.64}}}
	x := mat.NewDense(2, 1, []float64{3, -1})
	s := sampler.Settings{Grid: []float64{2, 1}, Final: sampler.FinalMean}
	require.NoError(t, sampler.Continue(context.Background(), x, problem, sampler.AdaptiveSDE{}, &s))
	require.InDeltaSlice(t, []float64{6, -2}, x.RawMatrix().Data, 1e-12)
	for _, times := range [][]float64{{3, 1}, {3, 2, 1}, {3, 1.5, 1}} {
		x := mat.NewDense(400, 1, nil)
		s := sampler.Settings{Grid: times, Final: sampler.FinalState}
		require.NoError(t, sampler.Sample(context.Background(), x, problem, sampler.AdaptiveSDE{}, &s))
		require.InDelta(t, 1, mat.Norm(x, 2)/math.Sqrt(400*0.65), 4/math.Sqrt(800.), "%g", times)
	}
}

// LogProb, LogProbBound and NoiseTo refused processes for the default grid, which
// they do not use, and Sample those whose noise levels the default grid does not
// meet.
func TestVerbsWithoutAGridAskForNone(t *testing.T) {
	ctx := context.Background()
	for _, p := range []sde.SDE{sde.EDM{SigmaMin: 20, SigmaMax: 100}, sde.EDM{SigmaMin: 1e-4, SigmaMax: 0.005}, sde.VE{SigmaMin: 11, SigmaMax: 12}} {
		c := newColumns(p)
		problem := sde.Problem{SDE: p, Score: c}
		start, end := p.Span()
		x, logp := c.start(4), make([]float64, 4)
		_, err := sampler.LogProb(ctx, logp, x, problem, nil)
		require.NoError(t, err)
		_, err = sampler.LogProbBound(ctx, logp, x, problem, nil)
		require.NoError(t, err)
		_, err = sampler.SampleLogProb(ctx, x, logp, problem, nil)
		require.NoError(t, err)
		for _, at := range []float64{start, end, sde.TimeAt(p, sde.LogSNR(p, start)), sde.TimeAt(p, sde.LogSNR(p, end))} {
			require.NoError(t, sampler.NoiseTo(x, problem, at, &sampler.Settings{Grid: []float64{}}))
		}
		require.ErrorContains(t, sampler.NoiseTo(x, problem, end*1.01, nil), "want a time in the span")
		require.ErrorContains(t, sampler.NoiseTo(x, problem, math.NaN(), nil), "t: is NaN")
		require.NoError(t, sampler.Sample(ctx, x, problem, sampler.DDIM{}, nil))
		require.InDelta(t, start, grid.Default(p, 9)[8], 1e-12*end)
		require.InDelta(t, end, grid.Default(p, 9)[0], 1e-12*end)
	}
}

// The density's time is one of the span, its ends included however they are
// found.
func TestLogProbStartsAtTheStartOfTheSpan(t *testing.T) {
	for _, p := range []sde.SDE{sde.VE{}, sde.VE{SigmaMax: 10}, sde.EDM{SigmaMin: 0.01}, sde.VP{}, sde.SubVP{}, tables()["NCSN 10"]} {
		c := newColumns(p)
		start, end := p.Span()
		x, want, got := c.carried(c.start(2), end, start), make([]float64, 2), make([]float64, 2)
		_, err := sampler.LogProb(context.Background(), want, x, sde.Problem{SDE: p, Score: c}, nil)
		require.NoError(t, err)
		for _, at := range []float64{sde.TimeAt(p, sde.LogSNR(p, start)), math.Nextafter(start, 0), math.Nextafter(start, 1)} {
			_, err = sampler.LogProb(context.Background(), got, x, sde.Problem{SDE: p, Score: c}, &sampler.FlowSettings{Start: at})
			require.NoError(t, err)
			require.InDeltaSlice(t, want, got, 1e-9)
		}
	}
}

// verbs are all ways to begin a run.
var verbs = map[string]func(ctx context.Context, x *mat.Dense, p sde.Problem, pred sampler.Predictor, s *sampler.Settings) error{
	"Sample":   sampler.Sample,
	"Continue": sampler.Continue,
	"Encode":   sampler.Encode,
	"Batches": func(ctx context.Context, x *mat.Dense, p sde.Problem, pred sampler.Predictor, s *sampler.Settings) (first error) {
		for _, err := range sampler.Batches(ctx, x, 10, p, pred, s) {
			first = cmp.Or(first, err)
		}
		return first
	},
	"Steps": func(ctx context.Context, x *mat.Dense, p sde.Problem, pred sampler.Predictor, s *sampler.Settings) (first error) {
		for _, err := range sampler.Steps(ctx, x, p, pred, s) {
			first = cmp.Or(first, err)
		}
		return first
	},
	"StepsFrom": func(ctx context.Context, x *mat.Dense, p sde.Problem, pred sampler.Predictor, s *sampler.Settings) (first error) {
		for _, err := range sampler.StepsFrom(ctx, x, p, pred, s) {
			first = cmp.Or(first, err)
		}
		return first
	},
	"LogProb": func(ctx context.Context, x *mat.Dense, p sde.Problem, _ sampler.Predictor, s *sampler.Settings) error {
		_, err := sampler.LogProb(ctx, make([]float64, 2), x, p, &sampler.FlowSettings{Noise: s.Noise})
		return err
	},
	"SampleLogProb": func(ctx context.Context, x *mat.Dense, p sde.Problem, _ sampler.Predictor, s *sampler.Settings) error {
		_, err := sampler.SampleLogProb(ctx, x, make([]float64, 2), p, &sampler.FlowSettings{Noise: s.Noise})
		return err
	},
	"LogProbBound": func(ctx context.Context, x *mat.Dense, p sde.Problem, _ sampler.Predictor, s *sampler.Settings) error {
		_, err := sampler.LogProbBound(ctx, make([]float64, 2), x, p, nil)
		return err
	},
	"NoiseTo": func(_ context.Context, x *mat.Dense, p sde.Problem, _ sampler.Predictor, s *sampler.Settings) error {
		return sampler.NoiseTo(x, p, 0.5, s)
	},
}

type pointer struct{}

func (*pointer) Predict(*sampler.Step) error            { panic("called") }
func (*pointer) Correct(*sampler.Step) error            { panic("called") }
func (*pointer) Score(_, _ *mat.Dense, _ []float64)     { panic("called") }
func (*pointer) Observe(int, float64, mat.Matrix) error { panic("called") }
func (*pointer) Normal(*mat.Dense, noise.Draw)          { panic("called") }
func (*pointer) Kernel(float64) (alpha, sigma float64)  { panic("called") }
func (*pointer) Rates(float64) (f, g2 float64)          { panic("called") }
func (*pointer) Span() (start, end float64)             { panic("called") }

// Arguments that are nil, or nil pointers, made a run panic somewhere inside.
func TestNilArgumentsAreNamed(t *testing.T) {
	c := newColumns(sde.VP{})
	good := sde.Problem{SDE: sde.VP{}, Score: c}
	ctx := context.Background()
	var none *pointer
	for name, verb := range verbs {
		run := func(ctx context.Context, x *mat.Dense, p sde.Problem, pred sampler.Predictor, s sampler.Settings, want string) {
			t.Run(name+"/"+want, func(t *testing.T) {
				err := verb(ctx, x, p, pred, &s)
				require.ErrorIs(t, err, sampler.ErrUnset)
				require.ErrorContains(t, err, want)
			})
		}
		x := c.carried(c.start(2), 1, 1e-5)
		if name != "NoiseTo" { // it has none
			run(nil, x, good, sampler.DDIM{}, sampler.Settings{}, "ctx: is nil")
		}
		run(ctx, nil, good, sampler.DDIM{}, sampler.Settings{}, "x: has no rows")
		run(ctx, x, sde.Problem{Score: c}, sampler.DDIM{}, sampler.Settings{}, "Problem.SDE: is nil")
		run(ctx, x, sde.Problem{SDE: none, Score: c}, sampler.DDIM{}, sampler.Settings{}, "Problem.SDE: is nil")
		run(ctx, x, sde.Problem{SDE: sde.VP{}}, sampler.DDIM{}, sampler.Settings{}, "Problem.Score: is nil")
		run(ctx, x, sde.Problem{SDE: sde.VP{}, Score: none}, sampler.DDIM{}, sampler.Settings{}, "Problem.Score: is nil")
		if name != "LogProbBound" {
			run(ctx, x, good, sampler.DDIM{}, sampler.Settings{Noise: none}, "Settings.Noise: is a nil *sampler_test.pointer")
			err := verb(ctx, x, good, sampler.DDIM{}, &sampler.Settings{Noise: noise.Antithetic{}})
			require.ErrorContains(t, err, "Settings.Noise: Antithetic.Source is nil")
		}
		switch name {
		case "LogProb", "SampleLogProb", "LogProbBound", "NoiseTo":
			continue
		}
		run(ctx, x, good, nil, sampler.Settings{}, "pred: is nil")
		run(ctx, x, good, none, sampler.Settings{}, "pred: is nil")
		run(ctx, x, good, sampler.DDIM{}, sampler.Settings{Corrector: none}, "Settings.Corrector: is a nil *sampler_test.pointer")
		run(ctx, x, good, sampler.DDIM{}, sampler.Settings{Corrector: sampler.Gibbs{Back: none}}, "Gibbs.Back: is a nil *sampler_test.pointer")
		run(ctx, x, good, sampler.DDIM{}, sampler.Settings{Observer: none}, "Settings.Observer: is a nil *sampler_test.pointer")
	}
}

// Sample took tolerances that the rounding of the score exceeds, and chose its
// steps by that.
func TestAdaptiveMethodsRefuseTolerancesBelowThePrecision(t *testing.T) {
	c := newColumns(sde.VP{})
	single := sde.Problem{SDE: sde.VP{}, Score: c, UnitRoundoff: 0x1p-24}
	for want, pred := range map[string]sampler.Predictor{
		"DormandPrince.RTol: is 1e-08": sampler.DormandPrince{RTol: 1e-8},
		"DormandPrince.ATol: is 9e-07": sampler.DormandPrince{ATol: 9e-7},
		"AdaptiveSDE.RTol: is 1e-08":   sampler.AdaptiveSDE{RTol: 1e-8},
		"DPMAdaptive.ATol: is 1e-08":   sampler.DPMAdaptive{ATol: 1e-8},
	} {
		x := mat.NewDense(2, 3, []float64{1, 2, 3, 4, 5, 6})
		err := sampler.Sample(context.Background(), x, single, pred, nil)
		require.ErrorIs(t, err, sampler.ErrRange)
		require.ErrorContains(t, err, want+" with a score that rounds to a relative 6e-08, want at least 9.6e-07")
		require.Equal(t, []float64{1, 2, 3, 4, 5, 6}, x.RawMatrix().Data)
		require.Zero(t, c.calls.Load())
	}
	require.NoError(t, sampler.Sample(context.Background(), mat.NewDense(2, 3, nil), single, sampler.DormandPrince{RTol: 1e-6, ATol: 1e-6}, nil))
}

// Settings at the edge of what Validate accepts gave NaN later. Whatever it
// accepts can be sampled, encoded and has densities.
func TestEveryAcceptedProcessWorksToTheEnd(t *testing.T) {
	arithmetic(t)
	ctx := context.Background()
	accepted := 0
	for _, zero := range []sde.SDE{sde.VP{}, sde.SubVP{}, sde.VE{}, sde.EDM{}, sde.Cosine{}, sde.Linear{}} {
		kind := reflect.TypeOf(zero)
		for i := range kind.NumField() {
			for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, 5e-324, 1e-300, 1e-140, 1e-5, 0.5, 30, 1e3, 1e5, 1e17, 1e140, 1e300, math.MaxFloat64} {
				changed := reflect.New(kind).Elem()
				changed.Field(i).SetFloat(v)
				p := changed.Interface().(sde.SDE)
				if sde.Validate(p) != nil {
					continue
				}
				accepted++
				t.Run(fmt.Sprintf("%s.%s=%g", kind.Name(), kind.Field(i).Name, v), func(t *testing.T) {
					c := newColumns(p)
					problem := sde.Problem{SDE: p, Score: c}
					start, end := p.Span()
					x := c.start(1)
					want := c.carried(x, end, start)
					got := mat.DenseCopyOf(x)
					s := &sampler.Settings{Grid: []float64{end, start}, Final: sampler.FinalState}
					require.NoError(t, sampler.Continue(ctx, got, problem, sampler.DormandPrince{}, s))
					require.Less(t, c.misses(got, want, end, start, 1e-5), 100.)
					require.NoError(t, sampler.Encode(ctx, got, problem, sampler.DormandPrince{}, s))
					require.Less(t, c.misses(got, x, start, end, 1e-5), 200.)
					logp := make([]float64, 1)
					prior := sde.Prior{Mean: c.mean, Variance: []float64{0.25, 1.21, 0.0009}}
					_, err := sampler.LogProb(ctx, logp, want, problem, &sampler.FlowSettings{Prior: prior})
					require.NoError(t, err)
					exact := c.logProb(want, start)
					require.InDelta(t, exact, logp[0], 1e-3*max(1, math.Abs(exact)))
					for _, pred := range []sampler.Predictor{sampler.DDIM{}, sampler.DPMpp2M{}, sampler.Default(p), sampler.EulerAncestral{}} {
						many := mat.NewDense(50, 3, nil)
						require.NoError(t, sampler.Sample(ctx, many, problem, pred, &sampler.Settings{Prior: prior, Workers: 1}))
						for _, v := range many.RawMatrix().Data {
							require.Less(t, math.Abs(v), 10., "%T", pred)
						}
					}
				})
			}
		}
	}
	require.Greater(t, accepted, 20)
}

// A negative number of rows was as good as none.
func TestBatchesRefusesANegativeTotal(t *testing.T) {
	seen := 0
	for _, err := range sampler.Batches(context.Background(), mat.NewDense(2, 2, nil), -1, standard(sde.VP{}).problem(), sampler.DDIM{}, nil) {
		require.ErrorIs(t, err, sampler.ErrRange)
		require.ErrorContains(t, err, "total: is -1")
		seen++
	}
	require.Equal(t, 1, seen)
}

// Methods that go by noise levels came back with times an ulp beyond the span,
// where a score need not be known.
func TestNoMethodAsksForAScoreBeyondTheSpan(t *testing.T) {
	all := tables()
	all["VP"], all["SubVP"], all["VE"], all["EDM"], all["cosine"], all["linear"] = sde.VP{}, sde.SubVP{}, sde.VE{}, sde.EDM{}, sde.Cosine{}, sde.Linear{}
	all["EDM 10"], all["VE 10"], all["EDM .01"] = sde.EDM{SigmaMax: 10}, sde.VE{SigmaMax: 10}, sde.EDM{SigmaMin: 0.01}
	predictors := []sampler.Predictor{
		sampler.EulerMaruyama{}, sampler.Euler{}, sampler.DDIM{}, sampler.DDIM{Eta: 1}, sampler.ReverseDiffusion{}, sampler.Ancestral{}, sampler.Heun{},
		sampler.RungeKutta{Alpha: 0.5}, sampler.DPM2{}, sampler.DPMpp2S{}, sampler.DPMpp2M{}, sampler.DPMpp3M{}, sampler.LMS{}, sampler.DPMSolver{}, sampler.DEIS{},
		sampler.UniPC{}, sampler.EulerAncestral{}, sampler.DPM2Ancestral{}, sampler.DPMpp2SAncestral{}, sampler.DPMppSDE{}, sampler.DPMpp2MSDE{}, sampler.DPMpp3MSDE{},
		sampler.DPMFast{}, sampler.DPMAdaptive{}, sampler.DPMAdaptive{Eta: 1}, sampler.DormandPrince{}, sampler.AdaptiveSDE{RTol: 0.5, ATol: 0.5},
		sampler.Heun{Churn: sampler.Churn{SChurn: 40}},
	}
	for name, p := range all {
		start, end := p.Span()
		c := newColumns(p)
		for _, pred := range predictors {
			t.Run(fmt.Sprintf("%s/%T%+v", name, pred, pred), func(t *testing.T) {
				low, high := start, end
				score := scorer(func(dst, x *mat.Dense, times []float64) {
					for _, u := range times {
						low, high = min(low, u), max(high, u)
					}
					c.Score(dst, x, times)
				})
				for _, times := range [][]float64{grid.Karras(p, 1e9, 0, 7, 8), append(grid.Karras(p, 1e9, 0, 7, 8), 0)} {
					x := c.start(2)
					s := &sampler.Settings{Grid: times, Workers: 1, Corrector: sampler.Gibbs{Steps: 1}}
					err := sampler.Continue(context.Background(), x, sde.Problem{SDE: p, Score: score}, pred, s)
					if failed := (sampler.RowErrors{}); !errors.As(err, &failed) { // an explicit method may diverge
						require.NoError(t, err)
					}
				}
				require.Equal(t, [2]float64{start, end}, [2]float64{low, high})
			})
		}
	}
}

// A predictor of one's own that asked for the matrix −1, or to keep none, was told of an
// index out of range, without a name.
func TestImpossibleScratchAndHistoryAreNamed(t *testing.T) {
	t.Parallel()
	for want, ask := range map[string]func(s *sampler.Step){
		"sampler: Step.Scratch: i is -1, want 0 or more":   func(s *sampler.Step) { s.Scratch(-1) },
		"sampler: Step.Push: depth is 0, want 1 or more":   func(s *sampler.Step) { s.Push(0) },
		"sampler: Step.History: i is -2, want 0 or more":   func(s *sampler.Step) { s.History(-2) },
		"sampler: Step.Normal: slot is -1, want 0 or more": func(s *sampler.Step) { s.Normal(s.Mean, -1) },
	} {
		pred := predictor(func(s *sampler.Step) error {
			require.PanicsWithValue(t, want, func() { ask(s) })
			return sampler.DDIM{}.Predict(s)
		})
		g := standard(sde.VP{})
		require.NoError(t, sampler.Sample(context.Background(), mat.NewDense(2, 2, nil), g.problem(), pred, &sampler.Settings{Workers: 1}), want)
	}
}
