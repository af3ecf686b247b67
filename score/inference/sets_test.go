package inference

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/score"
)

// points are so many points in the plane, N(θ₀, e^{2θ₁}) across and as wide and correlated
// upwards.
type points int

func (n points) Simulate(x, theta []float64, rng *rand.Rand) error {
	for i := range int(n) {
		z := rng.NormFloat64()
		x[2*i] = theta[0] + math.Exp(theta[1])*z
		x[2*i+1] = theta[2] + math.Exp(theta[1])*(0.8*z+0.6*rng.NormFloat64())
	}
	return nil
}

var three = Normal{Mean: []float64{0, 0, 0}, Deviation: []float64{1, 1, 1}}

func TestRepeatedMeasurementsAreFound(t *testing.T) {
	pairs, err := Simulate(t.Context(), three, points(4), 8, 1500, nil)
	require.NoError(t, err)
	twin := [][]int{{0, 2, 4, 6}, {1, 3, 5, 7}}
	change := func(f func(i int, x []float64)) *mat.Dense {
		x := mat.DenseCopyOf(pairs.X)
		for i := range 1500 {
			f(i, x.RawRowView(i))
		}
		return x
	}
	few := mat.DenseCopyOf(pairs.X.Slice(0, 12, 0, 8))
	independent := mat.NewDense(1500, 4, nil)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 1500 {
		for j := range 4 {
			independent.Set(i, j, rng.NormFloat64())
		}
	}
	for name, of := range map[string]struct {
		x    *mat.Dense
		want [][]int
	}{
		"as they are":        {pairs.X, twin},
		"far from zero":      {change(func(_ int, x []float64) { add(x, 1e6) }), twin},
		"in small units":     {change(func(_ int, x []float64) { times(x, 1e-200) }), twin},
		"rounded, with ties": {change(func(_ int, x []float64) { round(x) }), twin},
		"two of other units": {change(func(_ int, x []float64) { x[0] *= 1000; x[3] += 9 }), [][]int{{1, 5, 7}, {2, 4, 6}}},
		"three constant":     {change(func(_ int, x []float64) { x[0], x[2], x[4] = 3, 3, 3 }), [][]int{{1, 3, 5, 7}}},
		"a column thrice":    {change(func(_ int, x []float64) { x[2], x[4] = x[0], x[0] }), [][]int{{0, 1, 2, 4}, {3, 5, 7}}},
		"few rows":           {few, nil},
		"independent":        {independent, nil},
		"one row":            {one(1, 2, 3), nil},
	} {
		require.Equal(t, of.want, findSets(t.Context(), of.x).members, name)
	}
}

func add(x []float64, by float64) {
	for j := range x {
		x[j] += by
	}
}

func times(x []float64, by float64) {
	for j := range x {
		x[j] *= by
	}
}

func round(x []float64) {
	for j := range x {
		x[j] = math.Round(x[j])
	}
}

func TestSetsAreDescribed(t *testing.T) {
	s := &sets{columns: 7, members: [][]int{{0, 2, 4}, {1, 3, 5}}, least: []float64{1e-3, 1e-3}}
	require.Equal(t, 5, s.more())
	x := mat.NewDense(2, 7, []float64{1, 10, 2, 30, 3, 20, 7, 5, 1, 5, 1, 5, 4, 7})
	got := s.beside(x)
	a, b := math.Sqrt(2./3), math.Sqrt(200./3)
	require.InDeltaSlice(t, []float64{1, 10, 2, 30, 3, 20, 7, 2, math.Log(a), 20, math.Log(b), math.Atanh(0.5)}, got.RawRowView(0), 1e-12)
	require.InDeltaSlice(t, []float64{5, math.Log(1e-3) - 1, 2, math.Log(math.Sqrt2), 0}, got.RawRowView(1)[7:], 1e-12)
	require.Equal(t, []string{
		"the mean of the columns 0 2 4 of x", "the log-deviation of the columns 0 2 4 of x",
		"the mean of the columns 1 3 5 of x", "the log-deviation of the columns 1 3 5 of x",
		"artanh of the correlation of the columns 0 2 4 and 1 3 5 of x",
	}, s.names())
}

// The mean and the log-deviation of many measurements are nearly all that they tell.
func TestTheSpreadOfRepeatedMeasurementsIsUsed(t *testing.T) {
	long(t)
	const k = 24
	simulator := points(k / 2)
	settings := quick()
	settings.Embed = nil
	post, err := Infer(context.Background(), three, simulator, k, 2000, settings)
	require.NoError(t, err)
	for _, deviation := range []float64{0.05, 1, 5} {
		rng := rand.New(rand.NewPCG(4, 7))
		x := mat.NewDense(1, k, nil)
		require.NoError(t, simulator.Simulate(x.RawRowView(0), []float64{0.5, math.Log(deviation), -0.5}, rng))
		v, err := post.Given(x)
		require.NoError(t, err)
		require.Empty(t, v.Warnings)
		theta := mat.NewDense(500, 3, nil)
		require.NoError(t, v.Sample(t.Context(), theta, nil))
		m := momentsOf(theta)
		// log s of 24 numbers, half of them new ones, is known within 1/√48.
		require.InDelta(t, math.Log(deviation), m.mean[1], 0.5)
		require.Less(t, math.Sqrt(m.cov.At(1, 1)), 0.35)
	}
	far := mat.NewDense(1, k, nil)
	for j := range k {
		far.Set(0, j, 0.01+1e-9*float64(j/2))
	}
	v, err := post.Given(far)
	require.NoError(t, err)
	require.Contains(t, v.Warnings[0], "the log-deviation of the columns 0 2 4", "no column is out of range but their spread is")

	path := filepath.Join(t.TempDir(), "posterior")
	require.NoError(t, post.SaveFile(path))
	opened, err := Open(path, three)
	require.NoError(t, err)
	require.Equal(t, post.at, opened.at)
	_, columns := opened.Dims()
	require.Equal(t, k, columns)
	for says, change := range map[string]func(s *kept){
		"Sets [0 0 4":          func(s *kept) { s.Sets[0][1] = 0 },
		"Sets [0 2]":           func(s *kept) { s.Sets[0] = s.Sets[0][:2] },
		"of 24 columns":        func(s *kept) { s.Sets[1][11] = 24 },
		"1 Least":              func(s *kept) { s.Least = s.Least[:1] },
		"deviation 0":          func(s *kept) { s.Least[0] = 0 },
		"9 Sets":               func(s *kept) { s.Sets = slices.Repeat(s.Sets[:1], 10) },
		"0 Trends, want":       func(s *kept) { s.Trends = nil },
		"1 Weights":            func(s *kept) { s.Trends[0].Weights = []float64{1} },
		"1 Slopes":             func(s *kept) { s.Trends[0].Scatter = &keptScatter{Slopes: []float64{1}} },
		"Unit 0":               func(s *kept) { s.Trends[0].Unit = 0 },
		"scatters from 1 to 0": func(s *kept) { s.Trends[0].Scatter = &keptScatter{Low: 1, Slopes: make([]float64, len(s.XShift))} },
		"has Inside":           func(s *kept) { s.Trends[0].Inside = true },
		"numbers, want":        func(s *kept) { s.Mean = s.Mean[1:] },
	} {
		var s kept
		require.NoError(t, json.Unmarshal([]byte(post.model.Metadata[metadata]), &s))
		change(&s)
		_, _, err := s.coordinates(post.model.Dim())
		require.ErrorIs(t, err, ErrMismatch, says)
	}

	all, err := post.GivenAll(t.Context(), mat.NewDense(2, k, slices.Repeat(far.RawRowView(0), 2)), &AllSettings{Draws: 8})
	require.NoError(t, err)
	require.NoError(t, all.Sample(t.Context(), theta8(), nil))
}

func theta8() *mat.Dense { return mat.NewDense(8, 3, nil) }

// An Embed of one's own sees x and nothing else, and so does a Plain one.
func TestOwnEmbeddingsSeeXOnly(t *testing.T) {
	pairs, err := Simulate(t.Context(), three, points(4), 8, 400, nil)
	require.NoError(t, err)
	for _, s := range []*Settings{{Embed: nn.Linear{Out: 2}}, {Plain: true}} {
		s.Net, s.Training = nn.MLP{Hidden: []int{4}}, score.Settings{Steps: 2, Batch: 8}
		post, err := Fit(t.Context(), three, pairs.Theta, pairs.X, s)
		require.NoError(t, err)
		require.Empty(t, post.at.sets.members)
		require.NoError(t, post.model.CheckGiven(mat.NewDense(1, 8, nil)))
	}
}

// What is put beside x is at most as much as there is of it.
func TestManySetsPutLittleBesideX(t *testing.T) {
	for count, want := range map[int]int{1: 2, 2: 4 + 1, 7: 14 + 21, 8: 16, 170: 340} {
		s := &sets{}
		for range count {
			s.members = append(s.members, []int{s.columns, s.columns + 1, s.columns + 2})
			s.least = append(s.least, 1)
			s.columns += 3
		}
		require.Equal(t, want, s.more(), count)
		require.Len(t, s.names(), want)
		_, wide := s.beside(mat.NewDense(2, s.columns, nil)).Dims()
		require.Equal(t, s.columns+want, wide)
	}
}

func TestFitLooksAtItsContextBeforeItTrains(t *testing.T) {
	const n, k = 300, 40
	rng := rand.New(rand.NewPCG(1, 2))
	theta, x := mat.NewDense(n, 1, nil), mat.NewDense(n, k, nil)
	for i := range n {
		theta.Set(i, 0, rng.NormFloat64())
		for j := range k {
			x.Set(i, j, theta.At(i, 0)+rng.NormFloat64())
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Empty(t, findSets(ctx, x).members)
	post, err := Fit(ctx, nil, theta, x, nil)
	require.ErrorIs(t, err, context.Canceled)
	require.Nil(t, post)
	var none context.Context
	_, err = Fit(none, nil, theta, x, nil)
	require.ErrorIs(t, err, ErrRange)
}

// Counts that tell little of their rate are a set, whole, whatever the chance of a pair.
func TestWeaklyCorrelatedSetsAreWhole(t *testing.T) {
	long(t)
	whole := 0
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 1))
		x := mat.NewDense(3000, 7, nil)
		for i := range 3000 {
			rate := 0.1 * (rng.ExpFloat64() + rng.ExpFloat64())
			for j := range 5 {
				x.Set(i, j, float64(poisson(rng, rate)))
			}
			x.Set(i, 5, rng.NormFloat64())
			x.Set(i, 6, float64(poisson(rng, 0.2)))
		}
		s := findSets(t.Context(), x)
		if slices.EqualFunc([][]int{{0, 1, 2, 3, 4}}, s.members, slices.Equal) {
			whole++
		}
	}
	require.GreaterOrEqual(t, whole, 36)
}

func poisson(rng *rand.Rand, rate float64) (count int) {
	for at := rng.ExpFloat64(); at < rate; at += rng.ExpFloat64() {
		count++
	}
	return count
}
