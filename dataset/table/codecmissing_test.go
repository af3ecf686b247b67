package table

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

func TestColumnsMissingTogetherShareAnIndicator(t *testing.T) {
	u := mixedTable(300, 1)
	u.Columns[0][3], u.Columns[4][3] = noCell, noCell // a group of two columns in one row
	c, err := NewCodec(u, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"normal missing", "income missing"}, c.Names()[8:])
	require.Equal(t, []int{8, 9}, c.Indicators())
	x, err := c.Encode(u, 1)
	require.NoError(t, err)
	for i := range u.Len() {
		for j := range c.Dim() {
			require.False(t, math.IsNaN(x.At(i, j)))
		}
	}
	got, err := c.Decode(x, nil)
	require.NoError(t, err)
	requireTable(t, u, got)
}

func TestFilledCellsAreMissingAgain(t *testing.T) {
	u := mixedTable(300, 1)
	u.Fields = append(u.Fields, Field{Name: "none", Kind: Number}, Field{Name: "seven", Kind: Number})
	none, seven := make([]float64, 300), make([]float64, 300)
	for i := range none {
		none[i], seven[i] = noCell, 7
		if i%5 == 0 {
			seven[i], u.Columns[4][i] = noCell, noCell
		}
	}
	u.Columns = append(u.Columns, none, seven)
	for _, coding := range []Coding{Auto, OneHot} {
		c, err := NewCodec(u, &CodecSettings{Codings: map[string]Coding{"colour": coding}})
		require.NoError(t, err)
		x, err := c.Encode(u, 1)
		require.NoError(t, err)
		for i := range 300 {
			for j := range c.Dim() {
				require.False(t, math.IsNaN(x.At(i, j)))
			}
		}
		got, err := c.Decode(x, nil)
		require.NoError(t, err)
		requireTable(t, u, got)
	}
}

func TestObserveKnowsWhatIsThere(t *testing.T) {
	u := mixedTable(300, 1)
	c, err := NewCodec(u, nil)
	require.NoError(t, err)
	gone := -1
	for i, v := range u.Columns[6] {
		if math.IsNaN(v) {
			gone = i
			break
		}
	}

	// All columns: what is missing is to be drawn, and be there.
	o, err := c.Observe(u, 1)
	require.NoError(t, err)
	x := mat.DenseCopyOf(o)
	x.Apply(func(_, _ int, v float64) float64 {
		if math.IsNaN(v) {
			return .5
		}
		return v
	}, o)
	require.NoError(t, c.Match(skewed(x)))
	got, err := c.Decode(x, o)
	require.NoError(t, err)
	require.False(t, math.IsNaN(got.Columns[6][gone]))
	for j := range u.Fields {
		for i, v := range u.Columns[j] {
			if math.IsNaN(v) {
				require.False(t, math.IsNaN(got.Columns[j][i]))
				got.Columns[j][i] = v
			}
		}
	}
	requireTable(t, u, got)

	// Some columns: the others are to be drawn, with whether they are missing.
	some := &Table{Fields: u.Fields[4:6], Columns: u.Columns[4:6]}
	o, err = c.Observe(some, 1)
	require.NoError(t, err)
	for j, name := range c.Names() {
		require.Equal(t, name != "colour" && name != "yes", math.IsNaN(o.At(0, j)), name)
	}
}

func TestMissingStaysInProportion(t *testing.T) {
	u := mixedTable(2000, 1)
	c, err := NewCodec(u, nil)
	require.NoError(t, err)
	x, err := c.Encode(u, 1)
	require.NoError(t, err)
	require.NoError(t, c.Match(skewed(x)))
	got, err := c.Decode(skewed(x), nil)
	require.NoError(t, err)
	for i := range got.Len() {
		require.Equal(t, math.IsNaN(u.Columns[6][i]), math.IsNaN(got.Columns[6][i]), "row %d", i)
	}
}
