package score

import (
	"cmp"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
)

// numbered serves rows (i, −i).
func numbered(t *testing.T, n int) Data {
	x := mat.NewDense(n, 2, nil)
	x.Apply(func(i, j int, _ float64) float64 { return float64(i * (1 - 2*j)) }, x)
	data, err := Rows(x, nil)
	require.NoError(t, err)
	return data
}

// served returns how often each row is among many of a Data.
func served(t *testing.T, data Data, step int) map[int]int {
	x := mat.NewDense(4000, 2, nil)
	require.NoError(t, data.Batch(x, nil, step, 0, noise.Rand(3, noise.Draw{Purpose: noise.Data})))
	seen := map[int]int{}
	for i := range 4000 {
		require.Equal(t, x.At(i, 0), -x.At(i, 1))
		seen[int(x.At(i, 0))]++
	}
	return seen
}

func TestHeldOutRowsAreNotTrainedOn(t *testing.T) {
	data := numbered(t, 200)
	var first map[int]int
	for _, seed := range []uint64{1, 1, 2} {
		s := Settings{Seed: seed}
		train, held, err := s.heldOut(data)
		require.NoError(t, err)
		a, b := served(t, train, 0), served(t, held, heldOutStep)
		require.Len(t, a, 180)
		require.Len(t, b, 20)
		for i, n := range b {
			require.NotContains(t, a, i)
			require.Equal(t, 200, n, "all as often")
		}
		if first == nil {
			first = b
			low := 0
			for i := range b {
				if i < 100 {
					low++
				}
			}
			require.InDelta(t, 10, low, 8, "a random part")
		}
		require.Equal(t, seed == 1, maps.Equal(first, b))
	}
}

func TestDefaultsDependOnTheNumberOfRows(t *testing.T) {
	for _, c := range []struct{ n, held, steps, references int }{
		{1, 0, 2000, -1}, {19, 0, 2000, -1}, {20, 2, 2000, -1}, {1000, 100, 2000, -1}, {2000, 200, 4000, -1},
		{9000, 900, 18_000, -1}, {19_999, 1999, 20_000, -1}, {20_000, 2000, 20_000, 4096}, {99_999, 4096, 20_000, 4096}, {100_000, 0, 20_000, 4096},
	} {
		data := numbered(t, c.n)
		rowwise := Settings{}.with(Recommend(c.n, 2, nil), data)
		s, err := (&rowwise).withDefaults()
		require.NoError(t, err)
		require.Equal(t, []int{c.steps, c.references}, []int{s.Steps, cmp.Or(s.Pool.Rows, s.References)}, "%d rows", c.n)
		train, held, err := s.heldOut(data)
		require.NoError(t, err)
		if c.held == 0 {
			require.Nil(t, held, "%d rows", c.n)
			require.Equal(t, data, train)
			continue
		}
		require.Equal(t, c.held, held.(inOrder).len())
		require.Equal(t, c.n-c.held, train.(rows).len())
	}
	asked := Settings{Steps: 7, Batch: 9, References: 64, Regularize: None, Times: LogNormal{}, Optimizer: &optim.Adam[float32]{}, Validation: Validation{Rows: 5}}
	s := asked.with(Recommend(10, 2, nil), numbered(t, 10))
	require.Equal(t, asked, s)
	_, held, err := s.heldOut(numbered(t, 10))
	require.NoError(t, err)
	require.Equal(t, 5, held.(inOrder).len())
	_, held, err = (&Settings{}).heldOut(moons())
	require.NoError(t, err)
	require.Nil(t, held, "endless data have no rows to learn by heart")
}

// The held-out loss of DSM under the EDM weight, put together here from the
// model's denoiser: mean of ‖D − x₀‖²(1+σ²)/σ² over antithetic pairs at
// stratified levels.
func TestHeldOutLossIsThePlainLossOfTheAverage(t *testing.T) {
	s := quick(20)
	s.Validation.Every = 20
	data := few(t)
	m := newModel(t, 2, Config{MinNoise: None}) // training knows no freeze
	r := fit(t, m, data, s)
	require.Equal(t, 20, r.BestStep)

	c := *s
	_, held, err := c.heldOut(data)
	require.NoError(t, err)
	const n = leastValidated
	clean, x := mat.NewDense(n, 2, nil), mat.NewDense(2*n, 2, nil)
	require.NoError(t, held.Batch(clean, nil, heldOutStep, 0, nil))
	m.toModel(clean)
	times, z, u := make([]float64, 2*n), make([]float64, 2), make([]float64, 1)
	for i := range n {
		noise.Uniform(u, s.Seed, noise.Draw{Purpose: noise.Level, Step: heldOutStep, Row: i})
		noise.White{Seed: s.Seed}.Rows(z, len(z), noise.Draw{Purpose: noise.Perturb, Step: heldOutStep, Row: i})
		times[i] = max(0.002, math.Exp(-1.6+1.4*math.Sqrt2*math.Erfinv(2*(float64(i)+u[0])/n-1))) // the span's begin
		times[i+n] = times[i]
		for j := range 2 {
			x.Set(i, j, clean.At(i, j)+times[i]*z[j])
			x.Set(i+n, j, clean.At(i, j)-times[i]*z[j])
		}
	}
	score := mat.NewDense(2*n, 2, nil)
	m.Unconditional().Score(score, x, times)
	total := 0.0
	for i := range 2 * n {
		σ := times[i]
		for j := range 2 {
			e := x.At(i, j) + σ*σ*score.At(i, j) - clean.At(i%n, j)
			total += e * e * (1 + σ*σ) / (σ * σ)
		}
	}
	require.InEpsilon(t, total/(2*n), r.HeldOut, 2e-5)
}

// On 60 rows the network learns them by heart: the held-out loss falls and then
// rises, and the model is the average at its least.
func TestModelIsTheBestOnHeldOutRows(t *testing.T) {
	long(t)
	overfit := func() *Settings {
		s := quick(300)
		s.References, s.Batch, s.EMA, s.Rate = -1, 128, 0.9, optim.Constant(1e-2)
		s.Validation = Validation{Rows: 20, Every: 10}
		return s
	}
	data, err := Rows(normals(80, 2, 7), nil)
	require.NoError(t, err)
	config := Config{Net: nn.RecipeMLP(2, 16)}
	s := overfit()
	seen := &recorded{}
	s.Recorder = seen
	m := newModel(t, 2, config)
	r := fit(t, m, data, s)
	best, looks := math.Inf(1), 0
	for _, x := range seen.metrics {
		if x.Step%10 != 0 {
			require.True(t, math.IsNaN(x.HeldOut))
			continue
		}
		looks++
		if x.HeldOut < best {
			best = x.HeldOut
			require.LessOrEqual(t, x.Step, r.BestStep)
		}
	}
	require.Equal(t, 30, looks)
	require.Equal(t, best, r.HeldOut)
	require.Equal(t, 300, r.Steps)
	require.Less(t, r.BestStep, 250)
	require.Greater(t, seen.metrics[299].HeldOut, 1.02*best)

	s = overfit()
	s.Steps = r.BestStep
	short := newModel(t, 2, config)
	fit(t, short, data, s)
	require.Equal(t, state(short), state(m), "the average of that step")

	s = overfit()
	s.Validation.Patience = 4
	stopped := newModel(t, 2, config)
	early := fit(t, stopped, data, s)
	require.Equal(t, early.BestStep+40, early.Steps)
	require.Less(t, early.Steps, 300)
	if early.BestStep == r.BestStep {
		require.Equal(t, state(m), state(stopped))
	}

	s = overfit()
	s.Validation = Validation{Rows: None}
	none := newModel(t, 2, config)
	r = fit(t, none, data, s)
	require.Zero(t, r.BestStep)
	require.Zero(t, r.HeldOut)
	require.NotEqual(t, state(m), state(none))
}

// A rate that destroys the network leaves the one that was there.
func TestTrainingMakesNothingWorseOnHeldOutRows(t *testing.T) {
	t.Parallel()
	data := few(t)
	s := quick(40)
	m := newModel(t, 2, Config{Net: spherical})
	fit(t, m, data, s)
	before := state(m)
	s.Rate, s.EMA, s.Clip, s.Validation.Every = optim.Constant(0.3), None, None, 10
	r := fit(t, m, data, s)
	require.Equal(t, before, state(m))
	require.Zero(t, r.BestStep)
	require.Positive(t, r.HeldOut)
	require.Contains(t, r.String(), "at step 0")
}

// Of normal rows there is nothing to learn: a network that learns them by heart is worse
// than one of zeros, which is the exact score.
func TestZerosAreKeptWhereTheyAreTheBest(t *testing.T) {
	t.Parallel()
	data, err := Rows(normals(80, 5, 7), nil)
	require.NoError(t, err)
	for _, zero := range []bool{false, true} {
		s := quick(60)
		s.References, s.Rate = None, optim.Constant(1e-2)
		s.Validation = Validation{Rows: 40, Every: 10, Zero: zero}
		m := newModel(t, 5, Config{Net: nn.RecipeMLP(5, 16)})
		r := fit(t, m, data, s)
		require.Equal(t, zero, r.BestStep == 0)
		require.Equal(t, zero, !slices.ContainsFunc(m.theta, func(w float32) bool { return w != 0 }))
	}
}

// A dead run whose held-out loss does not move is stopped by patience, and
// looked at before it ends.
func TestPatienceDoesNotHideADeadRun(t *testing.T) {
	s := &Settings{Steps: 900, Batch: 4, References: None, Validation: Validation{Data: standard(5), Every: 100, Patience: 5}}
	r := fit(t, newDead(t, 5, Config{Net: killed{nn.Linear{Out: 5}}}), standard(5), s)
	require.Equal(t, 600, r.Steps)
	require.Zero(t, r.BestStep)
	require.Len(t, r.Diagnoses, 2)
	require.Len(t, r.Warnings, 1)
}

func TestValidationHasTheSameBitsForAnyWorkers(t *testing.T) {
	var want *Result
	for _, workers := range []int{1, 2, 7} {
		s := quick(20)
		s.Workers, s.Validation.Every, s.Objective = workers, 7, randomly{}
		r := fit(t, newModel(t, 2, Config{Net: spherical, Process: sde.VP{}}), few(t), s)
		if want == nil {
			want = r
		}
		require.Equal(t, want, r)
	}
}

func TestValidationThatDoesNotFitIsRefused(t *testing.T) {
	for want, c := range map[string]struct {
		data     Data
		v        Validation
		sentinel error
	}{
		"Settings.Validation.Data: has 3 columns and 0 of conditions, the data have 2 and 0": {moons(), Validation{Data: standard(3)}, ErrShape},
		"Settings.Validation.Rows: is 300 of 300 rows, want at least one row left":           {few(t), Validation{Rows: 300}, ErrRange},
	} {
		s := quick(3)
		s.Validation = c.v
		m := newModel(t, 2, Config{})
		before := state(m)
		r, err := Fit(background, m, c.data, s)
		require.Nil(t, r)
		require.ErrorIs(t, err, c.sentinel)
		require.ErrorContains(t, err, want)
		require.Equal(t, before, state(m))
	}
	for want, data := range map[string]Data{
		"data at validation: no more rows": &failing{moons(), heldOutStep, errDry},
		"data at validation: row 7, column 1: is NaN": edited{moons(), func(x *mat.Dense, step, _ int) {
			x.Set(7, 1, math.NaN())
		}},
	} {
		s := quick(20)
		s.Validation = Validation{Data: data, Every: 10}
		m := newModel(t, 2, Config{})
		r, err := Fit(background, m, moons(), s)
		require.ErrorContains(t, err, want)
		require.Zero(t, r.Steps, "the first look is before the first step")
		require.Zero(t, r.BestStep)
	}
}

// partly is a Data that leaves the rows after the third out of step 4.
type partly struct{ Data }

func (p partly) Batch(x, cond *mat.Dense, step, row int, rng *rand.Rand) error {
	if step == 4 {
		x = x.Slice(0, 3, 0, 2).(*mat.Dense)
	}
	return p.Data.Batch(x, cond, step, row, rng)
}

func TestRowsThatDataLeaveOutAreFound(t *testing.T) {
	r, err := Fit(background, newModel(t, 2, Config{}), partly{moons()}, quick(20))
	require.ErrorIs(t, err, ErrNonFinite)
	require.ErrorContains(t, err, "data at step 4: row 3, column 0: is NaN")
	require.Equal(t, 4, r.Steps)
}

func TestBatchMayBeLargerThanTheData(t *testing.T) {
	one := mat.NewDense(3, 2, []float64{1, 2, 3, 4, 5, 7})
	data, err := Rows(one, nil)
	require.NoError(t, err)
	s := quick(5)
	s.References = 0
	r := fit(t, newModel(t, 2, Config{}), data, s)
	require.Equal(t, 5, r.Steps)
	require.Zero(t, r.BestStep, "3 rows are not split")
}
