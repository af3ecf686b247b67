package dataset

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

func TestBadRowsAreNamed(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		rows [][]float64
		err  error
		text string
	}{
		{nil, ErrShape, "data are empty"},
		{[][]float64{{}}, ErrShape, "data are empty"},
		{[][]float64{{1, 2}, {3, 4}, {5}}, ErrShape, "row 2 has 1 numbers, want 2"},
		{[][]float64{{1}, {}}, ErrShape, "row 1 has 0 numbers, want 1"},
		{[][]float64{{1, 2}, {3, nan}}, ErrNonFinite, "row 1, column 1 is NaN"},
		{[][]float64{{math.Inf(-1), nan}}, ErrNonFinite, "row 0, column 0 is -Inf"},
	} {
		x, err := FromRows(c.rows)
		require.ErrorIs(t, err, c.err)
		require.ErrorContains(t, err, c.text)
		require.Nil(t, x)
	}
	require.ErrorIs(t, CheckFinite(&mat.Dense{}), ErrShape)
	require.ErrorContains(t, CheckFinite(mat.NewDense(2, 1, []float64{0, math.Inf(1)})), "row 1, column 0 is +Inf")
}

func TestGoodRowsAreCopied(t *testing.T) {
	rows := [][]float64{{1, 2}, {3, 4}, {5, 6}}
	x, err := FromRows(rows)
	require.NoError(t, err)
	require.NoError(t, CheckFinite(x))
	rows[0][0] = 9
	require.True(t, mat.Equal(mat.NewDense(3, 2, []float64{1, 2, 3, 4, 5, 6}), x))
}

func ExampleFromRows() {
	_, err := FromRows([][]float64{{1, 2}, {3, 4}, {5, 6, 7}})
	fmt.Println(err)
	// Output: dataset: row 2 has 3 numbers, want 2: wrong shape
}
