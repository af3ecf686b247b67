package sampler_test

import (
	"context"
	"errors"
	"math"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// scorer makes a Scorer of a function.
type scorer func(dst, x *mat.Dense, t []float64)

func (f scorer) Score(dst, x *mat.Dense, t []float64) { f(dst, x, t) }

func TestUnsetArgumentsAreNamed(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := standard(sde.VP{}).problem()
	x := mat.NewDense(1, 2, nil)
	for _, c := range []struct {
		x    *mat.Dense
		p    sde.Problem
		pred sampler.Predictor
		says string
	}{
		{nil, p, sampler.Heun{}, "x: has no rows"},
		{new(mat.Dense), p, sampler.Heun{}, "x: has no rows"},
		{x, sde.Problem{Score: p.Score}, sampler.Heun{}, "Problem.SDE: is nil"},
		{x, sde.Problem{SDE: p.SDE}, sampler.Heun{}, "Problem.Score: is nil"},
		{x, p, nil, "pred: is nil"},
	} {
		for _, verb := range []func(context.Context, *mat.Dense, sde.Problem, sampler.Predictor, *sampler.Settings) error{sampler.Sample, sampler.Continue} {
			err := verb(ctx, c.x, c.p, c.pred, nil)
			require.ErrorIs(t, err, sampler.ErrUnset)
			require.ErrorContains(t, err, c.says)
		}
	}
}

func TestImpossibleSettingsAreNamed(t *testing.T) {
	t.Parallel()
	nan, inf := math.NaN(), math.Inf(1)
	p := standard(sde.VP{}).problem()
	for _, c := range []struct {
		says string
		pred sampler.Predictor
		s    sampler.Settings
	}{
		{"Workers: is -1", sampler.Heun{}, sampler.Settings{Workers: -1}},
		{"Settings.Final: is 3", sampler.Heun{}, sampler.Settings{Final: sampler.FinalMean + 1}},
		{"FirstRow: is -2", sampler.Heun{}, sampler.Settings{FirstRow: -2}},
		{"Prior.Mean[1]: is NaN", sampler.Heun{}, sampler.Settings{Prior: sde.Prior{Mean: []float64{0, nan}}}},
		{"Prior.Variance[0]: is -1", sampler.Heun{}, sampler.Settings{Prior: sde.Prior{Variance: []float64{-1, 1}}}},
		{"Prior.Variance[0]: is +Inf", sampler.Heun{}, sampler.Settings{Prior: sde.Prior{Variance: []float64{inf, 1}}}},
		{"DDIM.Eta: is 1.5", sampler.DDIM{Eta: 1.5}, sampler.Settings{}},
		{"DDIM.Eta: is NaN", sampler.DDIM{Eta: nan}, sampler.Settings{}},
		{"Euler.Lambda: is -1", sampler.Euler{Lambda: -1}, sampler.Settings{}},
		{"Euler.Lambda: is +Inf", sampler.Euler{Lambda: inf}, sampler.Settings{}},
		{"EulerMaruyama.FixedStep: is -0.1", sampler.EulerMaruyama{FixedStep: -0.1}, sampler.Settings{}},
		{"EulerMaruyama.FixedStep: is NaN", sampler.EulerMaruyama{FixedStep: nan}, sampler.Settings{}},
		{"Euler.FixedStep: is +Inf", sampler.Euler{FixedStep: inf}, sampler.Settings{}},
		{"Ancestral.Variance: is -1", sampler.Ancestral{Variance: -1}, sampler.Settings{}},
		{"Ancestral.Variance: is NaN", sampler.Ancestral{Upper: true, Variance: nan}, sampler.Settings{}},
		{"DPMSolver.Order: is 4", sampler.DPMSolver{Order: 4}, sampler.Settings{}},
		{"DEIS.Order: is 5", sampler.DEIS{Order: 5}, sampler.Settings{}},
		{"DEIS.Form: is 9", sampler.DEIS{Form: 9}, sampler.Settings{}},
		{"UniPC.Order: is -1", sampler.UniPC{Order: -1}, sampler.Settings{}},
		{"DormandPrince.RTol: is -1", sampler.DormandPrince{RTol: -1}, sampler.Settings{}},
		{"DormandPrince.ATol: is NaN", sampler.DormandPrince{ATol: nan}, sampler.Settings{}},
		{"DormandPrince.MaxEvaluations: is -1", sampler.DormandPrince{MaxEvaluations: -1}, sampler.Settings{}},
		{"AdaptiveSDE.RTol: is -1", sampler.AdaptiveSDE{RTol: -1}, sampler.Settings{}},
		{"Langevin.SNR: is -1", sampler.Heun{}, sampler.Settings{Corrector: sampler.Langevin{SNR: -1}}},
		{"Langevin.SNR: is NaN", sampler.Heun{}, sampler.Settings{Corrector: sampler.Langevin{SNR: nan}}},
		{"Langevin.Steps: is -1", sampler.Heun{}, sampler.Settings{Corrector: sampler.Langevin{Steps: -1}}},
		{": is -1, want a finite number", sampler.Heun{}, sampler.Settings{Corrector: sampler.Langevin{Scale: func(float64) float64 { return -1 }}}},
		{"MALA.SNR: is -1", sampler.Heun{}, sampler.Settings{Corrector: sampler.MALA{SNR: -1}}},
		{"MALA.Steps: is -1", sampler.Heun{}, sampler.Settings{Corrector: sampler.MALA{Steps: -1}}},
		{"Renoise.Fraction: is 1.5", sampler.Heun{}, sampler.Settings{Corrector: sampler.Renoise{Fraction: 1.5}}},
		{"Renoise.Steps: is -1", sampler.Heun{}, sampler.Settings{Corrector: sampler.Renoise{Steps: -1}}},
		{"Gibbs.Rise: is NaN", sampler.Heun{}, sampler.Settings{Corrector: sampler.Gibbs{Rise: nan}}},
		{"Gibbs.Substeps: is -1", sampler.Heun{}, sampler.Settings{Corrector: sampler.Gibbs{Substeps: -1}}},
		{"Gibbs.Steps: is -1", sampler.Heun{}, sampler.Settings{Corrector: sampler.Gibbs{Steps: -1}}},
		{"DDIM.Eta: is 7", sampler.Heun{}, sampler.Settings{Corrector: sampler.Gibbs{Back: sampler.DDIM{Eta: 7}}}},
		{"BatchNorms: has 2 rows", sampler.Heun{}, sampler.Settings{Corrector: sampler.Langevin{BatchNorms: true}}},
	} {
		t.Run(c.says, func(t *testing.T) {
			x := mat.NewDense(2, 2, []float64{1, 2, 3, 4})
			err := sampler.Sample(context.Background(), x, p, c.pred, &c.s)
			require.ErrorIs(t, err, sampler.ErrRange)
			require.ErrorContains(t, err, c.says)
			require.Equal(t, mat.NewDense(2, 2, []float64{1, 2, 3, 4}), x, "x is untouched")
		})
	}
	bad := sde.Problem{SDE: sde.VE{SigmaMin: -1}, Score: p.Score}
	err := sampler.Sample(context.Background(), mat.NewDense(1, 2, nil), bad, sampler.Heun{}, nil)
	require.ErrorIs(t, err, sde.ErrRange)
	require.ErrorContains(t, err, "SigmaMin")
	err = sampler.Sample(context.Background(), mat.NewDense(1, 2, nil), p, sampler.Heun{}, &sampler.Settings{Prior: sde.Prior{Mean: []float64{1}}})
	require.ErrorIs(t, err, sde.ErrRange)
	require.ErrorContains(t, err, "Settings.Prior has 1 means and 0 variances, want 2")
}

func TestOneBadRowLeavesTheOthersUntouched(t *testing.T) {
	t.Parallel()
	const rows, bad, badStep = 700, 530, 3
	g := standard(sde.VP{})
	times := grid.Default(g, 8)
	for _, k := range kinds {
		for _, poison := range []float64{math.NaN(), math.Inf(-1)} {
			s := &sampler.Settings{Grid: times, Corrector: k.corr, Workers: 2}
			want := mat.NewDense(rows, 2, nil)
			require.NoError(t, sampler.Sample(context.Background(), want, g.problem(), k.pred, s))

			// The score of one row goes wrong from one time on: the row is
			// recognised by its state at that time.
			marked := math.NaN()
			spy := predictor(func(st *sampler.Step) error {
				if n, _ := st.X.Dims(); st.K == badStep && st.Row0 <= bad && bad < st.Row0+n {
					marked = st.X.At(bad-st.Row0, 0)
				}
				return k.pred.Predict(st)
			})
			score := scorer(func(dst, x *mat.Dense, tt []float64) {
				g.Score(dst, x, tt)
				n, _ := x.Dims()
				for i := range n {
					if tt[0] == times[badStep] && x.At(i, 0) == marked {
						dst.Set(i, 1, poison)
					}
				}
			})
			s.Workers = 1
			x := mat.NewDense(rows, 2, nil)
			err := sampler.Sample(context.Background(), x, sde.Problem{SDE: g.SDE, Score: score}, spy, s)
			require.ErrorIs(t, err, sampler.ErrNonFinite)
			require.ErrorContains(t, err, "row 530 after step 4")
			var failed sampler.RowErrors
			require.ErrorAs(t, err, &failed)
			require.Len(t, failed, 1)
			require.Equal(t, bad, failed[0].Row)
			require.Equal(t, badStep+1, failed[0].Step)
			seen := times[badStep+1]
			if _, ok := k.pred.(sampler.DormandPrince); ok {
				seen = times[badStep] // it looks at its slopes
			}
			require.Equal(t, seen, failed[0].Time)
			for i := range rows {
				if i == bad {
					require.True(t, math.IsNaN(x.At(i, 0)) && math.IsNaN(x.At(i, 1)))
					continue
				}
				require.Equal(t, want.RawRowView(i), x.RawRowView(i))
			}
		}
	}
}

func TestContinueReportsRowsThatAreNotFiniteAtTheStart(t *testing.T) {
	t.Parallel()
	x := mat.NewDense(3, 2, []float64{1, 2, 3, math.Inf(1), math.NaN(), 6})
	p := standard(sde.VP{}).problem()
	err := sampler.Continue(context.Background(), x, p, sampler.DDIM{}, &sampler.Settings{FirstRow: 10})
	require.ErrorIs(t, err, sampler.ErrNonFinite)
	var failed sampler.RowErrors
	require.ErrorAs(t, err, &failed)
	require.Len(t, failed, 2)
	require.Equal(t, [2]int{11, 0}, [2]int{failed[0].Row, failed[0].Step})
	require.Equal(t, [2]int{12, 0}, [2]int{failed[1].Row, failed[1].Step})
	require.ErrorContains(t, err, "2 rows failed, the first: row 11")
	require.False(t, math.IsNaN(x.At(0, 0)))
}

// settled waits for goroutines that were told to stop.
func settled(t *testing.T, before int) {
	for range 1000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	require.LessOrEqual(t, runtime.NumGoroutine(), before)
}

func TestCancellationIsHonouredWithinOneEvaluation(t *testing.T) {
	g := standard(sde.VP{})
	before := runtime.NumGoroutine()
	for _, k := range kinds {
		for _, workers := range []int{1, 2} {
			for _, stopAt := range []int64{0, 1, 7} {
				ctx, cancel := context.WithCancel(context.Background())
				// The end is when cancel returns: before that a context of this
				// one may not have heard of it, while this one already says so.
				var calls, late atomic.Int64
				var over atomic.Bool
				end := func() {
					cancel()
					over.Store(true)
				}
				score := scorer(func(dst, x *mat.Dense, tt []float64) {
					if over.Load() {
						late.Add(1)
					}
					if calls.Add(1) == stopAt {
						end()
					}
					g.Score(dst, x, tt)
				})
				if stopAt == 0 {
					end()
				}
				x := mat.NewDense(1200, 2, nil)
				s := &sampler.Settings{Corrector: k.corr, Workers: workers}
				err := sampler.Sample(ctx, x, sde.Problem{SDE: g.SDE, Score: score}, k.pred, s)
				cancel()
				require.ErrorIs(t, err, context.Canceled)
				require.LessOrEqual(t, late.Load(), int64(workers-1), "an evaluation was begun after the end")
				require.True(t, mat.Equal(mat.NewDense(1200, 2, nil), x), "x is untouched")
			}
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Nanosecond)
	defer cancel()
	<-ctx.Done()
	err := sampler.Continue(ctx, mat.NewDense(1, 2, nil), g.problem(), sampler.DDIM{}, nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	settled(t, before)
}

func TestErrorsOfMethodsAndObserversStopTheRun(t *testing.T) {
	p := standard(sde.VP{}).problem()
	boom := errors.New("boom")
	x := mat.NewDense(1200, 2, nil)
	before := runtime.NumGoroutine()
	fails := predictor(func(s *sampler.Step) error {
		if s.K == 2 && s.Row0 > 0 {
			return boom
		}
		return sampler.DDIM{}.Predict(s)
	})
	for _, workers := range []int{1, 2, 3} {
		err := sampler.Sample(context.Background(), x, p, fails, &sampler.Settings{Workers: workers})
		require.ErrorIs(t, err, boom)
		require.NotErrorIs(t, err, context.Canceled)
		require.ErrorContains(t, err, "step 3 of 39")
	}
	err := sampler.Sample(context.Background(), x, p, sampler.DDIM{}, &sampler.Settings{Observer: observer(func(k int, _ float64, _ mat.Matrix) error {
		if k == 4 {
			return boom
		}
		return nil
	})})
	require.ErrorIs(t, err, boom)
	require.ErrorContains(t, err, "observer at point 4")
	require.True(t, mat.Equal(mat.NewDense(1200, 2, nil), x), "x is untouched")
	settled(t, before)
}

func TestObserversSeeEveryPointOfTheGrid(t *testing.T) {
	t.Parallel()
	g := standard(sde.VP{})
	times := grid.Default(g, 9)
	var seen []float64
	s := &sampler.Settings{Grid: times, Corrector: sampler.Langevin{}, Observer: observer(func(k int, u float64, x mat.Matrix) error {
		require.Len(t, seen, k)
		seen = append(seen, u)
		n, _ := x.Dims()
		require.Equal(t, 1300, n)
		return nil
	})}
	require.NoError(t, sampler.Sample(context.Background(), mat.NewDense(1300, 2, nil), g.problem(), sampler.DPMpp2M{}, s))
	require.Equal(t, times, seen)
}

// observer makes an Observer of a function.
type observer func(k int, t float64, x mat.Matrix) error

func (f observer) Observe(k int, t float64, x mat.Matrix) error { return f(k, t, x) }

func TestPanicsReachTheCaller(t *testing.T) {
	p := standard(sde.VP{})
	before := runtime.NumGoroutine()
	for _, workers := range []int{1, 2, 5} {
		score := scorer(func(dst, x *mat.Dense, tt []float64) {
			if tt[0] < 0.3 {
				panic("score: dimension mismatch")
			}
			p.Score(dst, x, tt)
		})
		require.PanicsWithValue(t, "score: dimension mismatch", func() {
			_ = sampler.Sample(context.Background(), mat.NewDense(3000, 2, nil), sde.Problem{SDE: p.SDE, Score: score}, sampler.DDIM{}, &sampler.Settings{Workers: workers})
		})
	}
	ends := scorer(func(_, _ *mat.Dense, _ []float64) { runtime.Goexit() })
	require.Panics(t, func() {
		_ = sampler.Sample(context.Background(), mat.NewDense(3000, 2, nil), sde.Problem{SDE: p.SDE, Score: ends}, sampler.DDIM{}, &sampler.Settings{Workers: 2})
	}, "a result that no worker has finished is not returned")
	settled(t, before)
}

func TestScoresRunInTheirOwnCoordinates(t *testing.T) {
	t.Parallel()
	g := standard(sde.VP{})
	shift, scale := []float64{10, -3}, []float64{2, 0.5}
	p := sde.Problem{SDE: g.SDE, Score: g, Frame: sde.Frame{Shift: shift, Scale: scale}}
	var inside, outside states
	want, x := mat.NewDense(5, 2, nil), mat.NewDense(5, 2, nil)
	require.NoError(t, sampler.Sample(context.Background(), want, g.problem(), sampler.EulerMaruyama{}, &sampler.Settings{Observer: &outside}))
	require.NoError(t, sampler.Sample(context.Background(), x, p, sampler.EulerMaruyama{}, &sampler.Settings{Observer: &inside}))
	require.Equal(t, outside, inside, "observers see model coordinates")
	for i := range 5 {
		for j := range 2 {
			require.Equal(t, shift[j]+scale[j]*want.At(i, j), x.At(i, j))
		}
	}

	// Continue maps at entry too.
	times := []float64{0.7, 0.2}
	start := mat.NewDense(2, 2, []float64{0.5, 1, -1, 0.25})
	mapped := mat.NewDense(2, 2, nil)
	mapped.Apply(func(_, j int, v float64) float64 { return shift[j] + scale[j]*v }, start)
	require.NoError(t, sampler.Continue(context.Background(), start, g.problem(), sampler.Heun{}, &sampler.Settings{Grid: times}))
	require.NoError(t, sampler.Continue(context.Background(), mapped, p, sampler.Heun{}, &sampler.Settings{Grid: times}))
	for i := range 2 {
		for j := range 2 {
			require.InDelta(t, shift[j]+scale[j]*start.At(i, j), mapped.At(i, j), 1e-13)
		}
	}

	for _, f := range []sde.Frame{
		{Shift: shift, Scale: []float64{1, 0}}, {Shift: []float64{math.NaN(), 0}, Scale: scale}, {Shift: shift[:1]}, {Scale: scale[:1]},
	} {
		err := sampler.Sample(context.Background(), x, sde.Problem{SDE: g.SDE, Score: g, Frame: f}, sampler.Heun{}, nil)
		require.ErrorIs(t, err, sampler.ErrRange)
		require.ErrorContains(t, err, "Problem.Frame")
	}
}

func TestPriorIsCalibrated(t *testing.T) {
	t.Parallel()
	// With unit impulses the starting points themselves can be read off.
	imp := impulses{{purpose: noise.Prior, coor: 0}, {purpose: noise.Prior, coor: 1}}
	for _, p := range []sde.SDE{sde.VP{}, sde.VE{}, sde.EDM{}} {
		_, end := p.Span()
		for _, from := range []float64{end, end / 2} {
			alpha, sigma := p.Kernel(from)
			for _, c := range []struct {
				prior     sde.Prior
				mean, std [2]float64
			}{
				{sde.Prior{}, [2]float64{}, [2]float64{math.Hypot(alpha, sigma), math.Hypot(alpha, sigma)}},
				{sde.Prior{Variance: []float64{0, 0}}, [2]float64{}, [2]float64{sigma, sigma}},
				{sde.Prior{Mean: []float64{2, -1}, Variance: []float64{4, 0.25}},
					[2]float64{2 * alpha, -alpha}, [2]float64{math.Hypot(2*alpha, sigma), math.Hypot(0.5*alpha, sigma)}},
			} {
				var seen states
				s := &sampler.Settings{Grid: []float64{from, from / 2}, Prior: c.prior, Noise: imp, Observer: &seen}
				g := standard(p)
				require.NoError(t, sampler.Sample(context.Background(), mat.NewDense(3, 2, nil), g.problem(), sampler.DDIM{}, s))
				x := seen[0]
				for j := range 2 {
					require.InDelta(t, c.mean[j], x.At(0, j), 1e-14)
					require.InDelta(t, c.mean[j]+c.std[j], x.At(j+1, j), 1e-14*c.std[j]+1e-14)
					require.InDelta(t, c.mean[j], x.At(2-j, j), 1e-14)
				}
			}
		}
	}
}
