package boost

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

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
