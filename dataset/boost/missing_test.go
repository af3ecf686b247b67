package boost

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

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
