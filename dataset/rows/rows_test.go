package rows_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"github.com/gradlogp/gradlogp/dataset/rows"
	"github.com/gradlogp/gradlogp/score"
)

var _ score.RowSet = rows.Set(nil)

// counted returns the rows (i, −i), i = first, …, with the condition 10i.
func counted(t require.TestingT, first, n int) rows.Set {
	x, cond := mat.NewDense(n, 2, nil), mat.NewDense(n, 1, nil)
	for i := range n {
		x.SetRow(i, []float64{float64(first + i), -float64(first + i)})
		cond.Set(i, 0, 10*float64(first+i))
	}
	s, err := rows.With(rows.Of(x), rows.Of(cond))
	require.NoError(t, err)
	return s
}

// numbers returns the first column of a set whose rows belong to their conditions.
func numbers(t require.TestingT, s rows.Set) []int {
	x, cond, err := rows.Read(s)
	require.NoError(t, err)
	var n []int
	for i := range s.Len() {
		require.Equal(t, []float64{x.At(i, 0), -x.At(i, 0)}, x.RawRowView(i))
		require.Equal(t, 10*x.At(i, 0), cond.At(i, 0))
		n = append(n, int(x.At(i, 0)))
	}
	return n
}

func TestPartsOfASplitAreDisjointAndAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(3, 40).Draw(t, "n")
		first := rapid.IntRange(1, n-2).Draw(t, "first")
		second := rapid.IntRange(1, n-1-first).Draw(t, "second")
		seed := rapid.Uint64().Draw(t, "seed")
		parts, err := rows.Split(counted(t, 0, n), seed, first, second)
		require.NoError(t, err)
		var all []int
		for i, p := range parts {
			require.Equal(t, []int{first, second, n - first - second}[i], p.Len())
			all = append(all, numbers(t, p)...)
		}
		again, err := rows.Split(counted(t, 0, n), seed, first, second)
		require.NoError(t, err)
		require.Equal(t, numbers(t, parts[1]), numbers(t, again[1]))
		slices.Sort(all)
		require.Equal(t, numbers(t, counted(t, 0, n)), all)
	})
}

func TestJoinedRowsComeOneAfterTheOther(t *testing.T) {
	s, err := rows.Join(counted(t, 0, 3), counted(t, 3, 1), rows.Part(counted(t, 0, 9), []int{8, 4}))
	require.NoError(t, err)
	require.Equal(t, []int{0, 1, 2, 3, 8, 4}, numbers(t, s))
	require.Equal(t, []int{4, 0}, numbers(t, rows.Part(s, []int{5, 0})))
	require.ErrorIs(t, s.Row(6, make([]float64, 2), make([]float64, 1)), rows.ErrRange)
}

// broken is a set of two rows, of which the second cannot be read.
type broken struct{ rows.Set }

var errBroken = errors.New("no such sector")

func (b broken) Row(i int, x, cond []float64) error {
	if i == 1 {
		return errBroken
	}
	return b.Set.Row(i, x, cond)
}

func TestErrorsSayWhatIsWrong(t *testing.T) {
	s := counted(t, 0, 3)
	_, err := rows.With(s, rows.Of(mat.NewDense(2, 1, nil)))
	require.ErrorIs(t, err, rows.ErrShape)
	require.ErrorContains(t, err, "cond: has 2 rows, want 3")
	_, err = rows.With(s, s)
	require.ErrorIs(t, err, rows.ErrShape)
	require.ErrorContains(t, err, "cond: has 1 columns of conditions, want none")
	labelled, err := rows.With(s, broken{rows.Of(mat.NewDense(3, 1, nil))})
	require.NoError(t, err)
	err = labelled.Row(1, make([]float64, 2), make([]float64, 2))
	require.EqualError(t, err, "condition: no such sector")
	_, err = rows.Join()
	require.ErrorIs(t, err, rows.ErrShape)
	_, err = rows.Join(s, rows.Of(mat.NewDense(1, 2, nil)))
	require.ErrorIs(t, err, rows.ErrShape)
	require.ErrorContains(t, err, "set 1: has 2 columns and 0 of conditions, want 2 and 1")
	for _, sizes := range [][]int{{0}, {3}, {-1}, {1, 2}} {
		_, err = rows.Split(s, 0, sizes...)
		require.ErrorIs(t, err, rows.ErrShape)
	}
	j, err := rows.Join(counted(t, 0, 2), broken{s})
	require.NoError(t, err)
	_, _, err = rows.Read(j)
	require.ErrorIs(t, err, errBroken)
	require.EqualError(t, err, "rows: Read: row 3: set 1: no such sector")
	require.ErrorIs(t, rows.Part(s, []int{1}).Row(1, nil, nil), rows.ErrRange)
	_, _, err = rows.Read(rows.Part(s, nil))
	require.ErrorIs(t, err, rows.ErrShape)
	require.PanicsWithValue(t, "rows: Part: index[0] is 3, want one of 0, …, 2", func() { rows.Part(s, []int{3}) })
	require.Panics(t, func() { rows.Of(&mat.Dense{}) })
}

func ExampleSplit() {
	x := mat.NewDense(5, 1, []float64{0, 1, 2, 3, 4})
	labelled, err := rows.With(rows.Of(x), rows.Of(mat.NewDense(5, 1, []float64{1, 0, 1, 0, 1})))
	if err != nil {
		fmt.Println(err)
		return
	}
	parts, err := rows.Split(labelled, 1, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, part := range parts {
		x, labels, err := rows.Read(part)
		fmt.Println(x.RawMatrix().Data, labels.RawMatrix().Data, err)
	}
	// Output:
	// [1 0] [0 1] <nil>
	// [2 3 4] [1 0 1] <nil>
}

// Two files of one kind as one set, and of that some rows.
func ExampleJoin() {
	set, err := rows.Join(rows.Of(mat.NewDense(2, 1, []float64{0, 1})), rows.Of(mat.NewDense(3, 1, []float64{10, 11, 12})))
	if err != nil {
		fmt.Println(err)
		return
	}
	x, _, err := rows.Read(rows.Part(set, []int{4, 1, 1}))
	fmt.Println(set.Len(), x.RawMatrix().Data, err)
	// Output:
	// 5 [12 1 1] <nil>
}
