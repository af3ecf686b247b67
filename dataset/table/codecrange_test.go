package table

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRangeIsThatOfTheRowsFitted(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	rows := &Table{Fields: []Field{
		{Name: "normal", Kind: Number}, {Name: "price", Kind: Number, Step: .01}, {Name: "count", Kind: Whole, Step: 1},
		{Name: "far", Kind: Number}, {Name: "low", Kind: Number}, {Name: "high", Kind: Number}, {Name: "kind", Kind: Category, Levels: []string{"a", "b"}},
	}, Columns: make([][]float64, 7)}
	for range 500 {
		z := rng.NormFloat64()
		for j, v := range []float64{z, math.Round(1e4*math.Exp(z)) / 100, float64(rng.IntN(9)), 1e6 + 1e-3*z, z, z + rng.ExpFloat64(), float64(rng.IntN(2))} {
			rows.Columns[j] = append(rows.Columns[j], v)
		}
	}
	c, err := NewCodec(rows, &CodecSettings{Rules: []Rule{Order{Columns: []string{"low", "high"}}}})
	require.NoError(t, err)
	text, err := json.Marshal(c)
	require.NoError(t, err)
	read := new(Codec)
	require.NoError(t, json.Unmarshal(text, read))
	for _, c := range []*Codec{c, read} {
		for j := range 4 {
			want, end := math.Inf(1), math.Inf(-1)
			for _, v := range rows.Columns[j] {
				want, end = min(want, v), max(end, v)
			}
			least, most, ok := c.Range(j)
			require.True(t, ok)
			require.InDelta(t, want, least, 1e-9*(math.Abs(want)+1), rows.Fields[j].Name)
			require.InDelta(t, end, most, 1e-9*(math.Abs(end)+1), rows.Fields[j].Name)
		}
		_, _, ok := c.Range(6)
		require.False(t, ok)
	}
	require.Panics(t, func() { c.Range(7) })
}
