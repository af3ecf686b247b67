package score

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/checkpoint"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/sde"
)

// stopAt is a Recorder that ends a run by its context.
func stopAt(step int) (context.Context, Recorder) {
	ctx, cancel := context.WithCancel(background)
	return ctx, recorderFunc(func(m Metrics) error {
		if m.Step == step {
			cancel()
		}
		return nil
	})
}

// runs are kinds of runs whose whole state is in their checkpoints.
var runs = map[string]struct {
	config   Config
	data     func(t *testing.T) Data
	settings func(s *Settings)
}{
	"draws": {Config{}, func(*testing.T) Data { return moons() }, func(*Settings) {}},
	"rows with validation": {Config{}, few, func(s *Settings) {
		s.References, s.Validation.Every = 0, 10
	}},
	"objective with parameters and leaves": {Config{Net: spherical, Process: sde.VP{}}, few, func(s *Settings) {
		s.Objective, s.Validation.Data, s.Rate = uncertain{}, moons(), optim.RecipeRate(s.Steps)
	}},
	"no average": {Config{Precond: V{}}, func(*testing.T) Data { return standard(2) }, func(s *Settings) {
		s.ClipValue = 1e-3
		s.EMA, s.Independent, s.Scaling = -1, true, ColumnScales
	}},
	"norm, gates and detail": {libraryModels["norm and gates"], func(*testing.T) Data { return moons() }, func(s *Settings) {
		s.Times = LogNormal{Mean: -2, Std: 1.4}
	}},
	"bfloat16": {Config{Net: nn.MLP{Hidden: []int{40, 40}}}, func(*testing.T) Data { return moons() }, func(s *Settings) {
		s.BFloat16 = ad.BFloat16Pairs
	}},
	"SOAP": {Config{Net: small}, func(*testing.T) Data { return moons() }, func(s *Settings) {
		s.Optimizer = &optim.SOAP[float32]{}
	}},
	"SOAP on both sides, in groups": {Config{Net: spherical}, func(*testing.T) Data { return moons() }, func(s *Settings) {
		soap := &optim.SOAP[float32]{BothSides: true, FactorEvery: 3, BasisEvery: 7, Largest: 33}
		s.Optimizer = &optim.GroupDecay[float32]{Optimizer: soap, Groups: []optim.Group{{Names: "*weight", WeightDecay: 0.1}}}
	}},
	"Muon": {Config{Net: small}, func(*testing.T) Data { return moons() }, func(s *Settings) {
		s.Optimizer = &optim.Muon[float32]{}
	}},
}

// few are 300 rows.
func few(t *testing.T) Data {
	data, err := Rows(normals(300, 2, 7), nil)
	require.NoError(t, err)
	return data
}

func TestResumedRunHasTheBitsOfAStraightOne(t *testing.T) {
	const half = 30
	for name, c := range runs {
		t.Run(name, func(t *testing.T) {
			settings := func(dir string) *Settings {
				s := quick(2 * half)
				c.settings(s)
				s.Checkpoints = Checkpoints{Dir: dir, Every: half, Keep: None}
				return s
			}
			straight, whole := newModel(t, 2, c.config), t.TempDir()
			want := fit(t, straight, c.data(t), settings(whole))

			dir := t.TempDir()
			s := settings(dir)
			ctx, recorder := stopAt(half + 3)
			s.Recorder = recorder
			cut := newModel(t, 2, c.config)
			r, err := Fit(ctx, cut, c.data(t), s)
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, half+3, r.Steps)

			for _, from := range []int{half, half + 3} {
				config := c.config
				config.Seed = 77
				m := newModel(t, 2, config)
				s := settings(dir)
				s.Workers = 3
				seen := &recorded{}
				s.Recorder = seen
				got, err := Resume(background, m, c.data(t), s, filepath.Join(dir, keptName(from)))
				require.NoError(t, err)
				require.Equal(t, state(straight), state(m))
				require.Equal(t, want, got)
				require.Len(t, seen.metrics, half*2-from)
				require.Equal(t, from+1, seen.metrics[0].Step)
				a, b := contents(t, filepath.Join(whole, keptName(2*half))), contents(t, filepath.Join(dir, keptName(2*half)))
				require.Equal(t, a, b, "byte for byte")
			}
		})
	}
}

func contents(t *testing.T, path string) []byte {
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return b
}

// Checks and warnings of the detector, and its alarm, are those of a straight run.
func TestResumedRunRemembersItsChecks(t *testing.T) {
	config := Config{Net: killed{nn.Linear{Out: 5}}}
	s := &Settings{Steps: 1010, Batch: 4, References: None, Checkpoints: Checkpoints{Dir: t.TempDir(), Every: 505}}
	m := newDead(t, 5, config)
	want := fit(t, m, standard(5), s)
	require.Len(t, want.Diagnoses, 3)
	got, err := Resume(background, newDead(t, 5, config), standard(5), s, filepath.Join(s.Checkpoints.Dir, keptName(505)))
	require.NoError(t, err)
	require.Equal(t, fmt.Sprint(want), fmt.Sprint(got), "NaN is not equal to itself")

	last, err := Latest(s.Checkpoints.Dir)
	require.NoError(t, err)
	got, err = Resume(background, newDead(t, 5, config), standard(5), s, last)
	require.NoError(t, err, "a finished run has nothing left to do")
	require.Equal(t, fmt.Sprint(want), fmt.Sprint(got))
	require.Len(t, got.Warnings, 1)
}

// childEnv makes the test binary a training run in the directory it names.
const childEnv = "SCORE_TEST_TRAIN"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		if err := child(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const childSteps = 2000 // more than a child makes before it is killed

func childSettings(dir string) *Settings {
	s := quick(childSteps)
	s.Batch, s.References = 16, -1
	s.Checkpoints = Checkpoints{Dir: dir, Every: 1, Keep: 2}
	return s
}

// child trains until it is killed or done, and says after each step that it is
// alive.
func child(dir string) error {
	m, err := New(2, &Config{Net: small})
	if err != nil {
		return err
	}
	s := childSettings(dir)
	s.Recorder = recorderFunc(func(Metrics) error { _, err := fmt.Print("."); return err })
	path, err := Latest(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		_, err = Fit(background, m, moons(), s)
	case err == nil:
		_, err = Resume(background, m, moons(), s, path)
	}
	return err
}

func TestKilledRunGoesOnWithTheSameBits(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	torn, saved := 0, false
	for i := 0; i < 6 || (torn == 0 || !saved) && i < 60; i++ { // until one was killed while it saved, and one after that
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childEnv+"="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		_, err = out.Read(make([]byte, 1))
		require.NoError(t, err)
		time.Sleep(time.Duration(i%8*(1+i/8)) * 1500 * time.Microsecond) // longer where the machine is busy
		require.NoError(t, cmd.Process.Kill())
		require.Error(t, cmd.Wait(), "killed before its end")
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".tmp") {
				torn++
			}
		}
		_, err = Latest(dir)
		saved = err == nil
	}
	require.Positive(t, torn, "no run was killed while it saved")
	path, err := Latest(dir)
	require.NoError(t, err)
	m, err := New(2, &Config{Net: small, Seed: 3})
	require.NoError(t, err)
	s := childSettings("")
	got, err := Resume(background, m, moons(), s, path)
	require.NoError(t, err)

	s = childSettings("")
	straight, err := New(2, &Config{Net: small})
	require.NoError(t, err)
	want := fit(t, straight, moons(), s)
	require.True(t, fmt.Sprint(want) == fmt.Sprint(got), "gains that were not measured are NaN, which is not equal to itself")
	require.Equal(t, state(straight), state(m))
}

func TestTheNewestCheckpointsAreKept(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "step-1.safetensors"), nil, 0o666))
	s := quick(47)
	s.Checkpoints = Checkpoints{Dir: dir, Every: 10, Keep: 2}
	m := newModel(t, 2, Config{})
	fit(t, m, moons(), s)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	require.Equal(t, []string{keptName(40), keptName(47), "step-1.safetensors"}, names, "other files are left alone")

	path, err := Latest(dir)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, keptName(47)), path)
	loaded := newModel(t, 2, Config{Seed: 4})
	require.NoError(t, loaded.LoadFile(path), "a checkpoint is a model's file")
	require.Equal(t, state(m), state(loaded))

	before := state(m)
	_, err = Fit(background, m, moons(), s)
	require.ErrorIs(t, err, fs.ErrExist, "it belongs to another run")
	require.ErrorContains(t, err, "Settings.Checkpoints.Dir: "+path)
	require.Equal(t, before, state(m))
	for _, empty := range []string{t.TempDir(), filepath.Join(dir, "none")} {
		_, err = Latest(empty)
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.ErrorContains(t, err, empty)
	}
}

func TestOtherSettingsAreRefusedByName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base := func() *Settings {
		s := quick(20)
		s.References, s.Checkpoints.Dir = -1, dir
		s.Validation.Every = 10
		return s
	}
	fit(t, newModel(t, 2, Config{}), few(t), base())
	path, err := Latest(dir)
	require.NoError(t, err)
	other, err := Rows(normals(300, 2, 8), nil)
	require.NoError(t, err)
	for want, change := range map[string]func(s *Settings, data *Data, c *Config){
		"Settings.Objective is\n\tscore.DSM{} in the file,\n\tscore.uncertain{} in this run": func(s *Settings, _ *Data, _ *Config) { s.Objective = uncertain{} },
		"Settings.Weight is":      func(s *Settings, _ *Data, _ *Config) { s.Weight = Simple{} },
		"Settings.Times is":       func(s *Settings, _ *Data, _ *Config) { s.Times = UniformTimes{} },
		"Settings.Batch is":       func(s *Settings, _ *Data, _ *Config) { s.Batch = 50 },
		"Settings.Independent is": func(s *Settings, _ *Data, _ *Config) { s.Independent = true },
		"Settings.References is":  func(s *Settings, _ *Data, _ *Config) { s.References = 64 },
		"Settings.Pool is\n\tscore.Pool{} in the file,\n\tscore.Pool{Rows:64}": func(s *Settings, _ *Data, _ *Config) { s.References, s.Pool.Rows = None, 64 },
		"Settings.Optimizer is\n\t&optim.Adam":                                 func(s *Settings, _ *Data, _ *Config) { s.Optimizer = &optim.Adam[float32]{Beta1: 0.5} },
		"Settings.EMA is":                                                      func(s *Settings, _ *Data, _ *Config) { s.EMA = 0.5 },
		"Settings.Averaging is":                                                func(s *Settings, _ *Data, _ *Config) { s.Averaging = optim.HalfLife{Steps: 9} },
		"Settings.BFloat16 is\n\t\"float32\" in the file,\n\t\"pairs\"":        func(s *Settings, _ *Data, _ *Config) { s.BFloat16 = ad.BFloat16Pairs },
		"Settings.DropCond is":                                                 func(s *Settings, _ *Data, _ *Config) { s.DropCond = 0.5 },
		"Settings.Scaling is\n\t\"auto\" in the file":                          func(s *Settings, _ *Data, _ *Config) { s.Scaling = CommonScale },
		"Settings.Seed is\n\t4 in the file,\n\t5":                              func(s *Settings, _ *Data, _ *Config) { s.Seed = 5 },
		"Settings.Validation.Rows is":                                          func(s *Settings, _ *Data, _ *Config) { s.Validation.Rows = 7 },
		"Settings.Validation.Every is":                                         func(s *Settings, _ *Data, _ *Config) { s.Validation.Every = 7 },
		"gradlogp.run.data is":                                                 func(_ *Settings, data *Data, _ *Config) { *data = other },
		"gradlogp.process is":                                                  func(_ *Settings, _ *Data, c *Config) { c.Process = sde.VP{} },
		"gradlogp.network is":                                                  func(_ *Settings, _ *Data, c *Config) { c.Net = nn.MLP{Hidden: []int{16, 17}} },
	} {
		s, data, c := base(), few(t), Config{}
		change(s, &data, &c)
		m := newModel(t, 2, c)
		before := state(m)
		r, err := Resume(background, m, data, s, path)
		require.Nil(t, r, want)
		require.ErrorIs(t, err, ErrMismatch, want)
		require.ErrorContains(t, err, "score: Resume: "+path+": ")
		require.ErrorContains(t, err, want)
		require.Less(t, len(err.Error()), 1000, want)
		require.Equal(t, before, state(m), want)
	}
}

func TestStateOfAnotherOptimiserIsRefused(t *testing.T) {
	t.Parallel()
	net := nn.Sequential{nn.MLP{Hidden: []int{16}, Out: 8}, nn.LayerNorm{}, nn.Linear{Out: 2}}
	s := quick(20)
	s.Checkpoints.Dir, s.Optimizer = t.TempDir(), new(optim.SOAP[float32])
	fit(t, newModel(t, 2, Config{Net: net}), moons(), s)
	path, err := Latest(s.Checkpoints.Dir)
	require.NoError(t, err)
	for want, o := range map[string]optim.Optimizer[float32]{
		"Settings.Optimizer is\n\t&optim.SOAP[float32]{} in the file,\n\t&optim.Adam[float32]{":                nil,
		"Settings.Optimizer is\n\t&optim.SOAP[float32]{} in the file,\n\t&optim.Muon[float32]{}":               new(optim.Muon[float32]),
		"Settings.Optimizer is\n\t&optim.SOAP[float32]{} in the file,\n\t&optim.SOAP[float32]{BothSides:true}": &optim.SOAP[float32]{BothSides: true},
	} {
		other := *s
		other.Optimizer = o
		_, err := Resume(background, newModel(t, 2, Config{Net: net}), moons(), &other, path)
		require.ErrorIs(t, err, ErrMismatch)
		require.ErrorContains(t, err, want)
	}
	for want, change := range map[string]func(*checkpoint.Tensor){
		"the file has no tensor run.optimizer.3":                                      func(f *checkpoint.Tensor) { f.Name = tensorOptimizer + "4" },
		"tensor run.optimizer.3 is []float32 of shape [1], want []float32 of shape [": func(f *checkpoint.Tensor) { f.Shape, f.Data = []int{1}, []float32{1} },
		"number 5 of tensor run.optimizer.3 is +Inf":                                  func(f *checkpoint.Tensor) { f.Data.([]float32)[5] = float32(math.Inf(1)) },
	} {
		f, err := checkpoint.ReadFile(path)
		require.NoError(t, err)
		for i := range f.Tensors {
			if f.Tensors[i].Name == tensorOptimizer+"3" {
				change(&f.Tensors[i])
			}
		}
		bad := filepath.Join(t.TempDir(), "bad")
		require.NoError(t, checkpoint.WriteFile(bad, f))
		_, err = Resume(background, newModel(t, 2, Config{Net: net}), moons(), s, bad)
		require.ErrorContains(t, err, want)
	}
}

// A field that changes a run has to be in the file.
func TestCheckpointsDescribeEverySetting(t *testing.T) {
	free := []string{"Workers", "Checkpoints", "Recorder", "Logger"}
	s := quick(1)
	s.Checkpoints.Dir = t.TempDir()
	fit(t, newModel(t, 2, Config{}), moons(), s)
	f, err := checkpoint.ReadFile(filepath.Join(s.Checkpoints.Dir, keptName(1)))
	require.NoError(t, err)
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Settings]()) {
		described := false
		for key := range f.Metadata {
			key, ok := strings.CutPrefix(key, metaSettings)
			described = described || ok && (key == field.Name || strings.HasPrefix(key, field.Name+"."))
		}
		require.Equal(t, !slices.Contains(free, field.Name), described, field.Name)
	}
}

func TestCheckpointThatDoesNotFitIsRefused(t *testing.T) {
	t.Parallel()
	s := quick(20)
	s.Checkpoints.Dir = t.TempDir()
	s.Validation = Validation{Data: moons(), Every: 10}
	fit(t, newModel(t, 2, Config{}), moons(), s)
	path, err := Latest(s.Checkpoints.Dir)
	require.NoError(t, err)
	set := func(key, value string) func(f *checkpoint.File) {
		return func(f *checkpoint.File) { f.Metadata[key] = value }
	}
	rename := func(name string) func(f *checkpoint.File) {
		return func(f *checkpoint.File) {
			for i := range f.Tensors {
				if f.Tensors[i].Name == name {
					f.Tensors[i].Name += "!"
				}
			}
		}
	}
	for want, change := range map[string]func(f *checkpoint.File){
		"the file is a model, not a checkpoint":                                      set(metaKind, kindModel),
		"Settings.Steps: is 20, want at least the 21":                                set(metaStep, "21"),
		`gradlogp.run.step: is "x"`:                                                  set(metaStep, "x"),
		`gradlogp.run.step: is "999`:                                                 set(metaStep, strings.Repeat("9", 1<<20)),
		`gradlogp.run.best_loss is "\x1b`:                                            set(metaBestLoss, strings.Repeat("\x1b", 1<<20)),
		"xxx… in the file":                                                           set(metaSettings+"Batch", strings.Repeat("x", 1<<20)),
		`gradlogp.run.best_step is "-1", want a step on [0, 20]`:                     set(metaBestStep, "-1"),
		`gradlogp.run.best_loss is "NaN", want a finite number`:                      set(metaBestLoss, "NaN"),
		`gradlogp.run.warnings`:                                                      set(metaWarnings, "{"),
		"the file has no tensor run.weights":                                         rename(tensorRaw),
		"the file has no tensor run.average":                                         rename(tensorEMA),
		"the file has a tensor run.best! that the run has not":                       rename(tensorBest),
		"the file has no tensor run.optimizer.1":                                     rename(tensorOptimizer + "1"),
		"the file has no tensor run.losses":                                          rename(tensorLosses),
		"the file has no tensor run.checks":                                          rename(tensorChecks),
		"tensor run.losses is []float64 of shape [20], want []float64 of shape [19]": set(metaStep, "19"),
		"number 2 of tensor run.weights is NaN": func(f *checkpoint.File) {
			for _, tensor := range f.Tensors {
				if tensor.Name == tensorRaw {
					tensor.Data.([]float32)[2] = float32(math.NaN())
				}
			}
		},
	} {
		f, err := checkpoint.ReadFile(path)
		require.NoError(t, err)
		change(f)
		bad := filepath.Join(t.TempDir(), "bad")
		require.NoError(t, checkpoint.WriteFile(bad, f))
		m := newModel(t, 2, Config{})
		before := state(m)
		r, err := Resume(background, m, moons(), s, bad)
		require.Nil(t, r, want)
		require.ErrorContains(t, err, want)
		require.Equal(t, before, state(m), want)
	}
	for _, missing := range []string{filepath.Join(t.TempDir(), "none"), t.TempDir()} {
		_, err := Resume(background, newModel(t, 2, Config{}), moons(), s, missing)
		require.ErrorContains(t, err, "score: Resume: ")
		require.ErrorContains(t, err, missing)
	}
	other := *s
	other.Validation.Data = pinwheel()
	_, err = Resume(background, newModel(t, 2, Config{}), moons(), &other, path)
	require.ErrorIs(t, err, ErrMismatch)
	require.ErrorContains(t, err, "gradlogp.run.held_out is")
	b := contents(t, path)
	for k := 0; k < len(b); k += 1 + len(b)/100 {
		b[k] ^= 1
		require.NoError(t, os.WriteFile(path, b, 0o666))
		b[k] ^= 1
		_, err := Resume(background, newModel(t, 2, Config{}), moons(), s, path)
		require.Error(t, err, "byte %d", k)
	}
}

// A run that cannot be described is refused before its first step.
func TestOpaqueSettingsCannotBeKept(t *testing.T) {
	s := quick(3)
	s.Objective, s.Checkpoints.Dir = functional{F: math.Sqrt}, filepath.Join(t.TempDir(), "none")
	_, err := Fit(background, newModel(t, 2, Config{}), moons(), s)
	require.ErrorIs(t, err, ErrNotSerializable)
	require.ErrorContains(t, err, "Settings.Checkpoints: Settings.Objective.F is a func")
	require.NoDirExists(t, s.Checkpoints.Dir)
	s.Objective = nil
	_, err = Fit(background, newModel(t, 2, Config{Process: own}), moons(), s)
	require.ErrorIs(t, err, ErrNotSerializable)
	require.ErrorContains(t, err, "Config.Process.Alpha is a func")
}

type functional struct {
	DSM
	F func(float64) float64
}

// A failed step, whatever its reason, leaves the last good checkpoint, and from
// there the run goes on when the reason is gone.
func TestFailedRunKeepsItsLastGoodCheckpoint(t *testing.T) {
	straight := newModel(t, 2, Config{})
	want := fit(t, straight, moons(), quick(20))
	for name, bad := range map[string]struct {
		arrange func(s *Settings) Data
		want    error
	}{
		"NaN in the loss": {func(s *Settings) Data {
			return edited{moons(), func(x *mat.Dense, step, row int) {
				if step == 13 {
					x.Set(0, 0, 1e300)
				}
			}}
		}, ErrNonFinite},
		"data that run dry": {func(*Settings) Data { return &failing{moons(), 13, errDry} }, errDry},
		"an optimiser that fails": {func(s *Settings) Data {
			s.Optimizer = &late{}
			return moons()
		}, ErrNonFinite},
	} {
		s := quick(20)
		s.Checkpoints = Checkpoints{Dir: t.TempDir(), Every: 1, Keep: 1}
		data := bad.arrange(s)
		m := newModel(t, 2, Config{})
		r, err := Fit(background, m, data, s)
		require.ErrorIs(t, err, bad.want, name)
		last, err := Latest(s.Checkpoints.Dir)
		require.NoError(t, err)
		require.Equal(t, filepath.Join(s.Checkpoints.Dir, keptName(13)), last, name)
		if name == "an optimiser that fails" {
			require.Equal(t, 14, r.Steps)
			continue // its description is its own
		}
		require.Equal(t, 13, r.Steps)
		loaded := newModel(t, 2, Config{})
		require.NoError(t, loaded.LoadFile(last))
		require.Equal(t, state(loaded), state(m), name)

		s.Optimizer = nil
		mended := newModel(t, 2, Config{})
		got, err := Resume(background, mended, moons(), s, last)
		require.NoError(t, err)
		require.Equal(t, want, got, name)
		require.Equal(t, state(straight), state(mended), name)
	}
}

var errDry = errors.New("no more rows")

// late is an optimiser that ruins a weight at its 14th step.
type late struct {
	optim.Adam[float32]
	step int
}

func (p *late) Begin(n, step int, rate float64) bool {
	p.step = step
	return p.Adam.Begin(n, step, rate)
}

func (p *late) Update(theta, grad []float32, from int) {
	p.Adam.Update(theta, grad, from)
	if p.step == 13 && from == 0 {
		theta[5] = float32(math.NaN())
	}
}

// watched is an optimiser that cancels the run while its state is saved.
type watched struct {
	optim.Adam[float32]
	cancel context.CancelFunc
}

func (w *watched) State() [][]float32 {
	w.cancel()
	return w.Adam.State()
}

func (w *watched) GoString() string { return "watched" }

func TestCancelDuringASaveLeavesAWholeFile(t *testing.T) {
	ctx, cancel := context.WithCancel(background)
	s := quick(20)
	s.Optimizer = &watched{cancel: cancel}
	s.Checkpoints = Checkpoints{Dir: t.TempDir(), Every: 6}
	m := newModel(t, 2, Config{})
	r, err := Fit(ctx, m, moons(), s)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 6, r.Steps)
	path, err := Latest(s.Checkpoints.Dir)
	require.NoError(t, err)
	s.Optimizer = &watched{cancel: func() {}}
	got, err := Resume(background, m, moons(), s, path)
	require.NoError(t, err)
	straight := newModel(t, 2, Config{})
	require.Equal(t, fit(t, straight, moons(), quick(20)), got)
	require.Equal(t, state(straight), state(m))
}

func TestDiskThatFailsEndsTheRunWithTheModelTrained(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	s := quick(20)
	s.Checkpoints = Checkpoints{Dir: dir, Every: 5}
	s.Recorder = recorderFunc(func(m Metrics) error {
		if m.Step == 8 { // the directory becomes a file
			return errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o666))
		}
		return nil
	})
	m := newModel(t, 2, Config{})
	r, err := Fit(background, m, moons(), s)
	require.ErrorContains(t, err, "score: Fit: checkpoint after step 10: ")
	require.Equal(t, 10, r.Steps)
	straight := newModel(t, 2, Config{})
	want := fit(t, straight, moons(), quick(10))
	want.Recipe.Steps = s.Steps
	require.Equal(t, want, r)
	require.Equal(t, state(straight), state(m))

	before := state(m)
	for _, bad := range []string{dir, filepath.Join(dir, "below")} {
		s = quick(20)
		s.Checkpoints.Dir = bad
		r, err = Fit(background, m, moons(), s)
		require.Nil(t, r, "known before the first step")
		require.ErrorContains(t, err, "Settings.Checkpoints.Dir: ")
		require.ErrorContains(t, err, dir)
		require.Equal(t, before, state(m))
	}
}
