package calibration

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// rows returns n rows of two columns with the correlation .9, one over decades, one of
// whole numbers, and one of equal values.
func rows(n int, rng *rand.Rand) *mat.Dense {
	x := mat.NewDense(n, 5, nil)
	for i := range n {
		u, v := rng.NormFloat64(), rng.NormFloat64()
		x.SetRow(i, []float64{1e6 + u, 1e-3 * (0.9*u + math.Sqrt(1-0.81)*v), math.Exp(5 * rng.NormFloat64()), float64(rng.IntN(3)), 7})
	}
	return x
}

// Whatever the columns and the number of draws, p-values are at most α with the
// probability α at most, the one of all with the probability α when they have no ties.
func TestObservationsLikeTheDrawsPassAtTheStatedRate(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for _, m := range []int{5, 59} {
		var all, distance, near, mahalanobis, first, adjusted, tied []float64
		for seed := range uint64(300) {
			rng := rand.New(rand.NewPCG(seed, 2))
			x := rows(m+1, rng)
			r, err := Predictive(x.RawRowView(0), x.Slice(1, m+1, 0, 5).(*mat.Dense), nil)
			require.NoError(t, err)
			require.Equal(t, m, r.Draws)
			all, distance, near, mahalanobis = append(all, r.P), append(distance, r.Distance.P), append(near, r.Neighbours.P), append(mahalanobis, r.Mahalanobis.P)
			first, tied = append(first, r.Columns[0].P), append(tied, r.Columns[3].P)
			least := 1.
			for _, c := range r.Columns {
				least = min(least, c.Adjusted)
			}
			adjusted = append(adjusted, least)
			require.Equal(t, Test{0.5, 1, 1}, r.Columns[4])
		}
		requireRate(t, "all", all, false)
		requireRate(t, "distance", distance, m == 59)
		requireRate(t, "near", near, m == 59)
		requireRate(t, "mahalanobis", mahalanobis, m == 59)
		requireRate(t, "first", first, m == 59)
		requireRate(t, "tied", tied, false)
		requireRate(t, "adjusted", adjusted, false)
	}
}

func TestPredictiveSeesWhatIsUnlikeTheDraws(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	draws := rows(500, rng)
	typical := []float64{1e6, 0, 1, 1, 7}
	check := func(change func(x []float64)) *PredictiveResult {
		x := append([]float64(nil), typical...)
		change(x)
		r, err := Predictive(x, draws, nil)
		require.NoError(t, err)
		return r
	}
	r := check(func([]float64) {})
	require.Greater(t, r.P, 0.3)
	require.InDelta(t, 0.5, r.Columns[0].Statistic, 0.06)

	r = check(func(x []float64) { x[0], x[1] = 1e6+1.5, -1.5e-3 }) // each is common, not both
	require.Less(t, r.Mahalanobis.P, 0.01)
	require.Less(t, r.P, 0.02)
	require.Greater(t, r.Columns[0].P, 0.05)
	require.Greater(t, r.Columns[1].P, 0.05)

	for _, far := range []float64{1e6 + 6, 1e9, -1e200, 1e308} {
		r = check(func(x []float64) { x[0] = far })
		require.InDelta(t, 2./501, r.Columns[0].P, 1e-12, "%v", far) // and the one at the other end
		require.LessOrEqual(t, r.Mahalanobis.P, 2.001/501, "%v", far)
		require.Less(t, r.P, 0.02, "%v", far)
	}
	r = check(func(x []float64) { x[4] = 7.0001 }) // of a column of equal values
	require.Equal(t, 1./501, r.Columns[4].P)
	require.Equal(t, 1., r.Columns[4].Statistic)
	require.Less(t, r.P, 0.02)
	r = check(func(x []float64) { x[3] = 2.5 })
	require.InDelta(t, 1./501, r.Columns[3].P, 1e-12)

	ring, thin := mat.NewDense(500, 2, nil), mat.NewDense(500, 2, nil)
	for i := range 500 {
		a := 2 * math.Pi * rng.Float64()
		ring.SetRow(i, []float64{math.Cos(a) + 0.02*rng.NormFloat64(), math.Sin(a) + 0.02*rng.NormFloat64()})
		thin.SetRow(i, []float64{a, 2 * a}) // columns that depend on each other exactly
	}
	r, err := Predictive([]float64{0, 0}, ring, nil)
	require.NoError(t, err)
	require.Equal(t, 1./501, r.Neighbours.P, "in the hole")
	require.Less(t, r.P, 0.02)
	require.Equal(t, 1., r.Mahalanobis.P)
	r, err = Predictive([]float64{3, 6.1}, thin, nil)
	require.NoError(t, err)
	require.Equal(t, 1./501, r.Mahalanobis.P, "beside the line")
	require.Less(t, r.P, 0.02)
}

func TestPredictiveOfOddDraws(t *testing.T) {
	equal := mat.NewDense(9, 3, nil)
	r, err := Predictive([]float64{0, 0, 0}, equal, nil)
	require.NoError(t, err)
	require.Equal(t, 1., r.P)
	require.Equal(t, Test{1, 1, 1}, r.Distance)
	one := mat.NewDense(1, 1, []float64{4})
	r, err = Predictive([]float64{1e9}, one, nil)
	require.NoError(t, err)
	require.Equal(t, 1., r.P, "of two rows none is the odd one")
	wide := mat.NewDense(6, 40, nil)
	rng := rand.New(rand.NewPCG(1, 2))
	wide.Apply(func(int, int, float64) float64 { return rng.NormFloat64() }, wide)
	far := make([]float64, 40)
	far[3] = 100
	r, err = Predictive(far, wide, nil)
	require.NoError(t, err)
	require.Equal(t, 1./7, r.Distance.P)
	long := mat.NewDense(5000, 1, nil)
	long.Apply(func(int, int, float64) float64 { return rng.NormFloat64() }, long)
	r, err = Predictive([]float64{9}, long, nil)
	require.NoError(t, err)
	require.Equal(t, 2000, r.Draws)
	require.Equal(t, 1./2001, r.Distance.P)
}

func ExamplePredictive() {
	rng := rand.New(rand.NewPCG(1, 1))
	simulated := mat.NewDense(999, 2, nil) // a simulator's two columns go together
	for i := range 999 {
		v := rng.NormFloat64()
		simulated.SetRow(i, []float64{v, v + 0.1*rng.NormFloat64()})
	}
	r, err := Predictive([]float64{1, -1}, simulated, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("each column: P = %.2f and %.2f, both: %.3f\n", r.Columns[0].P, r.Columns[1].P, r.P)
	// Output: each column: P = 0.33 and 0.31, both: 0.002
}

func ExampleLowDensity() {
	simulated := []float64{-1.2, -0.8, -2.3, -1.1, -0.9, -1.6, -3.1, -1.0, -0.7}
	fmt.Println(LowDensity(-1, simulated), LowDensity(-9, simulated))
	// Output: 0.7 0.1
}
