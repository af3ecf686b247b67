package twosample

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// mixed returns rows of two numbers of correlation rho, a label that follows the
// first one, and a label of its own.
func mixed(n int, rho float64, seed uint64) *mat.Dense {
	rng := rand.New(rand.NewPCG(seed, 1))
	x := mat.NewDense(n, 4, nil)
	for i := range n {
		u := rng.NormFloat64()
		x.SetRow(i, []float64{u, rho*u + math.Sqrt(1-rho*rho)*rng.NormFloat64(), math.Floor(2 * math.Abs(u)), float64(rng.IntN(3))})
	}
	return x
}

var mixedKinds = []bool{false, false, true, true}

func TestPairErrorsOfKnownPairs(t *testing.T) {
	x, y := mixed(20000, 0.8, 1), mixed(20000, -0.2, 2)
	e := PairErrors(x, y, mixedKinds)
	require.InDelta(t, 0.5, e.At(0, 1), 0.01, "half the difference of the correlations")
	for _, at := range [][2]int{{2, 3}, {0, 2}, {0, 3}, {1, 3}, {0, 0}, {3, 3}} {
		require.Less(t, e.At(at[0], at[1]), 0.03, "%v", at)
	}
	require.Greater(t, e.At(1, 2), 0.03)
	require.True(t, mat.EqualApprox(e, e.T(), 0))
	zero := PairErrors(x, shuffled(x, 3), mixedKinds)
	for i := range 4 {
		for j := range 4 {
			require.InDelta(t, 0, zero.At(i, j), 1e-12, "the order of rows does not matter")
		}
	}
}

// By hand: bins of 0 … 10 by one, labels and missing cells.
func TestPairErrorOfANumberAndALabel(t *testing.T) {
	nan := math.NaN()
	x := mat.NewDense(4, 2, []float64{0, 1, 10, 1, 4.2, 2, nan, 2})
	y := mat.NewDense(4, 2, []float64{0.9, 1, 12, 1, 4.9, 1, nan, 2})
	// 0.9 shares the bin of 0, 12 that of the greatest; the row of 4.9 has another label.
	require.Equal(t, 0.25, PairErrors(x, y, []bool{false, true}).At(0, 1))
	below := mat.NewDense(4, 2, []float64{-3, 1, 10, 1, 5, 2, nan, nan})
	require.Equal(t, 0.75, PairErrors(x, below, []bool{false, true}).At(0, 1))
}

func TestAssociationsOfKnownPairs(t *testing.T) {
	x := mixed(20000, 0.8, 1)
	a := Associations(x, mixedKinds)
	require.InDelta(t, 0.8, a.At(0, 1), 0.01)
	for j := range 3 {
		require.InDelta(t, 0, a.At(j, 3), 0.02)
	}
	require.Equal(t, 1.0, a.At(2, 2))
	// A label that tells the number: η² = 1 − mean variance within / variance.
	y := mat.NewDense(6, 3, []float64{0, 0, 5, 0, 0, 5, 1, 7, 6, 1, 7, 6, 2, 9, 7, 2, 9, 7})
	b := Associations(y, []bool{true, false, true})
	require.Equal(t, 1.0, b.At(0, 1))
	require.InDelta(t, 1, b.At(0, 2), 1e-12)
}

// As many levels as rows would be associated with anything.
func TestAssociationsOfManyLevelsAreCorrected(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	x := mat.NewDense(5000, 3, nil)
	for i := range 5000 {
		x.SetRow(i, []float64{float64(rng.IntN(1000)), rng.NormFloat64(), float64(rng.IntN(500))})
	}
	a := Associations(x, []bool{true, false, true})
	require.Less(t, a.At(0, 1), 0.2)
	require.Less(t, a.At(0, 2), 0.1)
}

func TestPairsOfOddColumnsHaveValues(t *testing.T) {
	nan := math.NaN()
	for name, x := range map[string]*mat.Dense{
		"constant":   mat.NewDense(5, 4, nil),
		"one row":    mat.NewDense(1, 4, []float64{1, 2, 0, 1}),
		"missing":    mat.NewDense(2, 4, []float64{nan, nan, nan, nan, nan, nan, nan, nan}),
		"half":       mat.NewDense(2, 4, []float64{nan, 1, nan, 0, 2, nan, 1, nan}),
		"far apart":  mat.NewDense(2, 4, []float64{1e200, -1e200, 0, 1, -1e200, 1e200, 1, 0}),
		"offset 1e6": mat.NewDense(3, 4, []float64{1e6, 1e-3, 0, 1, 1e6 + 1, 2e-3, 1, 1, 1e6 + 2, 4e-3, 2, 0}),
	} {
		e, a := PairErrors(x, x, mixedKinds), Associations(x, mixedKinds)
		for i := range 4 {
			for j := range 4 {
				if i != j {
					require.Zero(t, e.At(i, j), name)
				}
				require.LessOrEqual(t, math.Abs(a.At(i, j)), 1.0, name)
			}
		}
	}
	huge := mat.NewDense(3, 2, []float64{1e300, 1, -1e300, -1, 1e299, 0.1})
	require.InDelta(t, 1, Associations(huge, make([]bool, 2)).At(0, 1), 1e-12)
	grouped := mat.NewDense(6, 2, []float64{1e300, 0, 2e300, 0, 1.5e300, 0, -1e300, 1, -2e300, 1, -1.5e300, 1})
	small := mat.NewDense(6, 2, nil)
	small.Apply(func(_, j int, v float64) float64 {
		if j == 0 {
			return math.Ldexp(v, -1000)
		}
		return v
	}, grouped)
	require.Equal(t, Associations(small, []bool{false, true}).At(0, 1), Associations(grouped, []bool{false, true}).At(0, 1))
	wide := mat.NewDense(4, 2, []float64{-1.7e308, 0, -1.6e308, 0, 1.6e308, 1, 1.7e308, 1})
	split := mat.NewDense(2, 2, []float64{-1.7e308, 1, 1.7e308, 0})
	require.Equal(t, 1., PairErrors(wide, split, []bool{false, true}).At(0, 1))
	bad := mat.NewDense(2, 4, []float64{math.Inf(1), 2, 0, 1, 0, 1, 0, 1})
	require.True(t, math.IsNaN(PairErrors(bad, bad, mixedKinds).At(0, 1)))
	require.True(t, math.IsNaN(Associations(bad, mixedKinds).At(0, 2)))
	require.False(t, math.IsNaN(Associations(bad, mixedKinds).At(1, 2)))
}

func ExamplePairErrors() {
	height, dress := []float64{150, 160, 170, 180}, []float64{0, 0, 1, 1} // S, L
	x, y := mat.NewDense(4, 2, nil), mat.NewDense(4, 2, nil)
	x.SetCol(0, height)
	x.SetCol(1, dress)
	y.SetCol(0, height)
	y.SetCol(1, []float64{0, 1, 0, 1}) // the same columns, put together wrongly
	fmt.Println(PairErrors(x, y, []bool{false, true}).At(0, 1))
	// Output: 0.5
}

func ExampleAssociations() {
	x := mat.NewDense(4, 2, []float64{150, 0, 160, 0, 170, 1, 180, 1})
	fmt.Printf("%.3f\n", Associations(x, []bool{false, true}).At(0, 1))
	// Output: 0.837
}
