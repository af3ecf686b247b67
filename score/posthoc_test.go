package score

import (
	"context"
	"io/fs"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn/optim"
)

// The share of the steps up to s is what the recursion of the average gives them.
func TestProfileIsWhatTheAverageWeighsTheStepsBy(t *testing.T) {
	const n = 40
	for _, width := range []float64{0.02, 0.1, 0.25} {
		for s := 1; s <= n; s++ {
			average := []float64{0}
			for step := range n { // of 1 up to step s, then 0
				v := 0.0
				if step < s {
					v = 1
				}
				optim.EMA[float64]{By: optim.PowerFunction{Width: width}}.Update(average, []float64{v}, step)
			}
			require.InDelta(t, profileOf(width, n).share(float64(s)), average[0], 1e-12)
		}
	}
}

func TestAnyWidthIsACombinationOfTwo(t *testing.T) {
	var have []profile
	for step := 500; step <= 10000; step += 500 {
		for _, w := range trackWidths {
			have = append(have, profileOf(w, step))
		}
	}
	for _, c := range []struct{ width, off float64 }{{0.05, 1e-6}, {0.1, 1e-6}, {0.07, 0.01}, {0.15, 0.02}, {0.25, 0.08}, {0.03, 0.08}, {0.02, 0.12}} {
		factors, off, err := combination(have, profileOf(c.width, 10000))
		require.NoError(t, err)
		require.Less(t, off, c.off, "width %v", c.width)
		sum := 0.0
		for _, f := range factors {
			sum += f
		}
		require.InDelta(t, 1, sum, 0.02, "width %v", c.width)
	}
}

func TestLoadAverageIsTheAverageThatWouldHaveBeenTracked(t *testing.T) {
	const steps = 400
	run := func(width float64, dir string) *Model {
		m, err := New(2, &Config{Net: small, Seed: 1})
		require.NoError(t, err)
		s := &Settings{Steps: steps, Batch: 32, References: None, Averaging: optim.PowerFunction{Width: width}}
		if dir != "" {
			s.Checkpoints = Checkpoints{Dir: dir, Every: 20, Averages: true}
		}
		_, err = Fit(t.Context(), m, moons(), s)
		require.NoError(t, err)
		return m
	}
	dir := t.TempDir()
	last := run(0.1, dir)
	all, err := kept(dir)
	require.NoError(t, err)
	require.Len(t, all, 20, "all are kept")
	distance := func(a, b *Model) float64 {
		var sum float64
		for i, v := range a.theta {
			sum += math.Pow(float64(v-b.theta[i]), 2)
		}
		return math.Sqrt(sum)
	}
	for _, width := range []float64{0.05, 0.07, 0.15} {
		m, err := New(2, &Config{Net: small})
		require.NoError(t, err)
		off, err := m.LoadAverage(dir, width)
		require.NoError(t, err)
		require.Less(t, off, 0.05, "width %v", width)
		direct := run(width, "")
		require.Less(t, distance(m, direct), 0.1*distance(direct, run(width*1.2, "")), "width %v", width)
		require.Equal(t, last.Frame(), m.Frame())
	}
}

func TestAveragesResumeToTheSameBits(t *testing.T) {
	settings := func(dir string) *Settings {
		return &Settings{Steps: 60, Batch: 32, References: None, Checkpoints: Checkpoints{Dir: dir, Every: 10, Averages: true}}
	}
	whole, broken := t.TempDir(), t.TempDir()
	a, b := newModel(t, 2, Config{}), newModel(t, 2, Config{})
	_, err := Fit(t.Context(), a, moons(), settings(whole))
	require.NoError(t, err)

	ctx, stopped := stopAt(27)
	s := settings(broken)
	s.Recorder = stopped
	_, err = Fit(ctx, b, moons(), s)
	require.ErrorIs(t, err, context.Canceled)
	path, err := Latest(broken)
	require.NoError(t, err)
	_, err = Resume(t.Context(), newModel(t, 2, Config{}), moons(), settings(broken), path)
	require.NoError(t, err)

	x, y := newModel(t, 2, Config{}), newModel(t, 2, Config{})
	_, err = x.LoadAverage(whole, 0.1)
	require.NoError(t, err)
	// There is one checkpoint more, of step 27.
	_, err = y.LoadAverage(broken, 0.1)
	require.NoError(t, err)
	require.InDeltaSlice(t, x.theta, y.theta, 1e-5)

	// Without averages the run goes on, with them it needs those of all steps.
	s = settings(t.TempDir())
	s.Checkpoints.Averages = false
	_, err = Resume(t.Context(), newModel(t, 2, Config{}), moons(), s, path)
	require.NoError(t, err)
	without, err := Latest(s.Checkpoints.Dir)
	require.NoError(t, err)
	longer := settings(t.TempDir())
	longer.Steps = 70
	_, err = Resume(t.Context(), newModel(t, 2, Config{}), moons(), longer, without)
	require.ErrorIs(t, err, ErrMismatch)
	require.ErrorContains(t, err, "Averages")

	before := append([]float32(nil), x.theta...)
	_, err = x.LoadAverage(s.Checkpoints.Dir, 0.1)
	require.ErrorIs(t, err, ErrMismatch)
	_, err = x.LoadAverage(t.TempDir(), 0.1)
	require.ErrorIs(t, err, fs.ErrNotExist)
	for _, width := range []float64{0, -1, 0.3, math.NaN()} {
		_, err = x.LoadAverage(whole, width)
		require.ErrorIs(t, err, ErrRange)
	}
	other := settings(t.TempDir())
	other.Seed = 9
	_, err = Fit(t.Context(), newModel(t, 2, Config{}), moons(), other)
	require.NoError(t, err)
	require.Equal(t, before, x.theta)
}
