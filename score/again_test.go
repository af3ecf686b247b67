package score

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
)

type silent struct{}

func (silent) Record(Metrics) error { return nil }

// seen counts the rows that are served.
type seen struct {
	RowSet
	rows map[int]int
}

func (s seen) Row(i int, x, cond []float64) error {
	s.rows[i]++
	return s.RowSet.Row(i, x, cond)
}

func TestAgainTrainsOnAllRowsForAsManyPasses(t *testing.T) {
	x := normals(200, 2, 1)
	s := &Settings{Steps: 300, Batch: 32, Seed: 3, Workers: 1, References: None, Validation: Validation{Every: 50, Patience: 40}, Checkpoints: Checkpoints{Dir: t.TempDir()}, Recorder: silent{}}
	first, r := fitted(t, x, s)
	require.Equal(t, 180, r.trained)
	require.Equal(t, 20, r.split)
	require.NotZero(t, r.BestStep)

	again, err := r.Again(s)
	require.NoError(t, err)
	require.Equal(t, min(300, (r.BestStep*10+4)/9), again.Steps)
	require.Nil(t, again.Recorder)
	require.Equal(t, 300, s.Steps, "the settings of the first run are as they were")
	require.Equal(t, Validation{Rows: None}, again.Validation)
	require.Empty(t, again.Checkpoints.Dir)
	require.Equal(t, s.Seed, again.Seed)

	set := seen{matrix{x, nil}, map[int]int{}}
	data, err := RowsOf(set)
	require.NoError(t, err)
	m, err := New(2, &Config{Net: nn.MLP{Hidden: []int{8}}})
	require.NoError(t, err)
	second, err := Fit(background, m, data, again)
	require.NoError(t, err)
	require.Equal(t, again.Steps, second.Steps)
	require.Zero(t, second.Recipe.HeldOut)
	require.NotEqual(t, first.theta, m.theta)
	require.Len(t, set.rows, 200, "all rows")
}

// fitted trains a small model on rows.
func fitted(t *testing.T, x *mat.Dense, s *Settings) (*Model, *Result) {
	data, err := Rows(x, nil)
	require.NoError(t, err)
	m, err := New(2, &Config{Net: nn.MLP{Hidden: []int{8}}})
	require.NoError(t, err)
	r, err := Fit(background, m, data, s)
	require.NoError(t, err)
	return m, r
}

func TestAgainKeepsTheRate(t *testing.T) {
	own := optim.Constant(1e-3)
	for _, c := range []struct {
		result Result
		s      *Settings
		want   optim.Rate
	}{
		{Result{Recipe: Recipe{Steps: 2000, SOAP: true}}, nil, optim.RecipeRateSOAP(2000)},
		{Result{Recipe: Recipe{Steps: 2000}}, &Settings{}, optim.RecipeRate(2000)},
		{Result{Recipe: Recipe{Steps: 2000}}, &Settings{Steps: 2000, Rate: own}, own},
	} {
		for best, steps := range map[int]int{900: 1000, 1800: 2000, 1900: 2000, 2000: 2000} {
			c.result.BestStep, c.result.trained, c.result.split = best, 900, 100
			again, err := c.result.Again(c.s)
			require.NoError(t, err)
			require.Equal(t, steps, again.Steps, "not beyond the schedule")
		}
		again, err := c.result.Again(c.s)
		require.NoError(t, err)
		require.Equal(t, c.want, again.Rate)
	}
}

func TestAgainWantsARunThatHeldOutRows(t *testing.T) {
	x := normals(200, 2, 1)
	apart, err := Rows(x, nil)
	require.NoError(t, err)
	for _, v := range []Validation{{Rows: None}, {Data: apart}} {
		_, r := fitted(t, x, &Settings{Steps: 3, Batch: 32, Validation: v})
		_, err := r.Again(nil)
		require.ErrorIs(t, err, ErrRange)
		require.ErrorContains(t, err, "has held out no rows")
	}
	_, err = (&Result{trained: 9, split: 1}).Again(nil)
	require.ErrorIs(t, err, ErrRange)
	require.ErrorContains(t, err, "before the first step")
	_, err = (*Result)(nil).Again(nil)
	require.ErrorContains(t, err, "has held out no rows")
}

func TestAnOptimizerServesASecondRun(t *testing.T) {
	x := normals(200, 2, 1)
	for _, fresh := range []func() optim.Optimizer[float32]{
		func() optim.Optimizer[float32] { return &optim.SOAP[float32]{} },
		func() optim.Optimizer[float32] { return &optim.Muon[float32]{} },
		func() optim.Optimizer[float32] { return &optim.Adam[float32]{} },
	} {
		used := fresh()
		_, r := fitted(t, x, &Settings{Steps: 200, Batch: 32, Optimizer: used, Rate: optim.Constant(1e-3)})
		again, err := r.Again(&Settings{Optimizer: used, Batch: 32, Rate: optim.Constant(1e-3)})
		require.NoError(t, err)
		m, _ := fitted(t, x, again)
		again.Optimizer = fresh()
		want, _ := fitted(t, x, again)
		require.Equal(t, want.theta, m.theta, "%T", used)
	}
}
