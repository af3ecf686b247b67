package boost

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
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

// A fit to some of the rows has bins that are empty. It splits in their middle, as
// it would have done without the rows left out.
func TestSplitsLieInTheMiddleOfGaps(t *testing.T) {
	x := column(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
	y := []float64{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}
	m, err := Bin(x).Regression([]int{0, 10}, y, &Settings{LeafRows: 1, Trees: 1})
	require.NoError(t, err)
	require.Equal(t, 5.0, m.sum.trees[0][0][0].value)
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
