package twosample

import (
	"fmt"
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset/boost"
)

var few = &boost.Settings{Trees: 20, Leaves: 8}

// The interval of independent answers held ½ in 83 to 90 of 100 runs instead of
// 95: fits that share rows err together. Now it does at least as often as it says,
// and the error of the AUC is no less than its deviation.
func TestC2STOfOneDistributionIsAHalf(t *testing.T) {
	t.Parallel()
	const runs = 24
	inside := 0
	var accuracy, auc, errors []float64
	for seed := range uint64(runs) {
		r, err := C2ST(normals(200, 3, 0, 1, 2*seed), normals(150, 3, 0, 1, 2*seed+1), &C2STSettings{Seed: seed, Trees: few})
		require.NoError(t, err)
		if r.Low <= 0.5 && 0.5 <= r.High {
			inside++
		}
		accuracy, auc, errors = append(accuracy, r.Accuracy), append(auc, r.AUC.Value), append(errors, r.AUC.SE)
	}
	require.GreaterOrEqual(t, inside, runs*95/100-2)
	mean, sd := stat.MeanStdDev(accuracy, nil)
	require.InDelta(t, 0.5, mean, 4*sd/math.Sqrt(runs))
	mean, sd = stat.MeanStdDev(auc, nil)
	require.InDelta(t, 0.5, mean, 4*sd/math.Sqrt(runs))
	require.InEpsilon(t, 0.9*stat.Mean(errors, nil), sd, 0.35)
}

// N(0, I) and N(δe, I) are told apart with the accuracy Φ(δ/2) at best, and with
// the AUC Φ(δ/√2).
func TestC2STOfShiftedGaussiansIsBayes(t *testing.T) {
	t.Parallel()
	const n = 3000
	for _, delta := range []float64{0.5, 2} {
		x, y := normals(n, 2, 0, 1, 1), normals(n, 2, 0, 1, 2)
		for i := range n {
			y.Set(i, 1, y.At(i, 1)+delta)
		}
		r, err := C2ST(x, y, &C2STSettings{Trees: &boost.Settings{Trees: 30, Leaves: 6}})
		require.NoError(t, err)
		bayes, auc := math.Erfc(-delta/2/math.Sqrt2)/2, math.Erfc(-delta/2)/2
		require.InDelta(t, bayes-0.008, r.Accuracy, 0.018, "δ = %v", delta)
		require.InDelta(t, auc-0.008, r.AUC.Value, 0.018)
		require.InDelta(t, 2-2*r.AUC.Value, r.Detection, 1e-9)
		require.Less(t, r.Low, r.Accuracy)
		require.Less(t, r.Accuracy, r.High)
	}
}

// What the k-NN test cannot see: the units of columns, labels, missing cells.
func TestC2STSeesWhatDistancesDoNot(t *testing.T) {
	t.Parallel()
	x, y := normals(400, 3, 0, 1, 1), normals(400, 3, 0, 1, 2)
	for i := range 400 {
		x.Set(i, 2, 1e6+1e-3*x.At(i, 2))
		y.Set(i, 2, 1e6+1e-3*y.At(i, 2))
		if i%2 == 0 {
			y.Set(i, 0, math.NaN())
		}
	}
	r, err := C2ST(x, y, &C2STSettings{Trees: few})
	require.NoError(t, err)
	require.InDelta(t, 0.75, r.Accuracy, 0.05, "half of the rows of y have a missing cell")
	for i := range 400 {
		y.Set(i, 0, x.At(i, 0))
		y.Set(i, 2, 1e6+3e-3*(y.At(i, 2)-1e6))
	}
	r, err = C2ST(x, y, &C2STSettings{Trees: few})
	require.NoError(t, err)
	require.Greater(t, r.Accuracy, 0.65, "a column of small unit is 3 times as wide")
}

func TestC2STOfUnequalSizesIsBalanced(t *testing.T) {
	t.Parallel()
	r, err := C2ST(normals(2000, 2, 0, 1, 1), normals(200, 2, 0, 1, 2), &C2STSettings{Trees: few})
	require.NoError(t, err)
	require.InDelta(t, 0.5, r.Accuracy, 0.08)
	require.InDelta(t, 2*1.96*0.5/math.Sqrt(4*2000*200/2200./2.25), r.High-r.Low, 0.02)
}

func TestC2STOfOddDataHasAnAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		x, y *mat.Dense
		want float64
	}{
		"constant":  {mat.NewDense(40, 2, nil), mat.NewDense(40, 2, nil), 0.5},
		"five rows": {normals(5, 2, 0, 1, 1), normals(5, 2, 9, 1, 2), 0.5}, // too few for a leaf
		"apart":     {normals(60, 2, 0, 1, 1), normals(60, 2, 100, 1, 2), 1},
		"missing": {mat.NewDense(2, 1, []float64{math.NaN(), math.NaN()}),
			mat.NewDense(3, 1, []float64{math.NaN(), math.NaN(), math.NaN()}), 0.5},
		"one row":  {normals(1, 2, 0, 1, 1), normals(60, 2, 0, 1, 2), math.NaN()},
		"infinite": {mat.NewDense(3, 1, []float64{1, math.Inf(1), 2}), normals(60, 1, 0, 1, 2), math.NaN()},
	} {
		r, err := C2ST(c.x, c.y, nil)
		require.NoError(t, err)
		if math.IsNaN(c.want) {
			require.True(t, math.IsNaN(r.Accuracy) && math.IsNaN(r.Low) && math.IsNaN(r.AUC.Value) && math.IsNaN(r.Detection), name)
			continue
		}
		require.InDelta(t, c.want, r.Accuracy, 1e-12, name)
		require.LessOrEqual(t, r.Low, c.want, name)
		require.GreaterOrEqual(t, r.High, c.want, name)
	}
}

func TestC2STDoesNotDependOnProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	x, y := normals(300, 3, 0, 1, 1), normals(200, 3, 0.3, 1, 2)
	want, err := C2ST(x, y, &C2STSettings{Trees: few, Seed: 3})
	require.NoError(t, err)
	for _, procs := range []int{2, 5} {
		runtime.GOMAXPROCS(procs)
		got, err := C2ST(x, y, &C2STSettings{Trees: few, Seed: 3})
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestBadC2STSettingsAreNamed(t *testing.T) {
	x := normals(30, 1, 0, 1, 1)
	for want, s := range map[string]*C2STSettings{
		"Folds: is 1, want at least 2":     {Folds: 1},
		"Folds: is -3":                     {Folds: -3},
		"Confidence: is 1, want above 0":   {Confidence: 1},
		"Confidence: is NaN":               {Confidence: math.NaN()},
		"Settings.Trees: boost: OutOfFold": {Trees: &boost.Settings{Trees: -1}},
	} {
		_, err := C2ST(x, x, s)
		require.ErrorContains(t, err, want)
	}
	_, err := C2ST(x, x, &C2STSettings{Folds: 1})
	require.ErrorIs(t, err, ErrRange)
	require.PanicsWithValue(t, "twosample: C2ST: x is 30×1 and y is 0×0, want at least one row", func() { C2ST(x, &mat.Dense{}, nil) })
}

func TestWilsonsInterval(t *testing.T) {
	low, high := wilson(0.5, 100, 0.95)
	require.InDelta(t, 0.4038, low, 1e-4)
	require.InDelta(t, 0.5962, high, 1e-4)
	low, high = wilson(1, 10, 0.95)
	require.InDelta(t, 0.7225, low, 1e-4)
	require.Equal(t, 1.0, high)
}

func ExampleC2ST() {
	x, y := normals(500, 2, 0, 1, 1), normals(500, 2, 1, 1, 2) // at best Φ(1/√2) = 0.76
	r, err := C2ST(x, y, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.2f, from %.2f to %.2f\n", r.Accuracy, r.Low, r.High)
	// Output: 0.71, from 0.67 to 0.75
}

func BenchmarkC2ST(b *testing.B) {
	for _, n := range []int{10000, 50000} {
		x, y := normals(n, 10, 0, 1, 1), normals(n, 10, 0, 1, 2)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				C2ST(x, y, nil)
			}
		})
	}
}
