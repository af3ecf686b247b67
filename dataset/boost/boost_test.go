package boost

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

func predictions(t testing.TB, x *mat.Dense, y []float64, s *Settings) []float64 {
	m, err := Regression(x, y, s)
	require.NoError(t, err)
	dst := make([]float64, len(y))
	m.Predict(dst, x)
	return dst
}

func probabilities(t testing.TB, x *mat.Dense, y []int, classes int, s *Settings) *mat.Dense {
	m, err := Classification(x, y, classes, s)
	require.NoError(t, err)
	require.Equal(t, classes, m.Classes())
	dst := mat.NewDense(len(y), classes, nil)
	m.Probabilities(dst, x)
	return dst
}

// column returns a matrix of one column.
func column(v ...float64) *mat.Dense { return mat.NewDense(len(v), 1, v) }

var (
	nan = math.NaN()
	inf = math.Inf(1)
)

// With one tree and rate 1 the prediction is the mean over the rows of the leaf.
func TestLeavesAreMeans(t *testing.T) {
	x, y := friedman(500, 1)
	got := predictions(t, x, y, &Settings{Trees: 1, Rate: 1})
	sum, n := map[float64]float64{}, map[float64]float64{}
	key := func(v float64) float64 { return math.Round(v*1e9) / 1e9 }
	for i, v := range got {
		sum[key(v)] += y[i]
		n[key(v)]++
	}
	require.InDelta(t, 20, len(n), 11)
	for v, c := range n {
		require.GreaterOrEqual(t, c, 20.0)
		require.InDelta(t, sum[v]/c, v, 1e-8)
	}
	// The penalty shrinks the step from the mean of all: by 50/(50 + 25).
	step := column(slices.Concat(make([]float64, 50), slices.Repeat([]float64{1}, 50))...)
	got = predictions(t, step, step.RawMatrix().Data, &Settings{Trees: 1, Rate: 1, L2: 25})
	require.InDelta(t, 0.5-0.5*50/75, got[0], 1e-15)
	require.InDelta(t, 0.5+0.5*50/75, got[99], 1e-15)
}

// The first logistic step from the base rate: F = log-odds − rate·G/H.
func TestFirstStepOfTwoClassesIsNewtons(t *testing.T) {
	x, y := mat.NewDense(80, 1, nil), make([]int, 80)
	for i := range y {
		x.Set(i, 0, float64(i/40))
		if i < 10 || i >= 50 {
			y[i] = 1 // 10 of 40, 30 of 40
		}
	}
	p := probabilities(t, x, y, 2, &Settings{Trees: 1})
	for i, share := range map[int]float64{0: 0.25, 79: 0.75} {
		want := 1 / (1 + math.Exp(-0.1*(share-0.5)/0.25))
		require.InDelta(t, want, p.At(i, 1), 1e-15)
		require.InDelta(t, 1-want, p.At(i, 0), 1e-15)
	}
	p = probabilities(t, x, y, 2, nil)
	require.InDelta(t, 0.25, p.At(0, 1), 1e-4, "many steps end at the shares")
	require.InDelta(t, 0.75, p.At(79, 1), 1e-4)
}

func TestLossFallsWithEveryTree(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	x, y := friedman(400, 2)
	classes := above(y, 11, 16)
	last := []float64{inf, inf, inf}
	for trees := 1; trees <= 16; trees += 3 {
		s := &Settings{Trees: trees, LeafRows: 5}
		var loss [3]float64
		for i, v := range predictions(t, x, y, s) {
			loss[0] += (v - y[i]) * (v - y[i])
		}
		two, three := above(y, 14), probabilities(t, x, classes, 3, s)
		p := probabilities(t, x, two, 2, s)
		for i, c := range classes {
			loss[1] -= math.Log(p.At(i, two[i]))
			loss[2] -= math.Log(three.At(i, c))
		}
		for k := range loss {
			require.Less(t, loss[k], last[k], "%d trees", trees)
			last[k] = loss[k]
		}
	}
}

func TestRepeatedRowsAreWeights(t *testing.T) {
	x, y := friedman(200, 5)
	b := Bin(x)
	once := make([]int, 200)
	for i := range once {
		once[i] = i
	}
	dst := func(rows []int, leafRows int) []float64 {
		m, err := b.Regression(rows, y, &Settings{LeafRows: leafRows, Leaves: 6, Trees: 20})
		require.NoError(t, err)
		p := make([]float64, len(y))
		m.Predict(p, x)
		return p
	}
	require.Equal(t, dst(nil, 10), dst(once, 10))
	require.InDeltaSlice(t, dst(once, 10), dst(slices.Concat(once, once, once), 30), 1e-9)
	// A value that occurs k times and one of weight k have one mean.
	m, err := Bin(column(0, 1)).Regression([]int{0, 1, 1, 1}, []float64{0, 4}, &Settings{Trees: 1, Leaves: 2})
	require.NoError(t, err)
	require.Equal(t, []float64{3}, m.sum.base)
}

// What is left out is not looked at: not its targets, nor its cells.
func TestRowsLeftOutHaveNoPart(t *testing.T) {
	x, y := friedman(100, 6)
	rows := []int{}
	for i := range y {
		if i%3 == 0 {
			y[i] = nan
		} else {
			rows = append(rows, i)
		}
	}
	b := Bin(x)
	m, err := b.Regression(rows, y, nil)
	require.NoError(t, err)
	p := make([]float64, len(y))
	m.Predict(p, x)
	for i, v := range p {
		require.InDelta(t, 14, v, 14, "row %d", i)
	}
	_, err = b.Regression(nil, y, nil)
	require.ErrorIs(t, err, ErrNonFinite)
	require.ErrorContains(t, err, "row 0 is NaN")
}

func TestEqualTargetsArePredictedExactly(t *testing.T) {
	x, _ := friedman(300, 7)
	for _, v := range []float64{0, 0.1, -1e6, 1e300, 1e-300, 5e-324, math.MaxFloat64} {
		want := slices.Repeat([]float64{v}, 300)
		require.Equal(t, want, predictions(t, x, want, &Settings{Trees: 3}))
	}
	p := probabilities(t, x, slices.Repeat([]int{3}, 300), 5, nil)
	require.Equal(t, []float64{0, 0, 0, 1, 0}, p.RawRowView(17))
}

func TestUnitOfTargetsDoesNotMatter(t *testing.T) {
	x, y := friedman(300, 8)
	s := &Settings{Trees: 20}
	want := predictions(t, x, y, s)
	for _, e := range []int{-1000, -20, 30, 1000} {
		scaled := make([]float64, len(y))
		for i, v := range y {
			scaled[i] = math.Ldexp(v, e)
		}
		for i, v := range predictions(t, x, scaled, s) {
			require.Equal(t, want[i], math.Ldexp(v, -e))
		}
	}
	for i := range y {
		y[i] += 1e6
	}
	for i, v := range predictions(t, x, y, &Settings{Leaves: 4}) {
		require.InDelta(t, y[i], v, 8)
	}
}

func TestClassesWithoutRowsHaveProbabilityZero(t *testing.T) {
	x, y := friedman(300, 9)
	s := &Settings{Trees: 20}
	want := probabilities(t, x, above(y, 14), 2, s)
	c := above(y, 14)
	for i := range c {
		c[i] = 3 - 2*c[i] // 1 and 3 of 5, the other way round
	}
	got := probabilities(t, x, c, 5, s)
	for i := range c {
		require.InDeltaSlice(t, []float64{0, want.At(i, 1), 0, want.At(i, 0), 0}, got.RawRowView(i), 1e-9)
	}
	c = above(y, 11, 16)
	want = probabilities(t, x, c, 3, s)
	for i := range c {
		c[i] += 2
	}
	got = probabilities(t, x, c, 6, s)
	for i := range c {
		require.Equal(t, want.RawRowView(i), got.RawRowView(i)[2:5])
		require.Equal(t, []float64{0, 0, 0}, []float64{got.At(i, 0), got.At(i, 1), got.At(i, 5)})
	}
}
