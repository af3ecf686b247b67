package score

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/sde"
)

var background = context.Background()

// quick are the settings of a run that takes no time. The rate is constant, so
// that a shorter run is the beginning of a longer one.
func quick(steps int) *Settings {
	return &Settings{Steps: steps, Batch: 48, References: 64, Rate: nn.Constant(3e-3), Seed: 4}
}

func fit(t *testing.T, m *Model, data Data, s *Settings) *Result {
	r, err := Fit(background, m, data, s)
	require.NoError(t, err)
	return r
}

func TestTrainingHasTheSameBitsForAnyWorkers(t *testing.T) {
	for name, c := range map[string]Config{
		"mlp": {}, "energy": {Net: spherical}, "VP, v": {Process: sde.VP{}, Precond: V{}},
	} {
		var want *Model
		var raw []float32
		for _, workers := range []int{1, 2, 3, 7} {
			s := quick(50)
			s.Batch, s.References, s.Workers = 200, 250, workers
			m := newModel(t, 2, c)
			r := fit(t, m, moons(), s)
			if want == nil {
				want, raw = m, r.Raw
			}
			require.Equal(t, want.theta, m.theta, "%s, %d workers", name, workers)
			require.Equal(t, raw, r.Raw, "%s, %d workers", name, workers)
		}
		s := quick(50)
		s.Batch, s.References, s.Seed = 200, 250, 5
		other := newModel(t, 2, c)
		fit(t, other, moons(), s)
		require.NotEqual(t, want.theta, other.theta, name)
	}
}

func TestSeedChoosesTheInitialWeights(t *testing.T) {
	var all []*Model
	for _, seed := range []uint64{1, 1, 2} {
		m, err := New(2, &Config{Net: small, Seed: seed})
		require.NoError(t, err)
		all = append(all, m)
	}
	require.Equal(t, all[0].theta, all[1].theta)
	require.NotEqual(t, all[0].theta, all[2].theta)
}

// recorded keeps the losses of a run, and what it is asked to do after a step.
type recorded struct {
	metrics []Metrics
	after   func(step int) error
}

func (r *recorded) Record(m Metrics) error {
	r.metrics = append(r.metrics, m)
	if r.after == nil {
		return nil
	}
	return r.after(m.Step)
}

func TestModelHoldsTheAverageAndTheResultTheLastWeights(t *testing.T) {
	const steps = 20
	average := newModel(t, 2, Config{})
	want := append([]float32(nil), average.theta...)
	raw := make([][]float32, steps+1)
	for k := 1; k <= steps; k++ {
		raw[k] = fit(t, newModel(t, 2, Config{}), moons(), quick(k)).Raw
		nn.EMA[float32]{}.Update(want, raw[k], k-1)
	}
	r := fit(t, average, moons(), quick(steps))
	require.Equal(t, raw[steps], r.Raw)
	require.Equal(t, want, average.theta)
	require.NotEqual(t, want, r.Raw)

	s := quick(steps)
	s.EMA = -1
	m := newModel(t, 2, Config{})
	require.Equal(t, fit(t, m, moons(), s).Raw, m.theta)
}

func TestRecorderSeesEveryStep(t *testing.T) {
	seen := &recorded{}
	s := quick(30)
	s.Recorder, s.Rate = seen, nn.RecipeRate(30)
	r := fit(t, newModel(t, 2, Config{}), moons(), s)
	require.Equal(t, 30, r.Steps)
	require.Len(t, seen.metrics, 30)
	for i, m := range seen.metrics {
		require.Equal(t, i+1, m.Step)
		require.Equal(t, 30, m.Steps)
		require.Equal(t, s.Rate.At(i), m.Rate)
		require.Positive(t, m.Loss)
		require.Positive(t, m.GradNorm)
	}
	last := seen.metrics[27:]
	require.InDelta(t, (last[0].Loss+last[1].Loss+last[2].Loss)/3, r.Loss, 1e-12)
}

func TestRunEndsAfterTheLastCompleteStep(t *testing.T) {
	broken := errors.New("disk full")
	for name, c := range map[string]struct {
		arrange func(s *Settings, cancel context.CancelFunc) Data
		want    error
		message string
		steps   int
	}{
		"cancelled before": {func(_ *Settings, cancel context.CancelFunc) Data {
			cancel()
			return moons()
		}, context.Canceled, "cancelled after step 0 of 20", 0},
		"cancelled by the recorder": {func(s *Settings, cancel context.CancelFunc) Data {
			s.Recorder = &recorded{after: func(k int) error {
				if k == 7 {
					cancel()
				}
				return nil
			}}
			return moons()
		}, context.Canceled, "cancelled after step 7 of 20", 7},
		"recorder": {func(s *Settings, _ context.CancelFunc) Data {
			s.Recorder = &recorded{after: func(k int) error {
				if k == 7 {
					return broken
				}
				return nil
			}}
			return moons()
		}, broken, "recorder after step 7: disk full", 7},
		"NaN in data": {func(*Settings, context.CancelFunc) Data {
			return edited{moons(), func(x *mat.Dense, step, row int) {
				if step == 7 && row == 0 {
					x.Set(11, 1, math.NaN())
				}
			}}
		}, ErrNonFinite, "data at step 7: not finite: row 11, column 1 is NaN", 7},
		"infinite reference": {func(*Settings, context.CancelFunc) Data {
			return edited{moons(), func(x *mat.Dense, step, row int) {
				if step == 7 && row > 0 {
					x.Set(1, 0, math.Inf(-1))
				}
			}}
		}, ErrNonFinite, "row 25, column 0 is -Inf", 7},
		"data": {func(*Settings, context.CancelFunc) Data { return &failing{moons(), 7, broken} },
			broken, "data at step 7: disk full", 7},
		"data at calibration": {func(*Settings, context.CancelFunc) Data { return &failing{moons(), -1, broken} },
			broken, "data at calibration: disk full", 0},
		"loss": {func(s *Settings, _ context.CancelFunc) Data {
			s.Objective = logarithm{}
			return edited{moons(), func(x *mat.Dense, step, row int) {
				if step == 7 {
					x.Set(0, 0, -1e4)
				}
			}}
		}, ErrNonFinite, "step 8: not finite: the loss, although data and weights are finite; the loss is NaN", 7},
		"noisy rows": {func(s *Settings, _ context.CancelFunc) Data {
			return edited{moons(), func(x *mat.Dense, step, row int) {
				if step == 7 {
					x.Set(3, 1, 1e300)
				}
			}}
		}, ErrNonFinite, "noisy rows: row 3, column 1 is +Inf", 7},
		"weight": {func(s *Settings, _ context.CancelFunc) Data {
			s.Weight = infinite{}
			return moons()
		}, ErrNonFinite, "the weight is +Inf", 0},
		"time": {func(s *Settings, _ context.CancelFunc) Data {
			s.Times = fixed(math.NaN())
			return moons()
		}, ErrRange, "Settings.Times gives NaN at quantile", 0},
		"rate": {func(s *Settings, _ context.CancelFunc) Data {
			s.Rate = breaking(7)
			return moons()
		}, ErrNonFinite, "step 8: not finite: the learning rate is +Inf", 7},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(background)
			defer cancel()
			s := quick(20)
			data := c.arrange(s, cancel)
			m := newModel(t, 2, Config{})
			initial := append([]float32(nil), m.theta...)
			r, err := Fit(ctx, m, data, s)
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, c.message)
			require.Equal(t, c.steps, r.Steps)

			// Everything is as after a run that was meant to be this short.
			want, raw := initial, initial
			if c.steps > 0 {
				short := *s
				short.Steps, short.Recorder = c.steps, nil
				whole := newModel(t, 2, Config{})
				raw, want = fit(t, whole, moons(), &short).Raw, whole.theta
			}
			require.Equal(t, want, m.theta)
			require.Equal(t, raw, r.Raw)
			score := mat.NewDense(3, 2, nil)
			m.Score(score, normals(3, 2, 1), []float64{0.5})
			_, _, bad := firstNonFinite(score)
			require.False(t, bad)
		})
	}
}

// failing is a Data that cannot deliver a step.
type failing struct {
	Data
	step int
	err  error
}

func (f *failing) Batch(x, cond *mat.Dense, step, row int, rng *rand.Rand) error {
	if step == f.step {
		return f.err
	}
	return f.Data.Batch(x, cond, step, row, rng)
}

// logarithm adds a harmless term that is NaN when x₀ is far to the left.
type logarithm struct{ DSM }

func (l logarithm) Loss(b *nn.Build, f Fields, d Batch) *ad.Expr {
	return ad.Add(l.DSM.Loss(b, f, d), ad.Scale(1e-30, ad.Log(ad.Shift(ad.Slice(d.X0, 0, 1), 1e3))))
}

type infinite struct{}

func (infinite) At(sde.SDE, float64) float64 { return math.Inf(1) }

// fixed is the time law of one time.
type fixed float64

func (f fixed) At(sde.SDE, float64) float64 { return float64(f) }

// breaking is a rate that is infinite from some step on.
type breaking int

func (b breaking) At(step int) float64 {
	if step < int(b) {
		return 3e-3
	}
	return math.Inf(1)
}

// poison is an optimiser that ruins the weights at its second step.
type poison struct{ nn.Adam[float32] }

func (p *poison) Step(theta, grad []float32, step int, rate float64) {
	p.Adam.Step(theta, grad, step, rate)
	if step == 1 {
		theta[5] = float32(math.NaN())
	}
}

func TestModelKeepsItsWeightsWhenTheOptimiserFails(t *testing.T) {
	m := newModel(t, 2, Config{})
	initial := append([]float32(nil), m.theta...)
	s := quick(2)
	s.Optimizer = &poison{}
	r, err := Fit(background, m, moons(), s)
	require.ErrorIs(t, err, ErrNonFinite)
	require.ErrorContains(t, err, "weight 5 NaN")
	require.Equal(t, 2, r.Steps)
	require.Equal(t, initial, m.theta)

	s = quick(3)
	s.Optimizer = &poison{}
	_, err = Fit(background, m, moons(), s)
	require.ErrorIs(t, err, ErrNonFinite)
	require.ErrorContains(t, err, "step 3: not finite: weight hidden0.weight[0, 5] is NaN")
	require.Equal(t, initial, m.theta)
}

func TestSecondFitGoesOn(t *testing.T) {
	m := newModel(t, 2, Config{})
	fit(t, m, moons(), quick(10))
	shift, scale := m.Frame()
	theta := append([]float32(nil), m.theta...)
	moved := edited{moons(), func(x *mat.Dense, _, _ int) {
		x.Apply(func(_, _ int, v float64) float64 { return 3*v + 1 }, x)
	}}
	s := quick(1)
	s.Rate = nn.Constant(1e-9)
	r := fit(t, m, moved, s)
	shift2, scale2 := m.Frame()
	require.Equal(t, shift, shift2)
	require.Equal(t, scale, scale2)
	for i := range theta {
		require.InDelta(t, theta[i], r.Raw[i], 1e-6)
	}
}

func TestModelsMayTrainAtTheSameTime(t *testing.T) {
	want := newModel(t, 2, Config{})
	fit(t, want, moons(), quick(20))
	var all sync.WaitGroup
	for range 3 {
		all.Add(1)
		go func() {
			defer all.Done()
			m := newModel(t, 2, Config{})
			s := quick(20)
			s.Workers = 2
			if _, err := Fit(background, m, moons(), s); err != nil || fmt.Sprint(m.theta) != fmt.Sprint(want.theta) {
				t.Errorf("a run beside others differs: %v", err)
			}
		}()
	}
	all.Wait()
}

type panicking struct{}

func (panicking) Loss(*nn.Build, Fields, Batch) *ad.Expr { panic("objective") }
func (panicking) At(sde.SDE, float64) float64            { panic("weight") }

func TestPanicsReachTheCaller(t *testing.T) {
	for _, workers := range []int{1, 3} {
		for want, c := range map[string]struct {
			data     Data
			settings Settings
		}{
			"objective": {moons(), Settings{Objective: panicking{}}},
			"weight":    {moons(), Settings{Weight: panicking{}}},
			"data":      {edited{moons(), func(*mat.Dense, int, int) { panic("data") }}, Settings{}},
		} {
			m := newModel(t, 2, Config{})
			theta := append([]float32(nil), m.theta...)
			c.settings.Workers = workers
			require.PanicsWithValue(t, want, func() { _, _ = Fit(background, m, c.data, &c.settings) })
			require.Equal(t, theta, m.theta)
			fit(t, m, moons(), quick(1))
		}
	}
}

// uncertain is a loss with a parameter of its own: a learned log-variance
// u(t) = a + b·noise level, e^{−u}‖D − x₀‖² + d·u.
type uncertain struct{}

func (uncertain) Loss(b *nn.Build, f Fields, d Batch) *ad.Expr {
	u := nn.Linear{Out: 1}.Apply(b, b.Time)
	e := ad.SumCols(ad.Square(ad.Sub(f.Denoise(d.Xt), d.X0)))
	return ad.Add(ad.Mul(ad.Exp(ad.Neg(u)), e), ad.Scale(float64(d.X0.Cols()), u))
}

// randomly drops rows by a random leaf of its own.
type randomly struct{ DSM }

func (r randomly) Loss(b *nn.Build, f Fields, d Batch) *ad.Expr {
	return ad.Mul(ad.Step(ad.Shift(b.Random(1), -0.5)), r.DSM.Loss(b, f, d))
}

func TestObjectiveMayHaveParametersAndRandomLeaves(t *testing.T) {
	for name, o := range map[string]Objective{"parameters": uncertain{}, "leaves": randomly{}} {
		var want []float32
		for _, workers := range []int{1, 3} {
			m := newModel(t, 2, Config{})
			params, initial := m.params.Len(), append([]float32(nil), m.theta...)
			seen := &recorded{}
			s := quick(60)
			s.Objective, s.Workers, s.Recorder, s.Batch = o, workers, seen, 130
			r := fit(t, m, moons(), s)
			require.Len(t, r.Raw, params, name)
			require.Equal(t, params, m.params.Len(), name)
			require.NotEqual(t, initial, m.theta, name)
			require.NotEqual(t, seen.metrics[0].Loss, seen.metrics[1].Loss)
			if want == nil {
				want = m.theta
			}
			require.Equal(t, want, m.theta, name)
			m.Score(mat.NewDense(3, 2, nil), normals(3, 2, 1), []float64{1})
		}
	}
}

func TestTrainingStepDoesNotAllocate(t *testing.T) {
	for name, c := range map[string]struct {
		config Config
		data   Data
	}{"mlp": {Config{}, standard(2)}, "energy": {Config{Net: spherical}, standard(2)}} {
		m := newModel(t, 2, c.config)
		s, err := quick(1000).withDefaults()
		require.NoError(t, err)
		run, err := newTrainer(background, m, c.data, s)
		require.NoError(t, err)
		require.Zero(t, testing.AllocsPerRun(20, func() { require.NoError(t, run.one()) }), name)
	}
}
