package score

import (
	"context"
	"fmt"
	"gonum.org/v1/gonum/mat"

	"log/slog"

	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/optim"
)

// table serves n rows of d columns.
func table(t *testing.T, n, d int) Data {
	data, err := Rows(normals(n, d, 7), nil)
	require.NoError(t, err)
	return data
}

// plainMLP is the network for Adam, without features.
func plainMLP(width int) nn.MLP {
	return nn.MLP{Hidden: []int{width, width, width}, Activation: nn.SiLU{}, Time: nn.TimeFourier{N: 4, Low: 0.5, High: 8}}
}

// brief are settings of a run that ends at once, with everything else by the rows.
func brief() *Settings { return &Settings{Steps: 2, Batch: 16, Seed: 1} }

func TestFitChoosesTheNetworkByTheRows(t *testing.T) {
	long(t)
	fewMLP := nn.RecipeMLP(2, 116)
	fewMLP.Features = nil
	for _, c := range []struct {
		n, d  int
		net   nn.Module
		above float64 // what Regularize is above
	}{
		{0, 2, nn.RecipeMLP(2, 116), None - 1},
		{0, 5, nn.RecipeMLP(5, 116), None - 1},
		{300, 5, plainMLP(116), 0.2},
		{300, 2, fewMLP, None - 1},
		{10_000, 5, plainMLP(256), 0.05},
		{20_000, 5, plainMLP(256), None - 1},
		{20_000, 2, nn.RecipeMLP(2, 116), None - 1},
	} {
		data := standard(c.d)
		if c.n > 0 {
			data = table(t, c.n, c.d)
		}
		m, err := New(c.d, nil)
		require.NoError(t, err)
		r := fit(t, m, data, brief())
		require.Equal(t, c.net, m.net, "%d rows of %d columns", c.n, c.d)
		require.Equal(t, c.net, r.Recipe.Net)
		require.Greater(t, r.Recipe.Regularize, c.above)
		require.Equal(t, heldOutOf(c.n), r.Recipe.HeldOut)
		require.Contains(t, r.String(), r.Recipe.String())

		// The same as if it had been asked for.
		named, err := New(c.d, &Config{Net: c.net})
		require.NoError(t, err)
		s := brief()
		s.Regularize = r.Recipe.Regularize
		require.Equal(t, r, fit(t, named, data, s))
		require.Equal(t, state(named), state(m))

		// And not chosen again.
		fit(t, m, standard(c.d), brief())
		require.Equal(t, c.net, m.net)
	}
}

func TestTheOptimiserAndItsRateGoWithTheNetwork(t *testing.T) {
	adam, soap := optim.RecipeRate(2).At(0), optim.RecipeRateSOAP(2).At(0)
	teacher, err := New(2, &Config{Net: small})
	require.NoError(t, err)
	fit(t, teacher, moons(), brief())
	for name, c := range map[string]struct {
		net      nn.Module
		settings func(s *Settings)
		soap     bool
		rate     float64
		pool     int
	}{
		"default":             {nil, func(*Settings) {}, true, soap, 128},
		"wider":               {nn.RecipeMLP(2, 20), func(*Settings) {}, true, soap, 128},
		"without a norm":      {small, func(*Settings) {}, false, adam, 128},
		"a plain energy":      {nn.Energy{Net: nn.MLP{Hidden: []int{8}, Out: 1}}, func(*Settings) {}, false, adam, 128},
		"an energy":           {nn.RecipeEnergy(2, 8), func(*Settings) {}, true, soap, 128},
		"Adam of one's own":   {nil, func(s *Settings) { s.Optimizer = &optim.Adam[float32]{} }, false, adam, 128},
		"SOAP of one's own":   {small, func(s *Settings) { s.Optimizer = &optim.SOAP[float32]{} }, true, soap, 128},
		"a rate of one's own": {nil, func(s *Settings) { s.Rate = optim.Constant(1e-4) }, true, 1e-4, 128},
		"a pool of one's own": {nil, func(s *Settings) { s.Pool.Rows = 50 }, true, soap, 50},
		"references":          {nil, func(s *Settings) { s.References = 50 }, true, soap, 0},
		"the plain target":    {nil, func(s *Settings) { s.References = None }, true, soap, 0},
		"a teacher":           {nn.RecipeMLP(2, 8), func(s *Settings) { s.Teacher = teacher }, true, soap, 0},
	} {
		m, err := New(2, &Config{Net: c.net})
		require.NoError(t, err, name)
		s, seen := brief(), &recorded{}
		s.Recorder = seen
		c.settings(s)
		r := fit(t, m, moons(), s)
		require.Equal(t, c.soap, r.Recipe.SOAP, name)
		require.Equal(t, c.pool, r.Recipe.Pool, name)
		require.Equal(t, c.rate, seen.metrics[0].Rate, name)
	}
}

func TestANetworkOfOnesOwnIsKeptAndNotRegularised(t *testing.T) {
	m := newModel(t, 5, Config{})
	r := fit(t, m, table(t, 300, 5), brief())
	require.Equal(t, Recipe{Net: small, Steps: 2, Batch: 16, Regularize: None, Times: LogNormal{}, HeldOut: 30}, r.Recipe)
	require.Equal(t, "MLP 16×16, 2 steps of 16 rows, 30 rows held out", r.Recipe.String())
	regularized := brief()
	regularized.Regularize = 0.5
	other := fit(t, newModel(t, 5, Config{}), table(t, 300, 5), regularized)
	require.NotEqual(t, r.Raw, other.Raw)
	require.Equal(t, "MLP 16×16, 2 steps of 16 rows, regularised by 0.5, 30 rows held out", other.Recipe.String())
}

// What Fit chose is in the file, for Open and for a model made as the saved one was.
func TestAChosenNetworkComesBackFromItsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m")
	m, err := New(2, nil)
	require.NoError(t, err)
	fit(t, m, table(t, 300, 2), brief())
	require.NoError(t, m.SaveFile(path))
	opened, err := Open(path)
	require.NoError(t, err)
	loaded, err := New(2, nil)
	require.NoError(t, err)
	require.NoError(t, loaded.LoadFile(path))
	for _, got := range []*Model{opened, loaded} {
		require.Equal(t, state(m), state(got))
		require.Equal(t, bothScores(m), bothScores(got))
	}

	damaged, err := New(3, nil)
	require.NoError(t, err)
	before := state(damaged)
	require.ErrorIs(t, damaged.LoadFile(path), ErrMismatch)
	require.Equal(t, before, state(damaged))
}

// A model that comes from a file is trained as the one that was saved: few rows are
// regularised, and a network that nobody has chosen yet is chosen.
func TestAnOpenedModelIsTrainedAsTheSavedOne(t *testing.T) {
	dir := t.TempDir()
	rows := table(t, 300, 5)
	m, err := New(5, &Config{Seed: 7})
	require.NoError(t, err)
	for _, fitted := range []bool{false, true} {
		path := filepath.Join(dir, fmt.Sprint(fitted))
		require.NoError(t, m.SaveFile(path))
		opened, err := Open(path)
		require.NoError(t, err)
		want, got := fit(t, m, rows, brief()), fit(t, opened, rows, brief())
		require.Positive(t, want.Recipe.Regularize)
		require.Equal(t, want.Recipe, got.Recipe)
		require.Equal(t, want.Raw, got.Raw)
		require.Equal(t, state(m), state(opened))
	}

	s := brief()
	s.Checkpoints = Checkpoints{Dir: dir, Every: 1}
	want := fit(t, m, rows, s)
	path := filepath.Join(dir, "step-000000001.safetensors")
	opened, err := Open(path)
	require.NoError(t, err)
	got, err := Resume(background, opened, rows, brief(), path)
	require.NoError(t, err)
	require.Equal(t, want.Raw, got.Raw)
}

func TestAFitThatDoesNotStartLeavesTheNetwork(t *testing.T) {
	m, err := New(2, nil)
	require.NoError(t, err)
	before, net := state(m), m.net
	for _, s := range []*Settings{
		{Steps: -1}, {Objective: shaped(func(d Batch) *ad.Expr { return d.X0 })}, {Checkpoints: Checkpoints{Dir: os.DevNull}},
	} {
		_, err := Fit(background, m, table(t, 300, 2), s)
		require.Error(t, err)
		require.Equal(t, before, state(m))
		require.Equal(t, net, m.net)
	}
	_, err = Resume(background, m, table(t, 300, 2), brief(), filepath.Join(t.TempDir(), "none"))
	require.Error(t, err)
	require.Equal(t, before, state(m))
}

func TestAResumedRunChoosesTheSameNetwork(t *testing.T) {
	settings := func(dir string) *Settings {
		return &Settings{Steps: 4, Batch: 16, Checkpoints: Checkpoints{Dir: dir, Every: 2, Keep: None}}
	}
	dir := t.TempDir()
	straight, err := New(4, nil)
	require.NoError(t, err)
	want := fit(t, straight, table(t, 100, 4), settings(dir))
	m, err := New(4, nil)
	require.NoError(t, err)
	got, err := Resume(background, m, table(t, 100, 4), settings(t.TempDir()), filepath.Join(dir, keptName(2)))
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Equal(t, state(straight), state(m))

	s := settings("")
	s.Regularize = None
	_, err = Resume(background, m, table(t, 100, 4), s, filepath.Join(dir, keptName(2)))
	require.ErrorIs(t, err, ErrMismatch)
	require.ErrorContains(t, err, "Settings.")
}

// Twenty rows of noise in ten columns are learned by heart within a few hundred
// steps; a run that stops before that, or keeps from it, has nothing to tell.
func TestRowsLearnedByHeartAreWarnedOf(t *testing.T) {
	run := func(regularize float64, steps int) []string {
		m, err := New(6, &Config{Net: nn.MLP{Hidden: []int{48, 48}}})
		require.NoError(t, err)
		s := &Settings{Steps: steps, Batch: 64, EMA: 0.9, Rate: optim.Constant(6e-3), Regularize: regularize, Validation: Validation{Rows: 40, Every: 20}}
		return fit(t, m, table(t, 80, 6), s).Warnings
	}
	all := run(None, 400)
	require.NotEmpty(t, all)
	require.Contains(t, all[len(all)-1], "the network learns rows by heart: from step ")
	require.Empty(t, run(None, 20))
}

func TestAnyColumnsGivenAnyOthersTakeMoreSteps(t *testing.T) {
	levels := &Config{ColumnLevels: true}
	require.Equal(t, 3*Recommend(800, 9, nil).Steps, Recommend(800, 9, levels).Steps)
	require.Equal(t, 20_000, Recommend(9000, 9, levels).Steps)
	require.Equal(t, Recommend(0, 9, nil).Steps, Recommend(0, 9, levels).Steps)
}

// stopped is a context that ends a run before its first step.
func stopped() context.Context {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	return ctx
}

func TestANetworkOfManyPlacesTakesAffordableStepsByDefault(t *testing.T) {
	long(t)
	square := func(side int, channels ...int) nn.UNet { return nn.UNet{Size: []int{side, side}, Channels: channels} }
	for _, c := range []struct {
		name         string
		d            int
		config       Config
		s            Settings
		batch, steps int
		warned       bool
	}{
		{"MLP", 64, Config{Net: nn.MLP{Hidden: []int{256, 256}}}, Settings{}, 512, 20_000, false},
		{"wide MLP", 64, Config{Net: nn.MLP{Hidden: []int{768, 768}}}, Settings{}, 512, 20_000, false},
		{"small convolution", 64, Config{Net: square(8, 4)}, Settings{}, 512, 20_000, false},
		{"U-Net", 64, Config{Net: square(8, 32)}, Settings{}, 128, 20_000, false},
		{"U-Net with classes", 64, Config{Net: square(8, 32), Cond: Conditions{Classes: []int{3}}}, Settings{}, 128, 2000, false},
		{"U-Net of pictures", 784, Config{Net: square(28, 32)}, Settings{}, 64, 4150, false},
		{"steps of one's own", 784, Config{Net: square(28, 32)}, Settings{Steps: 9000}, 64, 9000, false},
		{"batch of one's own", 784, Config{Net: square(28, 32)}, Settings{Batch: 32}, 32, 8300, false},
		{"too much", 1 << 14, Config{Net: square(128, 32)}, Settings{}, 64, 2000, true},
		{"table", 40, Config{Net: nn.TabularTransformer{Width: 32, Blocks: 2}, ColumnLevels: true}, Settings{}, 256, 17_700, false},
	} {
		m, err := New(c.d, &c.config)
		require.NoError(t, err)
		data := standard(c.d)
		if c.config.Cond.Classes != nil {
			data, err = Rows(normals(9, c.d, 1), mat.NewDense(9, 1, nil))
			require.NoError(t, err)
			c.s.Validation.Rows = None
		}
		var r *Result
		all := events(t, func(log *slog.Logger) {
			c.s.Logger = log
			r, err = Fit(stopped(), m, data, &c.s)
		})
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, float64(c.batch), all[0]["batch"], c.name)
		require.Equal(t, c.batch, r.Recipe.Batch, c.name)
		require.InEpsilon(t, c.steps, r.Recipe.Steps, 0.05, c.name)
		require.Equal(t, c.warned, strings.Contains(strings.Join(r.Warnings, ""), "2000 steps of 64 rows, the defaults, take hours"), "%s: %v", c.name, r.Warnings)
	}
}

func TestStepsWithATeacher(t *testing.T) {
	teacher := newModel(t, 2, Config{})
	for _, c := range []struct {
		steps int
		o     Objective
		want  int
	}{
		{20_000, nil, 5000}, {20_000, Trajectories{}, 5000}, {20_000, MeanFlow{}, 6000}, {20_000, Consistency{}, 5000},
		{2000, MeanFlow{}, 1000}, {600, MeanFlow{}, 600},
	} {
		s := Settings{Teacher: teacher, Objective: c.o}
		require.Equal(t, c.want, s.with(Recipe{Steps: c.steps}, nil).Steps, "%T", c.o)
		s.Steps = 7
		require.Equal(t, 7, s.with(Recipe{Steps: c.steps}, nil).Steps)
	}
}
