package score

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/sde"
)

var background = context.Background()

// quick are the settings of a run that takes no time. The rate is constant, so
// that a shorter run is the beginning of a longer one.
func quick(steps int) *Settings {
	return &Settings{Steps: steps, Batch: 48, References: 64, Rate: optim.Constant(3e-3), Seed: 4}
}

func fit(t *testing.T, m *Model, data Data, s *Settings) *Result {
	r, err := Fit(background, m, data, s)
	require.NoError(t, err)
	return r
}

func TestTrainingHasTheSameBitsForAnyWorkers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]Config{
		"mlp": {}, "energy": {Net: spherical}, "VP, v": {Process: sde.VP{}, Precond: V{}},
		"dropout": {Net: nn.Sequential{nn.Linear{Out: 16}, nn.Condition{}, nn.SiLU{}, nn.Dropout{P: 0.2}, nn.Linear{Out: 2}}},
	} {
		var want *Model
		var raw []float32
		for _, workers := range []int{1, 2, 3, 7} {
			s := quick(50)
			s.Batch, s.References, s.Workers = 130, 150, workers
			m := newModel(t, 2, c)
			r := fit(t, m, moons(), s)
			if want == nil {
				want, raw = m, r.Raw
			}
			require.Equal(t, want.theta, m.theta, "%s, %d workers", name, workers)
			require.Equal(t, raw, r.Raw, "%s, %d workers", name, workers)
		}
		s := quick(50)
		s.Batch, s.References, s.Seed = 130, 150, 5
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
		optim.EMA[float32]{}.Update(want, raw[k], k-1)
	}
	r := fit(t, average, moons(), quick(steps))
	require.Equal(t, raw[steps], r.Raw)
	require.Equal(t, want, average.theta)
	require.NotEqual(t, want, r.Raw)

	s := quick(steps)
	s.EMA = None
	m := newModel(t, 2, Config{})
	require.Equal(t, fit(t, m, moons(), s).Raw, m.theta)
}

func TestRecorderSeesEveryStep(t *testing.T) {
	seen := &recorded{}
	s := quick(30)
	s.Recorder, s.Rate = seen, optim.RecipeRate(30)
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

func TestSecondFitGoesOn(t *testing.T) {
	m := newModel(t, 2, Config{})
	fit(t, m, moons(), quick(10))
	frame := m.Frame()
	theta := append([]float32(nil), m.theta...)
	moved := edited{moons(), func(x *mat.Dense, _, _ int) {
		x.Apply(func(_, _ int, v float64) float64 { return 3*v + 1 }, x)
	}}
	s := quick(1)
	s.Rate = optim.Constant(1e-9)
	r := fit(t, m, moved, s)
	require.Equal(t, frame, m.Frame())
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
			m.Unconditional().Score(mat.NewDense(3, 2, nil), normals(3, 2, 1), []float64{1})
		}
	}
}

// guessing is a loss that is hardly more than a random leaf.
type guessing struct{ DSM }

func (g guessing) Loss(b *nn.Build, f Fields, d Batch) *ad.Expr {
	return ad.Add(b.Random(1), ad.Scale(1e-20, g.DSM.Loss(b, f, d)))
}

func TestRandomLeavesAreFreshInEveryStep(t *testing.T) {
	seen := &recorded{}
	s := quick(40)
	s.Objective, s.Recorder = guessing{}, seen
	fit(t, newModel(t, 2, Config{}), moons(), s)
	mean := 0.0
	for i, m := range seen.metrics {
		mean += m.Loss / 40
		if i > 0 {
			require.NotEqual(t, seen.metrics[i-1].Loss, m.Loss)
		}
	}
	require.InDelta(t, 0.5, mean, 4*math.Sqrt(1.0/12/48/40))
}

// resting is a network that does nothing in training.
type resting struct{ Net nn.Module }

func (r resting) Apply(b *nn.Build, x *ad.Expr) *ad.Expr {
	y := r.Net.Apply(b, x)
	if b.Train {
		return ad.Scale(0, y)
	}
	return y
}

func TestNetworksAreToldThatTheyTrain(t *testing.T) {
	m := newModel(t, 2, Config{Net: resting{small}})
	before := append([]float32(nil), m.theta...)
	require.Equal(t, before, fit(t, m, moons(), quick(5)).Raw)
	s := scores(m)
	m.setWeights(make([]float32, len(m.theta)))
	require.NotEqual(t, s, scores(m), "its output counts otherwise")
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

// recorderFunc is a Recorder.
type recorderFunc func(Metrics) error

func (f recorderFunc) Record(m Metrics) error { return f(m) }

func TestARecorderMayEvaluateTheAverageSoFar(t *testing.T) {
	const at = 30
	run := func(record func(m *Model, x Metrics) error) *Model {
		m := newModel(t, 2, Config{})
		_, err := Fit(t.Context(), m, moons(), &Settings{Steps: 60, Batch: 32, Rate: optim.Constant(3e-3), Recorder: recorderFunc(func(x Metrics) error { return record(m, x) })})
		if !errors.Is(err, errStop) {
			require.NoError(t, err)
		}
		return m
	}
	stopped := run(func(_ *Model, x Metrics) error {
		if x.Step == at {
			return errStop
		}
		return nil
	})
	undisturbed := run(func(*Model, Metrics) error { return nil })
	watched := run(func(m *Model, x Metrics) error {
		if x.Step != at {
			return nil
		}
		require.NotEqual(t, stopped.theta, m.theta)
		require.NoError(t, x.Publish())
		require.Equal(t, stopped.theta, m.theta)
		return nil
	})
	require.Equal(t, undisturbed.theta, watched.theta, "looking changes nothing")
	require.NoError(t, Metrics{}.Publish(), "outside a run there is nothing to publish")
}

var errStop = errors.New("stop")
