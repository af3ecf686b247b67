package score

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
)

// Nil arguments and nil pointers in settings ended in a panic far from them.
func TestNilArgumentsAreNamed(t *testing.T) {
	var none context.Context
	m := newModel(t, 2, Config{})
	for want, run := range map[string]func() error{
		"score: Fit: ctx: is nil":  func() error { _, err := Fit(none, m, moons(), quick(1)); return err },
		"score: Fit: m: is nil":    func() error { _, err := Fit(background, nil, moons(), quick(1)); return err },
		"score: Fit: data: is nil": func() error { _, err := Fit(background, m, nil, quick(1)); return err },
		"data: is nil, want rows":  func() error { _, err := Fit(background, m, (*Drawn)(nil), quick(1)); return err },
		"Settings.Optimizer: is a nil *optim.Adam[float32]": func() error {
			s := quick(1)
			s.Optimizer = (*optim.Adam[float32])(nil)
			_, err := Fit(background, m, moons(), s)
			return err
		},
		"Settings.Validation.Data: is a nil *score.Drawn": func() error {
			s := quick(1)
			s.Validation.Data = (*Drawn)(nil)
			_, err := Fit(background, m, moons(), s)
			return err
		},
		"Settings.Scaling: is 7, want": func() error {
			s := quick(1)
			s.Scaling = 7
			_, err := Fit(background, m, moons(), s)
			return err
		},
	} {
		err := run()
		require.ErrorIs(t, err, ErrRange)
		require.ErrorContains(t, err, want)
	}
}

// The two sets of reference rows had rows in common when there were few, and what
// they have in common looked like structure: of 30 healthy runs on few rows of one
// column up to 7 were stopped. Here nothing is learned, so that the gain alone
// decides.
func TestFewGaussianRowsAreNotTakenForStructure(t *testing.T) {
	t.Parallel()
	sizes := []int{15, 30, 60, 100, 300, 1100, 3000}
	if testing.Short() {
		sizes = []int{15, 100, 1100}
	}
	for _, n := range sizes {
		for d := 1; d <= 2; d++ {
			for _, ties := range []float64{0, 0.2, 0.01} {
				x := normals(n, d, 2)
				if ties > 0 {
					x.Apply(func(_, _ int, v float64) float64 { return ties * math.Round(v/ties) }, x)
				}
				gain := gainOf(t, x, 1)
				if n < leastDistinct {
					require.True(t, math.IsNaN(gain), "too few to tell")
				} else if !math.IsNaN(gain) {
					require.Less(t, math.Abs(gain), 0.8*deadGain, "%d rows of %d columns in steps of %v", n, d, ties)
				}
			}
		}
	}
	// What is there is found.
	x := dataset.Sample(dataset.NewMoons(rand.NewPCG(1, 1)), 1100)
	require.Greater(t, gainOf(t, x, 1), 0.06)
}

// gainOf returns what the detector says can be explained of rows.
func gainOf(t *testing.T, x *mat.Dense, seed uint64) float64 {
	_, d := x.Dims()
	data, err := Rows(x, nil)
	require.NoError(t, err)
	m, err := New(d, &Config{Net: killed{small}})
	require.NoError(t, err)
	run, err := prepare(background, m, data, &Settings{Seed: seed, Workers: 1, Validation: Validation{Rows: None}})
	require.NoError(t, err)
	require.NoError(t, run.calibrate())
	fixed, err := newDetector(run.batch)
	require.NoError(t, err)
	gain, err := fixed.gain(run.batch)
	require.NoError(t, err)
	return gain
}

// Of rows enough to tell, a dead run is still stopped.
func TestDeadRunOnRowsIsStopped(t *testing.T) {
	t.Parallel()
	data, err := Rows(dataset.Sample(dataset.NewMoons(rand.NewPCG(1, 1)), 1500), nil)
	require.NoError(t, err)
	m := newDead(t, 2, Config{Net: killed{nn.Linear{Out: 2}}})
	r, err := Fit(background, m, data, &Settings{Steps: 600, Batch: 8})
	require.ErrorIs(t, err, ErrCollapsed)
	require.Equal(t, firstCheck, r.Steps)
}

// then is a rate that changes after some steps.
type then struct {
	steps         int
	before, after float64
}

func (r then) At(step int) float64 {
	if step < r.steps {
		return r.before
	}
	return r.after
}

// A finished run could not be made longer, nor its rate be changed: that is about
// the steps to come alone.
func TestResumedRunMayBeExtended(t *testing.T) {
	t.Parallel()
	const half = 20
	settings := func(steps int) *Settings {
		s := quick(steps)
		s.References, s.Rate, s.Validation.Every = -1, optim.Constant(3e-3), 10
		return s
	}
	s := settings(half)
	s.Checkpoints.Dir = t.TempDir()
	fit(t, newModel(t, 2, Config{}), few(t), s)
	path, err := Latest(s.Checkpoints.Dir)
	require.NoError(t, err)

	straight := newModel(t, 2, Config{})
	want := fit(t, straight, few(t), settings(2*half))
	m := newModel(t, 2, Config{Seed: 9})
	got, err := Resume(background, m, few(t), settings(2*half), path)
	require.NoError(t, err)
	require.Equal(t, state(straight), state(m))
	require.Equal(t, []string{"resumed after step 20 with Settings.Steps 40 instead of \"20\""}, got.Warnings)
	got.Warnings = nil
	require.Equal(t, want, got)

	changed := settings(2 * half)
	changed.Rate = then{half, 3e-3, 1e-4}
	want = fit(t, newModel(t, 2, Config{}), few(t), changed)
	for _, clip := range []float64{0, 1e6} {
		s := settings(2 * half)
		s.Rate, s.Clip, s.Validation.Patience = optim.Constant(1e-4), clip, 100
		m = newModel(t, 2, Config{Seed: 9})
		got, err = Resume(background, m, few(t), s, path)
		require.NoError(t, err)
		require.Contains(t, got.Warnings[1], "Settings.Rate optim.Constant(0.0001) instead of")
		if clip == 0 {
			require.Len(t, got.Warnings, 3)
			require.Equal(t, want.Raw, got.Raw)
		} else {
			require.Len(t, got.Warnings, 4)
			require.NotEqual(t, want.Raw, got.Raw)
		}
	}

	_, err = Resume(background, m, few(t), settings(half-1), path)
	require.ErrorIs(t, err, ErrRange)
	require.ErrorContains(t, err, "Settings.Steps: is 19, want at least the 20 that the run has made")
}

// A run whose optimiser holds another one by a pointer could not be kept: the
// pointer had no description.
func TestOptimisersWithinOptimisersCanBeKept(t *testing.T) {
	s := quick(4)
	s.Checkpoints = Checkpoints{Dir: t.TempDir(), Every: 2}
	s.Optimizer = &optim.GroupDecay[float32]{
		Optimizer: &optim.GroupDecay[float32]{Optimizer: &optim.Adam[float32]{}, Groups: []optim.Group{{Names: "*bias", WeightDecay: 0.1}}},
		Groups:    []optim.Group{{Names: "*weight", WeightDecay: 0.1}},
	}
	fit(t, newModel(t, 2, Config{}), moons(), s)
	path, err := Latest(s.Checkpoints.Dir)
	require.NoError(t, err)
	_, err = Resume(background, newModel(t, 2, Config{}), moons(), s, path)
	require.NoError(t, err)
}

// A second Fit keeps the frame of the first, and data of another place came out
// wrong without a word.
func TestASecondFitWarnsOfOtherData(t *testing.T) {
	m := newModel(t, 2, Config{})
	data, err := Rows(normals(500, 2, 1), nil)
	require.NoError(t, err)
	require.Empty(t, fit(t, m, data, quick(1)).Warnings)
	require.Empty(t, fit(t, m, data, quick(1)).Warnings)
	frame := m.Frame()
	far := normals(500, 2, 1)
	far.Apply(func(_, _ int, v float64) float64 { return 1000 + v }, far)
	if data, err = Rows(far, nil); err != nil {
		t.Fatal(err)
	}
	all := fit(t, m, data, quick(1)).Warnings
	require.Len(t, all, 1)
	require.Contains(t, all[0], "column 0: mean 1000 and deviation")
	require.Equal(t, frame, m.Frame())
}

// The unconditional score is nothing when it has not been trained, and nobody said.
func TestDroppingNoConditionIsWarnedOf(t *testing.T) {
	m, err := New(2, &Config{Net: small, Cond: Conditions{Classes: []int{3}}})
	require.NoError(t, err)
	s := quick(1)
	s.DropCond = None
	require.Contains(t, fit(t, m, labelledData(), s).Warnings[0], "Settings.DropCond is None: the score without conditions")
}

// A run at noise levels far from those that the detector of collapse looks at was said to
// have collapsed, and so was one that halves the steps of its teacher at a single level.
func TestRunsAtOtherLevelsHaveNotCollapsed(t *testing.T) {
	t.Parallel()
	c := Config{Net: nn.RecipeMLP(2, 16)}
	teacher := newModel(t, 2, c)
	fit(t, teacher, moons(), &Settings{Steps: 400, Batch: 64})
	for name, s := range map[string]*Settings{
		"little noise": {Times: LogUniform{Low: 0.003, High: 0.03}},
		"much noise":   {Times: LogUniform{Low: 20, High: 80}},
		"progressive":  {Objective: Progressive{Grid: []float64{80, 1, 0}}, Teacher: teacher},
	} {
		s.Steps, s.Batch, s.References = 600, 16, None
		m := newModel(t, 2, c)
		if s.Teacher != nil {
			m, s.References = teacher.Clone(), 0
		}
		r, err := Fit(background, m, moons(), s)
		require.NoError(t, err, name)
		require.Empty(t, r.Diagnoses, name)
		if s.Teacher != nil {
			require.Empty(t, r.Warnings, name)
			continue
		}
		require.Len(t, r.Warnings, 1)
		require.Contains(t, r.Warnings[0], map[string]string{
			"little noise": "Settings.Times has noise levels σ/α from 0.003 to 0.03 only",
			"much noise":   "Settings.Times has noise levels σ/α from 20 to 80 only",
		}[name])
	}
}

// Conditions of labels alone have no shift and scale, which are nil in one model and empty in
// another, and no classes likewise: a teacher from a file, and one whose copy learned from it,
// was refused for "another shift and scale".
func TestATeacherOfLabelsMayBeFromAFileOrTheOriginalOfACopy(t *testing.T) {
	teacher := teacherOf(t)
	path := filepath.Join(t.TempDir(), "teacher.safetensors")
	require.NoError(t, teacher.SaveFile(path))
	opened, err := Open(path)
	require.NoError(t, err)
	fit := func(m, teacher *Model, data Data, o Objective) *Model {
		_, err := Fit(background, m, data, &Settings{Objective: o, Teacher: teacher, Steps: 3, Batch: 16, Workers: 1})
		require.NoError(t, err)
		return m
	}
	var weights [][]float32
	for _, from := range []*Model{teacher, opened, teacher.Clone()} {
		few, err := NewFlowMap(from)
		require.NoError(t, err)
		_, w := fit(few, from, twoLabels{}, Trajectories{Steps: 4, Kept: 8}).Weights()
		weights = append(weights, w)
		fit(from.Clone(), from, twoLabels{}, Progressive{Grid: []float64{10, 1, 0}})
	}
	require.Equal(t, weights[0], weights[1])
	require.Equal(t, weights[0], weights[2])

	columns := newModel(t, 2, Config{Cond: Conditions{Columns: 1}})
	columns.calibrated = true
	fit(newModel(t, 2, Config{Cond: Conditions{Columns: 1, Classes: []int{}}}), columns, twoLabels{}, DSM{})

	other := teacher.Clone()
	other.shift[0]++
	_, err = Fit(background, other, twoLabels{}, &Settings{Teacher: teacher, Steps: 3, Batch: 16})
	require.ErrorIs(t, err, ErrRange)
	require.ErrorContains(t, err, "has another shift and scale than the model has from before")
}

// A checkpoint under another step's name was weighed as one of that step, without a word.
func TestLoadAverageRefusesACheckpointUnderAnotherName(t *testing.T) {
	dir, m := t.TempDir(), newModel(t, 2, Config{})
	_, err := Fit(background, m, moons(), &Settings{Steps: 40, Batch: 16, References: None, Checkpoints: Checkpoints{Dir: dir, Every: 10, Averages: true}})
	require.NoError(t, err)
	_, err = m.Clone().LoadAverage(dir, 0.05)
	require.NoError(t, err)
	require.NoError(t, os.Rename(filepath.Join(dir, keptName(20)), filepath.Join(dir, keptName(25))))
	_, err = m.LoadAverage(dir, 0.05)
	require.ErrorIs(t, err, ErrMismatch)
	require.ErrorContains(t, err, `step-000000025.safetensors: gradlogp.run.step: is "20", want 25, as the file's name says`)
}

// counted is twoLabels, which tells of every call.
type counted struct{ tell func() }

func (counted) Dims() (d, cond int) { return 2, 1 }

func (c counted) Batch(x, cond *mat.Dense, step, row int, rng *rand.Rand) error {
	c.tell()
	return twoLabels{}.Batch(x, cond, step, row, rng)
}

// A run that was cancelled while Trajectories filled its store went on until it was full.
func TestTheStoreOfTrajectoriesEndsWithTheContext(t *testing.T) {
	ctx, stop := context.WithCancel(background)
	teacher, calls := teacherOf(t), 0
	data := counted{func() {
		if calls++; calls > 3 {
			stop()
		}
	}}
	m, err := NewFlowMap(teacher)
	require.NoError(t, err)
	r, err := Fit(ctx, m, data, &Settings{Teacher: teacher, Steps: 3, Batch: 16, Objective: Trajectories{Steps: 4, Kept: 1 << 16}})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "score: Fit: cancelled after step 0 of 3")
	require.Zero(t, r.Steps)
	require.Less(t, calls, 10, "the store has 32 parts")
	_, err = NewFlowMap(nil)
	require.ErrorIs(t, err, ErrRange)
}
