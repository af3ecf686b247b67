package score

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/sde"
)

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
		}, ErrNonFinite, "data at step 7: row 11, column 1: is NaN", 7},
		"infinite reference": {func(*Settings, context.CancelFunc) Data {
			return edited{moons(), func(x *mat.Dense, step, row int) {
				if step == 7 && row > 0 {
					x.Set(1, 0, math.Inf(-1))
				}
			}}
		}, ErrNonFinite, "row 25, column 0: is -Inf", 7},
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
		}, ErrNonFinite, "step 8: the loss, although data and weights are finite; the loss is NaN", 7},
		"gradient": {func(s *Settings, _ context.CancelFunc) Data {
			s.Objective = kinked{}
			return moons()
		}, ErrNonFinite, "step 1: gradient of hidden0.weight[0, 0] is NaN; the loss is ", 0},
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
		}, ErrRange, "Settings.Times: gives NaN at quantile", 0},
		"rate": {func(s *Settings, _ context.CancelFunc) Data {
			s.Rate = breaking(7)
			return moons()
		}, ErrNonFinite, "step 8: the learning rate is +Inf", 7},
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
			m.Unconditional().Score(score, normals(3, 2, 1), []float64{0.5})
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

// kinked adds √0, whose derivative is infinite.
type kinked struct{ DSM }

func (k kinked) Loss(b *nn.Build, f Fields, d Batch) *ad.Expr {
	zero := ad.ReLU(ad.Shift(ad.Slice(f.Denoise(d.Xt), 0, 1), -1e6))
	return ad.Add(k.DSM.Loss(b, f, d), ad.Sqrt(zero))
}

type infinite struct{}

func (infinite) At(sde.SDE, float64) float64 { return math.Inf(1) }

// fixed is the distribution of one time.
type fixed float64

func (f fixed) Quantile(sde.SDE, float64) float64 { return float64(f) }

// breaking is a rate that is infinite from some step on.
type breaking int

func (b breaking) At(step int) float64 {
	if step < int(b) {
		return 3e-3
	}
	return math.Inf(1)
}

// poison is an optimiser that ruins the weights at its second step.
type poison struct {
	optim.Adam[float32]
	step int
}

func (p *poison) Begin(n, step int, rate float64) bool {
	p.step = step
	return p.Adam.Begin(n, step, rate)
}

func (p *poison) Update(theta, grad []float32, from int) {
	p.Adam.Update(theta, grad, from)
	if p.step == 1 && from == 0 {
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
	require.ErrorContains(t, err, "the optimiser made weight hidden0.weight[0, 5] NaN")
	require.Equal(t, 2, r.Steps)
	require.Equal(t, initial, m.theta)

	s = quick(3)
	s.Optimizer = &poison{}
	_, err = Fit(background, m, moons(), s)
	require.ErrorIs(t, err, ErrNonFinite)
	require.ErrorContains(t, err, "step 3: weight hidden0.weight[0, 5] is NaN")
	require.Equal(t, initial, m.theta)
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
