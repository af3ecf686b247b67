package table

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUnseenIsWhatNoRowFittedHad(t *testing.T) {
	number := func(name string) Field { return Field{Name: name, Kind: Number} }
	fitted := &Table{
		Fields: []Field{
			number("x"), {Name: "colour", Kind: Category, Levels: []string{"red", "green", "grey"}}, number("same"), number("none"),
			{Name: "place", Kind: Constant, Levels: []string{"here"}}, {Name: "code", Kind: Category, Levels: []string{"a", "b", "c"}},
			number("part"), number("rest"), {Name: "id", Kind: Identifier},
		},
		Columns: [][]float64{{1, 2, 3}, {0, 1, 0}, {5, 5, 5}, {noCell, noCell, noCell}, {0, 0, 0}, {0, 1, 1}, {1, 2, 3}, {9, 8, 7}, nil},
	}
	c, err := NewCodec(fitted, &CodecSettings{
		Codings: map[string]Coding{"code": OneHot},
		Rules:   []Rule{Sum{Columns: []string{"part", "rest"}, Constant: 10}},
	})
	require.NoError(t, err)
	unseen, err := c.Unseen(fitted)
	require.NoError(t, err)
	require.Equal(t, make([][]string, 3), unseen)

	later := &Table{
		Fields: []Field{
			{Name: "colour", Kind: Category, Levels: []string{"green", "blue", "grey"}}, number("x"), number("same"), number("none"),
			{Name: "place", Kind: Category, Levels: []string{"here", "there"}}, {Name: "code", Kind: Category, Levels: []string{"c", "b"}}, number("rest"), number("more"),
		},
		Columns: [][]float64{
			{0, 1, 2, noCell}, {77, noCell, 1e9, 0}, {5, 6, noCell, 5}, {noCell, noCell, 0, noCell},
			{0, 1, noCell, 0}, {1, 0, noCell, 1}, {4, 5, noCell, 99}, {1, 2, 3, 4},
		},
	}
	unseen, err = c.Unseen(later)
	require.NoError(t, err)
	require.Equal(t, [][]string{nil, {"colour", "same", "place", "code"}, {"colour", "none"}, nil}, unseen)

	later.Columns[1] = later.Columns[1][:2]
	_, err = c.Unseen(later)
	require.ErrorIs(t, err, ErrShape)
	require.ErrorContains(t, err, "table: Unseen: ")
}
