package table

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

func TestRareLevelsAmongTenThousandSurvive(t *testing.T) {
	const levels, n = 10000, 30000
	f := Field{Name: "town", Kind: Category}
	for k := range levels {
		f.Levels = append(f.Levels, fmt.Sprint(k))
	}
	r := rand.New(rand.NewPCG(1, 1))
	u := &Table{Fields: []Field{f, {Name: "x", Kind: Number}}, Columns: make([][]float64, 2)}
	for i := range n {
		k := i
		if i >= levels {
			k = int(r.ExpFloat64() * levels / 20)
		}
		u.Columns[0] = append(u.Columns[0], float64(min(k, levels-1)))
		u.Columns[1] = append(u.Columns[1], r.NormFloat64()+float64(k%100))
	}
	c, err := NewCodec(u, nil)
	require.NoError(t, err)
	x, err := c.Encode(u, 1)
	require.NoError(t, err)
	got, err := c.Decode(x, nil)
	require.NoError(t, err)
	requireTable(t, u, got)
}

func TestNeighboursAreAlike(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	mean := []float64{3, 0, 2, 5, 1, 4}
	f := Field{Name: "level", Kind: Category, Levels: []string{"d", "a", "c", "f", "b", "e"}}
	u := &Table{Fields: []Field{f, {Name: "x", Kind: Number}, {Name: "noise", Kind: Number}}, Columns: make([][]float64, 3)}
	for range 2000 {
		k := r.IntN(6)
		u.Columns[0] = append(u.Columns[0], float64(k))
		u.Columns[1] = append(u.Columns[1], mean[k]+r.NormFloat64())
		u.Columns[2] = append(u.Columns[2], r.NormFloat64())
	}
	c, err := NewCodec(u, nil)
	require.NoError(t, err)
	var order string
	for _, k := range c.columns[0].Levels.Seen {
		order += f.Levels[k]
	}
	require.Contains(t, []string{"abcdef", "fedcba"}, order)
	for kind, want := range map[Kind]string{Ordered: "dacfbe", Category: "dacfbe"} {
		u.Fields[0].Kind = kind
		c, err := NewCodec(u, &CodecSettings{Levels: Given})
		require.NoError(t, err)
		order = ""
		for _, k := range c.columns[0].Levels.Seen {
			order += f.Levels[k]
		}
		require.Equal(t, want, order)
	}
}

func TestLevelsAreFoundByTheirTexts(t *testing.T) {
	u := mixedTable(100, 1)
	c, err := NewCodec(u, nil)
	require.NoError(t, err)
	other := &Table{Fields: append([]Field{{Name: "more", Kind: Identifier}}, u.Fields...), Columns: append([][]float64{nil}, u.Columns...)}
	other.Fields[5].Levels = []string{"white", "blue", "green", "red"}
	other.Columns[5] = make([]float64, 100)
	for i, v := range u.Columns[4] {
		other.Columns[5][i] = 3 - v
	}
	want, err := c.Encode(u, 1)
	require.NoError(t, err)
	x, err := c.Encode(other, 1)
	require.NoError(t, err)
	require.Equal(t, want.At(3, 4), x.At(3, 4))
	other.Fields[5].Levels = []string{"white", "blue", "green", "pink"}
	_, err = c.Encode(other, 1)
	require.ErrorIs(t, err, ErrRange)
	require.ErrorContains(t, err, `column "colour": is "pink", which no row fitted had`)
}

func TestLevelsOfManyRowsAreComparedBySome(t *testing.T) {
	const n = 2*orderRows + 100
	r := rand.New(rand.NewPCG(1, 1))
	f := Field{Name: "level", Kind: Category, Levels: []string{"b", "a", "c", "rare"}}
	u := &Table{Fields: []Field{f, {Name: "x", Kind: Number}}, Columns: make([][]float64, 2)}
	for i := range n {
		k := float64(r.IntN(3))
		if i == 1 {
			k = 3
		}
		u.Columns[0] = append(u.Columns[0], k)
		u.Columns[1] = append(u.Columns[1], []float64{1, 0, 2, 1}[int(k)]+.1*r.NormFloat64())
	}
	c, err := NewCodec(u, nil)
	require.NoError(t, err)
	var order string
	for _, k := range c.columns[0].Levels.Seen {
		if k < 3 {
			order += f.Levels[k]
		}
	}
	require.Len(t, c.columns[0].Levels.Seen, 4)
	require.Contains(t, []string{"abc", "cba"}, order)
}

// Two parts of a table have its fields. A level that only one of them has is none that a
// codec of the other could code.
func TestLevelsThatNoRowFittedHasAreRefused(t *testing.T) {
	fields := []Field{{Name: "g", Kind: Category, Levels: []string{"a", "b", "c"}}, {Name: "o", Kind: Ordered, Levels: []string{"x", "y", "z"}}}
	fitted := &Table{Fields: fields, Columns: [][]float64{{0, 2, 0, 2}, {1, 1, 1, math.NaN()}}}
	for _, coding := range []Coding{Ordinal, OneHot} {
		c, err := NewCodec(fitted, &CodecSettings{Codings: map[string]Coding{"g": coding}})
		require.NoError(t, err)
		for _, row := range [][]float64{{1, 1}, {0, 0}} {
			_, err = c.Encode(&Table{Fields: fields, Columns: [][]float64{row[:1], row[1:]}}, 0)
			require.ErrorIs(t, err, ErrRange)
			require.ErrorContains(t, err, "which no row fitted had")
			_, _, err = c.Draw(1, &Table{Fields: fields, Columns: [][]float64{row[:1], row[1:]}}, 0, nil)
			require.ErrorIs(t, err, ErrRange)
		}
		x, err := c.Encode(fitted, 0)
		require.NoError(t, err)
		back, err := c.Decode(x, x)
		require.NoError(t, err)
		require.Equal(t, "c", back.Text(1, 0))
		require.Equal(t, "y", back.Text(1, 1))
	}
}

func TestLevelsThatNoRowFittedHasSayNothing(t *testing.T) {
	fields := []Field{{Name: "g", Kind: Category, Levels: []string{"a", "b", "c"}}, {Name: "x", Kind: Number}}
	c, err := NewCodec(&Table{Fields: fields, Columns: [][]float64{{0, 2, 0, 2}, {1, 2, 3, 4}}}, nil)
	require.NoError(t, err)
	fields[0].Levels = []string{"d", "c", "b"}
	rows := &Table{Fields: fields, Columns: [][]float64{{0, 1, 2, noCell}, {1, 2, noCell, 3}}}
	x, err := c.Observe(rows, 1)
	require.NoError(t, err)
	for i, known := range []bool{false, true, false, false} {
		require.Equal(t, known, !math.IsNaN(x.At(i, 0)), "row %d", i)
	}
	got, report, err := c.Impute(rows, 1, func(n int, observed *mat.Dense, _ uint64) (*mat.Dense, error) {
		require.True(t, math.IsInf(observed.At(0, 0), 1), "the level of the third row is left out")
		return mat.NewDense(n, 2, []float64{-9, 0, -9, 0}), nil
	})
	require.NoError(t, err)
	require.Equal(t, 2, report.Rows)
	require.Equal(t, []string{"d", "c", "b", "a"}, got.Fields[0].Levels, "a level of the codec's is new to the rows")
	require.Equal(t, []float64{0, 1, 2, 3}, got.Columns[0])
	require.Equal(t, []string{"d", "c", "b"}, rows.Fields[0].Levels)
}
