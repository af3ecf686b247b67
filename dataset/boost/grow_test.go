package boost

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

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

func TestFewRowsGiveTheMean(t *testing.T) {
	require.Equal(t, []float64{3}, predictions(t, column(1), []float64{3}, nil))
	require.InDeltaSlice(t, []float64{2, 2, 2}, predictions(t, column(1, 2, 3), []float64{1, 2, 3}, nil), 1e-15)
	p := probabilities(t, column(1, 2, 3, 4), []int{0, 0, 0, 1}, 2, nil)
	require.InDelta(t, 0.25, p.At(0, 1), 1e-15)
	require.InDeltaSlice(t, []float64{1, 2, 3}, predictions(t, column(1, 2, 3), []float64{1, 2, 3}, &Settings{LeafRows: 1}), 1e-4)
}

func TestSettingsBoundTheTrees(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
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
