package boost

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
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

func TestOneSplitFindsAStepExactly(t *testing.T) {
	x, y := mat.NewDense(100, 2, nil), make([]float64, 100)
	for i := range y {
		x.Set(i, 0, float64(i*37%100))
		x.Set(i, 1, float64(i*61%100))
		if x.At(i, 1) > 41 {
			y[i] = 7
		}
	}
	m, err := Regression(x, y, &Settings{Trees: 1, Rate: 1, Leaves: 2})
	require.NoError(t, err)
	tr := m.sum.trees[0][0]
	require.Len(t, tr, 3)
	require.Equal(t, int32(1), tr[0].column)
	require.Equal(t, 41.5, tr[0].value)
	dst := make([]float64, 100)
	m.Predict(dst, x)
	require.InDeltaSlice(t, y, dst, 1e-12)
}

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

func TestOrderOfRowsDoesNotMatter(t *testing.T) {
	x, y := friedman(700, 3)
	n, d := x.Dims()
	perm := rand.New(rand.NewPCG(4, 1)).Perm(n)
	px, py := mat.NewDense(n, d, nil), make([]float64, n)
	for i, j := range perm {
		px.SetRow(i, x.RawRowView(j))
		py[i] = y[j]
	}
	s := &Settings{Trees: 30}
	want, got := predictions(t, x, y, s), predictions(t, px, py, s)
	p := probabilities(t, x, above(y, 14), 2, s)
	q := probabilities(t, px, above(py, 14), 2, s)
	for i, j := range perm {
		require.InDelta(t, want[j], got[i], 1e-9)
		require.InDelta(t, p.At(j, 0), q.At(i, 0), 1e-9)
	}
}

// What splits equally well is known up to rounding only, which depends on the order.
func TestFirstOfEqualSplitsWinsInAnyOrder(t *testing.T) {
	x, y := mat.NewDense(400, 3, nil), make([]float64, 400)
	rng := rand.New(rand.NewPCG(15, 1))
	for i := range y {
		v := float64(i % 20)
		x.SetRow(i, []float64{v, 19 - v, v * v})
		y[i] = math.Sin(v) + rng.NormFloat64()/7
	}
	var want []tree
	for range 20 {
		rows := rng.Perm(len(y))
		m, err := Bin(x).Regression(rows, y, &Settings{Trees: 1})
		require.NoError(t, err)
		got := m.sum.trees[0]
		for i := range got[0] {
			require.LessOrEqual(t, got[0][i].column, int32(0))
			if got[0][i].column < 0 {
				got[0][i].value = 0 // equal up to rounding
			}
		}
		if want == nil {
			want = got
		}
		require.Equal(t, want, got)
	}
}

// Equal rows at both ends: the splits below and above the middle gain the same.
func TestFirstOfEqualEdgesWinsInAnyOrder(t *testing.T) {
	x, y := mat.NewDense(90, 1, nil), make([]float64, 90)
	for i := range y {
		x.Set(i, 0, float64(i%3))
		y[i] = math.Sqrt(float64(i / 3))
		if i%3 == 1 {
			y[i] += 10
		}
	}
	rng := rand.New(rand.NewPCG(18, 1))
	for range 50 {
		m, err := Bin(x).Regression(rng.Perm(90), y, &Settings{Trees: 1})
		require.NoError(t, err)
		require.Equal(t, 0.5, m.sum.trees[0][0][0].value)
	}
}

func TestRowsOfOneTargetAreNotSplit(t *testing.T) {
	x, _ := friedman(500, 16)
	y := make([]float64, 500)
	for i := range y {
		y[i] = 0.1
		x.Set(i, 3, math.Round(100*x.At(i, 3))/100) // so that a bin has one target
		if x.At(i, 3) > 0.5 {
			y[i] = 0.7
		}
	}
	m, err := Regression(x, y, &Settings{Trees: 2})
	require.NoError(t, err)
	require.Len(t, m.sum.trees[0][0], 3)
	require.Len(t, m.sum.trees[1][0], 3)
}

// When all rows are as good as certain there is nothing left to fit.
func TestCertainRowsEndTheGrowth(t *testing.T) {
	x, y := friedman(500, 17)
	for k, classes := range [][]int{above(mat.Col(nil, 3, x), 0.5), above(mat.Col(nil, 3, x), 0.3, 0.6)} {
		m, err := Classification(x, classes, k+2, &Settings{Rate: 1, Trees: 60})
		require.NoError(t, err)
		require.Len(t, m.sum.trees[59][0], 1)
		p := mat.NewDense(len(y), k+2, nil)
		m.Probabilities(p, x)
		for i, c := range classes {
			require.InDelta(t, 1, p.At(i, c), 1e-3)
		}
	}
}

// A fit to some of the rows has bins that are empty. It splits in their middle, as
// it would have done without the rows left out.
func TestSplitsLieInTheMiddleOfGaps(t *testing.T) {
	x := column(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
	y := []float64{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}
	m, err := Bin(x).Regression([]int{0, 10}, y, &Settings{LeafRows: 1, Trees: 1})
	require.NoError(t, err)
	require.Equal(t, 5.0, m.sum.trees[0][0][0].value)
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

func TestUnitsOfColumnsDoNotMatter(t *testing.T) {
	x, y := friedman(400, 19)
	scaled := mat.DenseCopyOf(x)
	for i := range y {
		v := scaled.RawRowView(i)
		v[0], v[1], v[2], v[3], v[4] = 1e-3*v[0], 1e3*v[1], 1e6+v[2], math.Exp(500*v[3]), -1e300+1e299*v[4]
	}
	s := &Settings{Trees: 20}
	require.Equal(t, predictions(t, x, y, s), predictions(t, scaled, y, s))
}

func TestFewRowsGiveTheMean(t *testing.T) {
	require.Equal(t, []float64{3}, predictions(t, column(1), []float64{3}, nil))
	require.InDeltaSlice(t, []float64{2, 2, 2}, predictions(t, column(1, 2, 3), []float64{1, 2, 3}, nil), 1e-15)
	p := probabilities(t, column(1, 2, 3, 4), []int{0, 0, 0, 1}, 2, nil)
	require.InDelta(t, 0.25, p.At(0, 1), 1e-15)
	require.InDeltaSlice(t, []float64{1, 2, 3}, predictions(t, column(1, 2, 3), []float64{1, 2, 3}, &Settings{LeafRows: 1}), 1e-4)
}

func TestMissingCellsCanTellTheTarget(t *testing.T) {
	x, y := mat.NewDense(200, 3, nil), make([]float64, 200)
	for i := range y {
		x.SetRow(i, []float64{nan, float64(i % 7), float64(i % 5)})
		if i%3 == 0 {
			x.Set(i, 1, nan)
			y[i] = 5
		}
	}
	require.InDeltaSlice(t, y, predictions(t, x, y, nil), 1e-3, "missing against all others")
	for i := range y {
		y[i] = 0
		if v := x.At(i, 1); v >= 4 || math.IsNaN(v) {
			y[i] = 5
		}
	}
	require.InDeltaSlice(t, y, predictions(t, x, y, &Settings{Trees: 1, Rate: 1, Leaves: 2}), 1e-12, "with the large")
	for i := range y {
		y[i] = 0
		if v := x.At(i, 1); v <= 2 || math.IsNaN(v) {
			y[i] = 5
		}
	}
	require.InDeltaSlice(t, y, predictions(t, x, y, &Settings{Trees: 1, Rate: 1, Leaves: 2}), 1e-12, "with the small")
}

// Where no cell was missing in training, NaN goes where most rows went.
func TestMissingCellsNotSeenBeforeFollowMostRows(t *testing.T) {
	x, y := mat.NewDense(100, 1, nil), make([]float64, 100)
	for i := range y {
		x.Set(i, 0, float64(i))
		if i >= 70 {
			y[i] = 1
		}
	}
	m, err := Regression(x, y, nil)
	require.NoError(t, err)
	p := make([]float64, 1)
	m.Predict(p, column(nan))
	require.InDelta(t, 0, p[0], 1e-3)
	for i := range y {
		y[i] = 0
		if i >= 30 {
			y[i] = 1
		}
	}
	m, err = Regression(x, y, nil)
	require.NoError(t, err)
	m.Predict(p, column(nan))
	require.InDelta(t, 1, p[0], 1e-3)
}

func TestInfinitiesAreOrdered(t *testing.T) {
	x, y := mat.NewDense(90, 1, nil), make([]float64, 90)
	for i := range y {
		x.Set(i, 0, []float64{-inf, math.MaxFloat64, inf}[i%3])
		y[i] = float64(i % 3)
	}
	require.InDeltaSlice(t, y, predictions(t, x, y, nil), 1e-3)
}

func TestColumnsWithoutValuesAreLeftAlone(t *testing.T) {
	x := mat.NewDense(60, 2, nil)
	y := make([]float64, 60)
	for i := range y {
		x.SetRow(i, []float64{nan, 3})
		y[i] = float64(i)
	}
	require.InDeltaSlice(t, slices.Repeat([]float64{29.5}, 60), predictions(t, x, y, nil), 1e-12)
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

func TestBitsDoNotDependOnWorkers(t *testing.T) {
	x, y := friedman(2000, 10)
	for i := range 2000 {
		x.Set(i, i%10, nan)
	}
	classes := above(y, 9, 12, 15, 18)
	wantY := predictions(t, x, y, &Settings{Workers: 1, Trees: 4})
	want2 := probabilities(t, x, above(y, 14), 2, &Settings{Workers: 1, Trees: 4})
	want5 := probabilities(t, x, classes, 5, &Settings{Workers: 1, Trees: 2})
	for workers := 2; workers <= 7; workers++ {
		require.Equal(t, wantY, predictions(t, x, y, &Settings{Workers: workers, Trees: 4}))
		require.Equal(t, want2, probabilities(t, x, above(y, 14), 2, &Settings{Workers: workers, Trees: 4}))
		require.Equal(t, want5, probabilities(t, x, classes, 5, &Settings{Workers: workers, Trees: 2}))
	}
}

func TestNoGoroutineIsLeftBehind(t *testing.T) {
	x, y := friedman(2000, 14)
	before := runtime.NumGoroutine()
	for range 3 {
		predictions(t, x, y, &Settings{Workers: 5, Trees: 2})
		probabilities(t, x, above(y, 9, 14), 3, &Settings{Workers: 5, Trees: 2})
	}
	for range 1000 { // the last one may end a moment after it has said so
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	require.LessOrEqual(t, runtime.NumGoroutine(), before)
}

func TestSettingsBoundTheTrees(t *testing.T) {
	x, y := friedman(1000, 11)
	m, err := Regression(x, y, &Settings{Trees: 3, Leaves: 1000, Depth: 3, LeafRows: 1})
	require.NoError(t, err)
	require.Len(t, m.sum.trees, 3)
	for _, step := range m.sum.trees {
		require.Len(t, step[0], 15, "8 leaves")
	}
	m, err = Regression(x, y, &Settings{Trees: 3, Leaves: 5})
	require.NoError(t, err)
	require.Len(t, m.sum.trees[2][0], 9)
	s := Settings{}
	_, err = Regression(x, y, &s)
	require.NoError(t, err)
	require.Equal(t, Settings{}, s)
}

// With rate 1 the rows that one tree predicts alike sum up to their prediction, to
// whichever sides the splits above have sent missing and infinite cells.
func TestRowsGoWhereTheyWentInTraining(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, leafRows := rapid.IntRange(2, 60).Draw(t, "n"), rapid.IntRange(1, 4).Draw(t, "leafRows")
		x, y := mat.NewDense(n, 3, nil), make([]float64, n)
		for i := range y {
			for j := range 3 {
				x.Set(i, j, rapid.SampledFrom([]float64{nan, -inf, -1, 0, 0.5, 2, 1e6, inf}).Draw(t, "x"))
			}
			y[i] = rapid.Float64Range(-3, 3).Draw(t, "y")
		}
		m, err := Regression(x, y, &Settings{Trees: 1, Rate: 1, LeafRows: leafRows})
		require.NoError(t, err)
		p := make([]float64, n)
		m.Predict(p, x)
		rest, rows := map[float64]float64{}, map[float64]int{}
		for i, v := range p {
			rest[v] += y[i] - v
			rows[v]++
		}
		for v, r := range rest {
			require.InDelta(t, 0, r, 1e-12)
			require.GreaterOrEqual(t, rows[v], min(n, leafRows))
		}
	})
}

// Checked against a search without bins.
func TestSplitsAreTheBestOfAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, d := rapid.IntRange(2, 40).Draw(t, "n"), rapid.IntRange(1, 3).Draw(t, "d")
		leafRows := rapid.IntRange(1, 4).Draw(t, "leafRows")
		x, y := mat.NewDense(n, d, nil), make([]float64, n)
		for i := range y {
			for j := range d {
				x.Set(i, j, rapid.SampledFrom([]float64{nan, -inf, -1, 0, 0.5, 2, 1e6, inf}).Draw(t, "x"))
			}
			y[i] = rapid.Float64Range(-3, 3).Draw(t, "y")
		}
		l2 := rapid.SampledFrom([]float64{0, 5}).Draw(t, "l2")
		m, err := Regression(x, y, &Settings{Trees: 1, Rate: 1, Leaves: 2, LeafRows: leafRows, L2: l2})
		require.NoError(t, err)
		score := func(in func(i int) bool) (sum float64, rows int) {
			for i := range y {
				if in(i) {
					sum += y[i] - m.sum.base[0]
					rows++
				}
			}
			return sum * sum / (float64(rows) + l2), rows
		}
		gain := func(j int, v float64, missingLeft bool) float64 {
			left := func(i int) bool { c := x.At(i, j); return c <= v || missingLeft && math.IsNaN(c) }
			a, k := score(left)
			b, l := score(func(i int) bool { return !left(i) })
			if k < leafRows || l < leafRows {
				return 0
			}
			return a + b
		}
		got, _ := score(func(int) bool { return true }) // without a split
		want := got
		for j := range d {
			for i := range y {
				if v := x.At(i, j); v == v {
					want = max(want, gain(j, v, true), gain(j, v, false))
				}
			}
		}
		if tr := m.sum.trees[0][0]; len(tr) > 1 {
			got = gain(int(tr[0].column), tr[0].value, tr[0].missing == 0)
		}
		require.InDelta(t, want, got, 1e-9)
	})
}

func TestFaultsAreNamed(t *testing.T) {
	x, y := friedman(30, 12)
	for want, s := range map[string]Settings{
		"Settings.Trees: is -1":   {Trees: -1},
		"Settings.Rate: is NaN":   {Rate: nan},
		"Settings.Rate: is 1.5":   {Rate: 1.5},
		"Settings.Leaves: is 1":   {Leaves: 1},
		"Settings.LeafRows: is -": {LeafRows: -3},
		"Settings.Depth: is -1":   {Depth: -1},
		"Settings.L2: is +Inf":    {L2: inf},
		"Settings.Workers: is -2": {Workers: -2},
	} {
		_, err := Regression(x, y, &s)
		require.ErrorIs(t, err, ErrRange)
		require.ErrorContains(t, err, "boost: Regression: "+want)
		_, err = Classification(x, make([]int, 30), 2, &s)
		require.ErrorIs(t, err, ErrRange)
		require.ErrorContains(t, err, "boost: Classification: "+want)
	}
	y[7] = inf
	_, err := Regression(x, y, nil)
	require.ErrorIs(t, err, ErrNonFinite)
	require.EqualError(t, err, "boost: Regression: y: row 7 is +Inf, want a number: not finite")
	labels := make([]int, 30)
	labels[3] = 2
	_, err = Classification(x, labels, 2, nil)
	require.ErrorIs(t, err, ErrRange)
	require.ErrorContains(t, err, "row 3 is 2, want 0 to 1")
	labels[3] = -1
	_, err = Classification(x, labels, 2, nil)
	require.ErrorIs(t, err, ErrRange)
	_, err = Classification(x, labels, 0, nil)
	require.ErrorContains(t, err, "classes: is 0")
}

func TestShapeMistakesPanic(t *testing.T) {
	x, y := friedman(30, 13)
	b := Bin(x)
	m, err := b.Regression(nil, y[:30], nil)
	require.NoError(t, err)
	c, err := b.Classification(nil, above(y, 14), 2, nil)
	require.NoError(t, err)
	narrow := mat.NewDense(4, 9, nil)
	for want, f := range map[string]func(){
		"x is 0×0":                         func() { Bin(&mat.Dense{}) },
		"y has 29 values for 30 rows":      func() { b.Regression(nil, y[:29], nil) },
		"rows has 0 indices":               func() { b.Regression([]int{}, y, nil) },
		"rows[1] is 30":                    func() { b.Regression([]int{0, 30}, y, nil) },
		"rows[0] is -1":                    func() { b.Classification([]int{-1}, make([]int, 30), 2, nil) },
		"Predict: x is 4×9":                func() { m.Predict(y[:4], narrow) },
		"dst has 29 values for 30":         func() { m.Predict(y[:29], x) },
		"Probabilities: x is 4×9":          func() { c.Probabilities(mat.NewDense(4, 2, nil), narrow) },
		"dst is 30×3, want 30×2":           func() { c.Probabilities(mat.NewDense(30, 3, nil), x) },
		"Probabilities: dst is 1×2, want ": func() { c.Probabilities(mat.NewDense(1, 2, nil), x) },
	} {
		func() {
			defer func() { require.Contains(t, recover(), want) }()
			f()
		}()
	}
}
