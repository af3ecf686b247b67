package score

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
)

// naive trains on rows with the defaults, but for a small network and few steps.
func naive(t *testing.T, x, cond *mat.Dense, c Conditions, steps int) (*Model, *Result) {
	data, err := Rows(x, cond)
	require.NoError(t, err)
	m, err := New(x.RawMatrix().Cols, &Config{Net: nn.MLP{Hidden: []int{32, 32}}, Cond: c})
	require.NoError(t, err)
	return m, fit(t, m, data, &Settings{Steps: steps, Batch: 96, EMA: 0.99, Workers: 1})
}

// drawn returns n samples of a problem by the default sampler.
func drawn(t *testing.T, p sde.Problem, n, d int) *mat.Dense {
	x := mat.NewDense(n, d, nil)
	require.NoError(t, sampler.Sample(t.Context(), x, p, sampler.Default(p.SDE), &sampler.Settings{Grid: grid.Default(p.SDE, 20), Seed: 3, Workers: 1}))
	return x
}

// Whoever hands over rows as they are, of whatever number, unit and kind, gets
// samples with their means and deviations, column by column.
func TestSamplesLookLikeTheRowsTheyComeFrom(t *testing.T) {
	rng := func(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 99)) }
	for name, c := range map[string]struct {
		n, d     int
		at       func(rng *rand.Rand, i, j int) float64
		warnings int
	}{
		"odd units": {400, 3, func(rng *rand.Rand, i, j int) float64 {
			return []float64{5e-7, -3, 4e9}[j] + []float64{1e-9, 1, 1e6}[j]*rng.NormFloat64()
		}, 0},
		"constants": {400, 4, func(rng *rand.Rand, i, j int) float64 {
			return []float64{rng.NormFloat64(), 0, 1e-6, -1e12}[j]
		}, 1},
		"one row":          {1, 2, func(_ *rand.Rand, _, j int) float64 { return float64(3 - 10*j) }, 1},
		"three rows":       {3, 2, func(_ *rand.Rand, i, j int) float64 { return float64(i*i - j*i) }, -1},
		"fifteen rows":     {15, 2, func(rng *rand.Rand, _, j int) float64 { return 100 + float64(1+j)*rng.NormFloat64() }, -1},
		"duplicates":       {300, 2, func(_ *rand.Rand, i, j int) float64 { return math.Sin(float64(i%10 + 7*j)) }, -1},
		"one column":       {200, 1, func(rng *rand.Rand, _, _ int) float64 { return rng.ExpFloat64() }, -1},
		"zeros and ones":   {400, 2, func(rng *rand.Rand, i, j int) float64 { return float64(rng.IntN(2)) }, -1},
		"timestamps":       {300, 2, func(rng *rand.Rand, _, j int) float64 { return 1.7e18*float64(1-j) + 1e6*rng.NormFloat64() }, -1},
		"skewed by powers": {400, 2, func(rng *rand.Rand, _, j int) float64 { return math.Exp(float64(1-j) * rng.NormFloat64()) }, -1},
	} {
		if testing.Short() && c.n > 300 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := mat.NewDense(c.n, c.d, nil)
			r := rng(uint64(c.n))
			x.Apply(func(i, j int, _ float64) float64 { return c.at(r, i, j) }, x)
			m, result := naive(t, x, nil, Conditions{}, 600)
			if c.warnings >= 0 {
				require.Len(t, result.Warnings, c.warnings, "%q", result.Warnings)
			}
			got := drawn(t, m.Problem(), 600, c.d)
			for j := range c.d {
				mean, deviation := stat.PopMeanStdDev(mat.Col(nil, j, x), nil)
				a, b := stat.PopMeanStdDev(mat.Col(nil, j, got), nil)
				if name == "skewed by powers" && j == 1 || deviation <= resolution(mean) {
					require.InDelta(t, mean, a, 1e-12*math.Abs(mean)+1e-12, "column %d is constant", j)
					require.LessOrEqual(t, b, 1e-12*math.Abs(mean)+1e-12)
					continue
				}
				require.InDelta(t, mean, a, 0.35*deviation, "mean of column %d", j)
				require.InDelta(t, 1, b/deviation, 0.4, "deviation of column %d", j)
			}
		})
	}
}

// Of 600 labelled rows each class comes out where it is, the rare one too.
func TestSamplesOfRareClassesAreWhereTheyBelong(t *testing.T) {
	long(t)
	x, cond := threeClasses(600)
	m, r := naive(t, x, cond, Conditions{Classes: []int{3}}, 1500)
	require.Empty(t, r.Warnings)
	require.Positive(t, r.BestStep)
	for k, centre := range [][]float64{{-2, 0}, {2, 1}, {3, -2}} {
		got := drawn(t, m.Given(mat.NewDense(1, 1, []float64{float64(k)})).Problem(), 300, 2)
		for j := range 2 {
			mean, deviation := stat.MeanStdDev(mat.Col(nil, j, got), nil)
			require.InDelta(t, centre[j], mean, 0.2, "class %d", k)
			require.InDelta(t, 0.3, deviation, 0.15, "class %d", k)
		}
	}
}

// With a class for every few rows there is a warning for those without one, and
// the others are learned.
func TestManyClassesOfFewRowsAreLearned(t *testing.T) {
	long(t)
	const n, classes = 400, 20
	x, cond := normals(n, 1, 5), mat.NewDense(n, 1, nil)
	for i := range n {
		k := i % (classes - 1)
		cond.Set(i, 0, float64(k))
		x.Set(i, 0, float64(k)+0.1*x.At(i, 0))
	}
	m, r := naive(t, x, cond, Conditions{Classes: []int{classes}}, 600)
	require.Equal(t, []string{fmt.Sprintf("condition column 0: 1 of %d classes have no row to train on: %d", classes, classes-1)}, r.Warnings)
	off := 0.0
	for k := range classes - 1 {
		got := drawn(t, m.Given(mat.NewDense(1, 1, []float64{float64(k)})).Problem(), 50, 1)
		off += math.Abs(stat.Mean(mat.Col(nil, 0, got), nil)-float64(k)) / (classes - 1)
	}
	require.Less(t, off, 0.7, "19 classes, one a unit")
}
