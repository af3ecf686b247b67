package sampler_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

func TestStepsVisitTheGridAndEndWithTheSample(t *testing.T) {
	arithmetic(t)
	ctx := context.Background()
	p := threeModes(t, sde.VP{})
	times := grid.Default(p, 9)
	for _, k := range kinds {
		var seen states
		s := &sampler.Settings{Grid: times, Corrector: k.corr, Seed: 3, Observer: &seen}
		want := mat.NewDense(700, 2, nil)
		require.NoError(t, sampler.Sample(ctx, want, p, k.pred, s))
		s.Observer = nil
		x := mat.NewDense(700, 2, nil)
		points := sampler.Steps(ctx, x, p, k.pred, s)
		for range 2 { // ranging again starts again
			x.Zero()
			next := 0
			for st, err := range points {
				require.NoError(t, err)
				require.Equal(t, next, st.Point())
				require.Equal(t, times[next], st.At)
				require.Zero(t, st.Row0)
				sameBits(t, seen[next], st.X)
				require.True(t, mat.Equal(mat.NewDense(700, 2, nil), x), "x is filled at the end")
				next++
			}
			require.Equal(t, len(times), next)
			sameBits(t, want, x)
		}

		// From given points likewise.
		want.Copy(seen[0])
		x.Copy(seen[0])
		require.NoError(t, sampler.Continue(ctx, want, p, k.pred, s))
		for _, err := range sampler.StepsFrom(ctx, x, p, k.pred, s) {
			require.NoError(t, err)
		}
		sameBits(t, want, x)
	}
}

func TestStepsStopAtBreak(t *testing.T) {
	t.Parallel()
	g := standard(sde.VP{})
	score := &counting{Scorer: g, times: map[float64]int{}}
	x := mat.NewDense(2, 2, []float64{1, 2, 3, 4})
	for s, err := range sampler.Steps(context.Background(), x, sde.Problem{SDE: g.SDE, Score: score}, sampler.Heun{}, nil) {
		require.NoError(t, err)
		if s.Point() == 3 {
			break
		}
	}
	require.Equal(t, 6, score.calls)
	require.Equal(t, mat.NewDense(2, 2, []float64{1, 2, 3, 4}), x)
}

func TestDenoisedIsTweediesAndSharedWithTheNextStep(t *testing.T) {
	t.Parallel()
	g := standard(sde.VP{})
	times := append(grid.Default(g, 12), 0)
	for _, c := range []struct {
		pred  sampler.Predictor
		corr  sampler.Corrector
		times []float64
		extra int // evaluations that the looks cost
	}{
		{sampler.EulerMaruyama{}, nil, times, 0},
		{sampler.DDIM{Eta: 1}, nil, times[:12], 0}, // with a final denoise
		{sampler.DPMpp2M{}, nil, times, 0},
		{sampler.Heun{}, sampler.Langevin{}, times, 0},
		{sampler.NoPredictor{}, sampler.Langevin{}, times, 12}, // the corrector evaluates at another time
	} {
		run := func(look bool) (*mat.Dense, int) {
			score := &counting{Scorer: g, times: map[float64]int{}}
			p := sde.Problem{SDE: g.SDE, Score: score}
			x, want := mat.NewDense(5, 2, nil), mat.NewDense(5, 2, nil)
			for s, err := range sampler.Steps(context.Background(), x, p, c.pred, &sampler.Settings{Grid: c.times, Corrector: c.corr}) {
				require.NoError(t, err)
				if !look {
					continue
				}
				before := score.calls
				for range 2 { // the second look is free
					d, err := s.Denoised()
					require.NoError(t, err)
					alpha, sigma := s.Kernel(s.At)
					if sigma > 0 {
						require.Equal(t, before+1, score.calls)
						g.Score(want, s.X, []float64{s.At})
					} else {
						require.Equal(t, before, score.calls)
						want.Zero()
					}
					require.Equal(t, score.calls, s.Evaluations())
					want.Scale(sigma*sigma, want)
					want.Add(want, s.X)
					want.Scale(1/alpha, want)
					require.True(t, mat.EqualApprox(want, d, 1e-13))
				}
			}
			return x, score.calls
		}
		plain, calls := run(false)
		looked, more := run(true)
		sameBits(t, plain, looked)
		require.Equal(t, c.extra, more-calls, "%T", c.pred)
	}
}

func TestStepsEndWithTheErrorOfSample(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	g := standard(sde.VP{})
	boom := errors.New("boom")
	fails := predictor(func(s *sampler.Step) error {
		if s.K == 2 {
			return boom
		}
		return sampler.DDIM{}.Predict(s)
	})
	givesUp := predictor(func(s *sampler.Step) error {
		err := sampler.DDIM{}.Predict(s)
		if s.K == 2 {
			s.Fail(1, 0.123, boom)
			s.Fail(1, 0.1, errors.New("the first cause counts"))
			s.Fail(0, 0.2, boom)
		}
		return err
	})
	last := func(ctx context.Context, x *mat.Dense, pred sampler.Predictor, s *sampler.Settings) (points int, err error) {
		for st, e := range sampler.Steps(ctx, x, g.problem(), pred, s) {
			require.NoError(t, err, "an error comes last")
			require.Equal(t, e != nil, st == nil)
			points++
			err = e
		}
		return points, err
	}
	x := mat.NewDense(3, 2, nil)
	points, err := last(ctx, x, fails, nil)
	require.ErrorIs(t, err, boom)
	require.ErrorContains(t, err, "step 3 of 39")
	require.Equal(t, 4, points)

	points, err = last(ctx, x, nil, nil)
	require.ErrorIs(t, err, sampler.ErrUnset)
	require.Equal(t, 1, points)

	points, err = last(ctx, x, sampler.DDIM{}, &sampler.Settings{Observer: observer(func(int, float64, mat.Matrix) error { return boom })})
	require.ErrorIs(t, err, boom)
	require.Equal(t, 1, points)
	require.True(t, mat.Equal(mat.NewDense(3, 2, nil), x), "x is untouched")

	// Rows given up are NaN and named; the others are whole.
	want := mat.NewDense(3, 2, nil)
	require.NoError(t, sampler.Sample(ctx, want, g.problem(), sampler.DDIM{}, nil))
	for _, verb := range []func() error{
		func() error { return sampler.Sample(ctx, x, g.problem(), givesUp, &sampler.Settings{FirstRow: 0}) },
		func() error { points, err = last(ctx, x, givesUp, nil); return err },
	} {
		x.Zero()
		err := verb()
		require.ErrorIs(t, err, boom)
		require.ErrorContains(t, err, "2 rows failed, the first: row 0 after step 3, t = 0.2: boom")
		var failed sampler.RowErrors
		require.ErrorAs(t, err, &failed)
		require.Equal(t, []sampler.RowError{{Row: 0, Step: 3, Time: 0.2, Err: boom}, {Row: 1, Step: 3, Time: 0.123, Err: boom}}, []sampler.RowError(failed))
		require.True(t, math.IsNaN(x.At(0, 0)) && math.IsNaN(x.At(1, 1)))
		require.Equal(t, want.RawRowView(2), x.RawRowView(2))
	}
	require.Equal(t, grid.DefaultPoints+1, points)

	cancel()
	points, err = last(ctx, x, sampler.DDIM{}, nil)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, points)
}

func TestStepsShowTheDataCoordinatesOfAFrame(t *testing.T) {
	t.Parallel()
	g := standard(sde.VP{})
	shift, scale := []float64{10, -3}, []float64{2, 0.5}
	x, seen := mat.NewDense(4, 2, nil), mat.NewDense(4, 2, nil)
	p := sde.Problem{SDE: g.SDE, Score: g, Frame: sde.Frame{Shift: shift, Scale: scale}}
	for s, err := range sampler.Steps(context.Background(), x, p, sampler.DDIM{}, &sampler.Settings{Final: sampler.FinalState}) {
		require.NoError(t, err)
		s.Data(seen, s.X)
		require.Equal(t, shift[1]+scale[1]*s.X.At(3, 1), seen.At(3, 1))
	}
	sameBits(t, x, seen)
}
