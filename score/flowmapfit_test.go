package score

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn/pool"
	"github.com/gradlogp/gradlogp/sde"
)

// twoLabels serves two classes of rows.
type twoLabels struct{}

func (twoLabels) Dims() (d, cond int) { return 2, 1 }

func (twoLabels) Batch(x, cond *mat.Dense, _, _ int, rng *rand.Rand) error {
	for i := range x.RawMatrix().Rows {
		k := float64(rng.IntN(2))
		cond.Set(i, 0, k)
		x.SetRow(i, []float64{4*k + rng.NormFloat64(), 10 + 0.2*rng.NormFloat64()})
	}
	return nil
}

func fewStepRun(t *testing.T, o Objective, teacher *Model, s Settings) (*Model, *Settings) {
	c := Config{Net: small, FlowMap: true, Cond: Conditions{Classes: []int{2}}, Seed: 5}
	m, err := New(2, &c)
	require.NoError(t, err)
	s.Objective, s.Teacher, s.Steps, s.Batch, s.References, s.Seed = o, teacher, 40, 32, 64, 7
	return m, &s
}

func teacherOf(t *testing.T) *Model {
	m := newModel(t, 2, Config{Cond: Conditions{Classes: []int{2}}})
	m.shift, m.scale, m.calibrated = []float64{1, 10}, []float64{2, 0.3}, true
	return m
}

func fewStepObjectives(t *testing.T) map[string]struct {
	Objective
	teacher *Model
} {
	teacher, ways := teacherOf(t), Trajectories{Steps: 6, Kept: 64, Fresh: 3}
	return map[string]struct {
		Objective
		teacher *Model
	}{
		"MeanFlow": {MeanFlow{}, nil}, "Consistency": {Consistency{}, nil},
		"MeanFlow, teacher": {MeanFlow{}, teacher}, "Consistency, teacher": {Consistency{}, teacher}, "Trajectories": {ways, teacher},
	}
}

func TestFewStepRunsDoNotDependOnWorkers(t *testing.T) {
	for name, o := range fewStepObjectives(t) {
		var want []float32
		for _, workers := range []int{1, 2, 5} {
			m, s := fewStepRun(t, o.Objective, o.teacher, Settings{Workers: workers})
			r, err := Fit(t.Context(), m, twoLabels{}, s)
			require.NoError(t, err, name)
			if want == nil {
				want = r.Raw
			}
			require.Equal(t, want, r.Raw, "%s, %d workers", name, workers)
			if o.teacher != nil {
				require.Equal(t, o.teacher.Frame(), m.Frame(), "the frame is the teacher's")
			}
		}
	}
}

func TestFewStepRunsResumeToTheSameBits(t *testing.T) {
	for name, o := range fewStepObjectives(t) {
		whole, s := fewStepRun(t, o.Objective, o.teacher, Settings{})
		want, err := Fit(t.Context(), whole, twoLabels{}, s)
		require.NoError(t, err)

		dir := t.TempDir()
		half, s := fewStepRun(t, o.Objective, o.teacher, Settings{Checkpoints: Checkpoints{Dir: dir, Every: 25}})
		ctx, stopped := stopAt(25)
		s.Recorder = stopped
		_, err = Fit(ctx, half, twoLabels{}, s)
		require.ErrorIs(t, err, context.Canceled)
		path, err := Latest(dir)
		require.NoError(t, err)
		require.Equal(t, keptName(25), filepath.Base(path))

		again, s := fewStepRun(t, o.Objective, o.teacher, Settings{})
		got, err := Resume(t.Context(), again, twoLabels{}, s, path)
		require.NoError(t, err, name)
		require.Equal(t, want.Raw, got.Raw, name)

		if o.teacher != nil {
			other := teacherOf(t)
			other.theta[0]++
			third, s := fewStepRun(t, o.Objective, other, Settings{})
			_, err = Resume(t.Context(), third, twoLabels{}, s, path)
			require.ErrorIs(t, err, ErrMismatch)
			require.ErrorContains(t, err, "Teacher")
		}
	}
}

// A teacher's rows are E[x₀ | x_t] under the conditions of each.
func TestTheTeacherSeesTheConditionsOfEachRow(t *testing.T) {
	teacher := teacherOf(t)
	m, s := fewStepRun(t, MeanFlow{}, teacher, Settings{DropCond: 0.4})
	full, err := s.withDefaults()
	require.NoError(t, err)
	m.adoptFrame(teacher)
	b := newBatcher(m, twoLabels{}, &full, pool.New(2))
	b.inputs()
	require.NoError(t, b.fill(3))
	dropped := 0
	for i := range full.Batch {
		k := i % b.own
		v := teacher.Unconditional()
		if !b.dropped[k] {
			v = teacher.Given(mat.NewDense(1, 1, b.cond.RawRowView(k)))
		} else {
			dropped++
		}
		x, score := mat.NewDense(1, 2, slices.Clone(b.noisy.RawRowView(i))), mat.NewDense(1, 2, nil)
		v.Score(score, x, b.times[k:k+1])
		α, σ := m.process.Kernel(b.times[k])
		for j := range 2 {
			require.InDelta(t, (x.At(0, j)+σ*σ*score.At(0, j))/α, float64(b.x0[2*i+j]), 1e-5)
		}
	}
	require.Positive(t, dropped)
}

// A way has the teacher's score under its condition, or without when it does without, which
// once cost an evaluation of all ways for every one that did.
func TestWaysSeeTheConditionsOfEach(t *testing.T) {
	teacher := teacherOf(t)
	m, s := fewStepRun(t, Trajectories{Steps: 6, Kept: 40}, teacher, Settings{DropCond: 0.4})
	full, err := s.withDefaults()
	require.NoError(t, err)
	m.adoptFrame(teacher)
	b := newBatcher(m, twoLabels{}, &full, pool.New(2))
	b.inputs()
	require.NoError(t, b.fill(0))
	const first, n, level = 3, 30, 0.7
	x, got, want := normals(n, 2, 1), mat.NewDense(n, 2, nil), mat.NewDense(1, 2, nil)
	b.ways.score(got, x, level, first)
	seen := map[float64]int{}
	for i := range n {
		v, kind := teacher.Unconditional(), -1.0
		if !b.ways.dropped[first+i] {
			kind = b.ways.cond.At(first+i, 0)
			v = teacher.Given(mat.NewDense(1, 1, []float64{kind}))
		}
		seen[kind]++
		v.Score(want, x.Slice(i, i+1, 0, 2).(*mat.Dense), []float64{level})
		require.Equal(t, want.RawRowView(0), got.RawRowView(i), "way %d", i)
	}
	require.Len(t, seen, 3)
}

// The ways lead where the flow does, with an error of the second order.
func TestWaysFollowTheFlowOfTheTeacher(t *testing.T) {
	long(t)
	for _, p := range []sde.SDE{sde.EDM{}, sde.VP{}} {
		teacher := newModel(t, 2, Config{Process: p, MinNoise: None}).Float64()
		ends := func(steps int) *mat.Dense {
			m, err := New(2, &Config{Net: small, Process: p, FlowMap: true, MinNoise: None})
			require.NoError(t, err)
			s, err := (&Settings{Batch: 32, Objective: Trajectories{Steps: steps, Kept: 48, Same: None}, Teacher: teacher}).withDefaults()
			require.NoError(t, err)
			b := newBatcher(m, standard(2), &s, nil)
			require.NoError(t, b.fill(0))
			w := b.ways
			first, _ := w.rows.Dims()
			return mat.DenseCopyOf(w.rows.Slice(0, first, 2*steps, 2*steps+2))
		}
		exact := ends(640)
		off := func(steps int) float64 {
			var d mat.Dense
			d.Sub(ends(steps), exact)
			return mat.Norm(&d, 2)
		}
		require.InDelta(t, 2, math.Log2(off(40)/off(80)), 0.5, "%T", p)
	}
}

// Of a teacher whose field is known, F = 0, the ways are straight: the target is 0.
//
// Checks score (35).
func TestTrajectoriesTeachTheMeanField(t *testing.T) {
	zero, err := New(2, &Config{Net: killed{small}})
	require.NoError(t, err)
	m, err := New(2, &Config{Net: small, FlowMap: true})
	require.NoError(t, err)
	s, err := (&Settings{Batch: 64, Objective: Trajectories{Kept: 64, Steps: 40}, Teacher: zero}).withDefaults()
	require.NoError(t, err)
	b := newBatcher(m, standard(2), &s, nil)
	b.inputs()
	require.NoError(t, b.fill(0))
	on := 0
	for i := range 64 {
		α, σ := m.process.Kernel(b.times[i%b.own])
		θ := angleOf(α, σ, 1)
		for j := range 2 {
			field := math.Sin(θ)*float64(b.x0[2*i+j]) - math.Cos(θ)*float64(b.zt[2*i+j])
			require.InDelta(t, 0, field, 0.02*math.Abs(float64(b.xt[2*i+j]))/math.Hypot(α, σ)+1e-3)
		}
		if b.ways.on(b, i) {
			on++
		}
	}
	require.InDelta(t, 48, on, 14)
}

func TestImpossibleFewStepSettingsAreRefused(t *testing.T) {
	teacher := teacherOf(t)
	for field, change := range map[string]func(s *Settings){
		"Objective":                          func(s *Settings) { s.Objective = DSM{} },
		"Objective: is Trajectories without": func(s *Settings) { s.Objective = Trajectories{} },
		"MeanFlow.Same":                      func(s *Settings) { s.Objective = MeanFlow{Same: 1} },
		"Consistency.Data":                   func(s *Settings) { s.Objective = Consistency{Data: math.NaN()} },
		"Trajectories.Steps":                 func(s *Settings) { s.Objective, s.Teacher = Trajectories{Steps: 3}, teacher },
		"Trajectories.Kept":                  func(s *Settings) { s.Objective, s.Teacher = Trajectories{Kept: -1}, teacher },
		"Teacher: has conditions":            func(s *Settings) { s.Teacher = newModel(t, 2, Config{}) },
		"Teacher: is a model of 3 columns":   func(s *Settings) { s.Teacher = newModel(t, 3, Config{}) },
		"Teacher: has not been trained": func(s *Settings) {
			s.Teacher = newModel(t, 2, Config{Cond: Conditions{Classes: []int{2}}})
		},
		"Teacher: has the process": func(s *Settings) { s.Teacher = newModel(t, 2, Config{Process: sde.VP{}}) },
	} {
		m, s := fewStepRun(t, MeanFlow{}, nil, Settings{})
		change(s)
		before := slices.Clone(m.theta)
		_, err := Fit(t.Context(), m, twoLabels{}, s)
		require.Error(t, err, field)
		require.True(t, errors.Is(err, ErrRange) || errors.Is(err, ErrShape), "%v", err)
		require.ErrorContains(t, err, "score: Fit: Settings.")
		require.ErrorContains(t, err, field)
		require.Equal(t, before, m.theta)
	}
	m := newModel(t, 2, Config{})
	_, err := Fit(t.Context(), m, standard(2), &Settings{Objective: MeanFlow{}})
	require.ErrorIs(t, err, ErrRange)
	for _, c := range []Config{{ColumnLevels: true}, {Precond: V{}}, {Net: spherical}} {
		c.FlowMap = true
		_, err := New(2, &c)
		require.ErrorIs(t, err, ErrRange)
		require.ErrorContains(t, err, "Config.FlowMap")
	}
}
