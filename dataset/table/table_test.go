package table

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func small(t *testing.T) *Table {
	return mustRead(t, "x,word,day,name,one,hole\n1.5,a,2020-01-02,p,7,\n2.25,,2020-01-03,q,7,\n-3,b,,r,,\n8,b,2021-01-01,s,7,\n",
		&ReadSettings{Schema: []Field{{Name: "name", Kind: Identifier}}})
}

func TestStringSumsUpEachColumn(t *testing.T) {
	require.Equal(t, `4 rows × 6 columns
  x     number      -3.00 … 8.00, step 0.01
  word  category    2 levels: "a", "b"             25 % missing
  day   time        2020-01-02 … 2021-01-01, days  25 % missing
  name  identifier  left out
  one   constant    "7"                            25 % missing
  hole  constant                                   100 % missing
`, small(t).String())
	require.Equal(t, "0 rows × 0 columns\n", (&Table{}).String())
	require.Contains(t, (&Table{Fields: []Field{{Name: "x", Kind: Whole}}, Columns: [][]float64{{math.NaN()}}}).String(), "no cells  100 % missing")
}

func TestColumnsAreFoundByName(t *testing.T) {
	tab := small(t)
	require.Equal(t, 2, tab.Index("day"))
	require.Equal(t, -1, tab.Index("Day"))
	require.Equal(t, 4, tab.Len())
	require.Equal(t, "2.25", tab.Text(1, 0))
	require.Equal(t, "", tab.Text(1, 1))
	require.Equal(t, "", tab.Text(1, 3), "left out")

	kept, err := tab.Keep("day", "x")
	require.NoError(t, err)
	require.Equal(t, []string{"day", "x"}, []string{kept.Fields[0].Name, kept.Fields[1].Name})
	require.Same(t, &tab.Columns[0][0], &kept.Columns[1][0])
	dropped, err := tab.Drop("one", "x", "hole", "name")
	require.NoError(t, err)
	require.Equal(t, []string{"word", "day"}, []string{dropped.Fields[0].Name, dropped.Fields[1].Name})
	require.Len(t, tab.Fields, 6)
	for verb, f := range map[string]func(...string) (*Table, error){"Keep": tab.Keep, "Drop": tab.Drop} {
		_, err = f("x", "z")
		require.ErrorIs(t, err, ErrName)
		require.ErrorContains(t, err, "table: "+verb+`: the name is "z", want one of "x", "word", "day", "name", "one", "hole"`)
	}
}

func TestSelectCopiesRows(t *testing.T) {
	tab := small(t)
	got := tab.Select([]int{3, 0, 3})
	require.Equal(t, []float64{8, 1.5, 8}, got.Columns[0])
	require.Nil(t, got.Columns[3])
	got.Columns[0][0] = 0
	require.Equal(t, 8., tab.Columns[0][3])
}

func TestSplitDrawsRowsOnce(t *testing.T) {
	const n = 1000
	column := make([]float64, n)
	for i := range column {
		column[i] = float64(i)
	}
	tab := &Table{Fields: []Field{{Name: "x", Kind: Whole, Step: 1}}, Columns: [][]float64{column}}
	drawn, rest := tab.Split(200, 7)
	require.Equal(t, 200, drawn.Len())
	require.True(t, slices.IsSorted(drawn.Columns[0]) && slices.IsSorted(rest.Columns[0]))
	require.ElementsMatch(t, column, append(slices.Clone(drawn.Columns[0]), rest.Columns[0]...))
	again, _ := tab.Split(200, 7)
	require.Equal(t, drawn, again)
	other, _ := tab.Split(200, 8)
	require.NotEqual(t, drawn, other)
	sum := 0.
	for _, v := range drawn.Columns[0] {
		sum += v
	}
	require.InDelta(t, 499.5, sum/200, 4*289/math.Sqrt(200))
	none, all := tab.Split(0, 7)
	require.Equal(t, 0, none.Len())
	equal(t, tab, all)
	require.PanicsWithValue(t, "table: Split: n is 1001, want 0 ≤ n ≤ 1000, the number of rows", func() { tab.Split(1001, 7) })
	require.Panics(t, func() { tab.Split(-1, 7) })
}
