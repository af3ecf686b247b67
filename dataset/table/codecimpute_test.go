package table

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"pgregory.net/rapid"
)

func TestImputedCellsFollowTheLawBesideStructuralHoles(t *testing.T) {
	law := children(6000, 1)
	c, err := NewCodec(law, nil)
	require.NoError(t, err)
	holes := children(300, 2)
	truth := slices.Clone(holes.Columns[1])
	for i := range holes.Len() {
		if i%2 == 0 {
			holes.Columns[1][i] = noCell
		}
	}
	got, report, err := c.Impute(holes, 3, oracle(t, c, law))
	require.NoError(t, err)
	require.Empty(t, report.Left)
	var young, old []float64
	gone := 0
	for i := range holes.Len() {
		for j := range holes.Fields {
			require.False(t, math.IsNaN(got.Columns[j][i]), "row %d, column %d", i, j)
			if v := holes.Columns[j][i]; !math.IsNaN(v) {
				require.Equal(t, v, got.Columns[j][i])
			}
		}
		if math.IsNaN(holes.Columns[1][i]) || math.IsNaN(holes.Columns[2][i]) {
			gone++
		}
		if !math.IsNaN(holes.Columns[1][i]) || math.IsNaN(truth[i]) {
			continue
		}
		age := holes.Columns[0][i]
		rest := got.Columns[1][i] - 60 - 6*age
		if age < 7 {
			young = append(young, rest)
		} else {
			old = append(old, rest)
		}
	}
	require.Equal(t, gone, report.Rows)
	require.True(t, math.IsNaN(holes.Columns[1][0]), "the table given is as it was")
	for _, rest := range [][]float64{young, old} {
		mean, deviation := stat.MeanStdDev(rest, nil)
		require.InDelta(t, 0, mean, 1.5)
		require.InDelta(t, 3, deviation, 1)
	}
}

func TestStagesLeaveOutWhatComesLater(t *testing.T) {
	law := children(600, 1)
	c, err := NewCodec(law, nil)
	require.NoError(t, err)
	rows := &Table{Fields: law.Fields, Columns: [][]float64{
		{3, 12, noCell, 15}, {noCell, noCell, 120, 130}, {noCell, 11, noCell, 14}, {0, 1, 0, 1},
	}}
	var stages []string
	var seeds []uint64
	_, report, err := c.Impute(rows, 1, func(n int, observed *mat.Dense, seed uint64) (*mat.Dense, error) {
		seeds = append(seeds, seed)
		for i := range n {
			text := ""
			for j, o := range observed.RawRowView(i) { // age, height, score, town, height and score missing
				switch {
				case math.IsNaN(o):
					text += "?"
				case math.IsInf(o, 1):
					text += "-"
				case j < 4:
					text += "k"
				case c.groups[j-4].missing(o):
					text += "m"
				default:
					text += "p"
				}
			}
			stages = append(stages, text)
		}
		return mat.NewDense(n, c.Dim(), nil), nil
	})
	require.NoError(t, err)
	require.Equal(t, 3, report.Rows)
	require.Equal(t, []string{
		"?k-kp-",           // the age of the third
		"k?-kp-", "k?kkpp", // the heights of the first and the second
		"kk?kpp", "kk?kpp", // the scores of the first and the third
	}, stages)
	require.Len(t, seeds, 3)
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(seeds))), 3)
}

func TestAllHolesThatHaveValuesAreFilled(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := drawTable(t)
		s := &CodecSettings{Codings: map[string]Coding{}}
		for _, f := range u.Fields {
			if f.Kind.Discrete() && rapid.Bool().Draw(t, "one-hot") {
				s.Codings[f.Name] = OneHot
			}
		}
		c, err := NewCodec(u, s)
		if err != nil {
			require.ErrorIs(t, err, ErrShape)
			return
		}
		holes := u.Select(indices(u.Len()))
		gone := rapid.SampledFrom([]float64{0, .3, 1}).Draw(t, "gone")
		r := rand.New(rand.NewPCG(1, 1))
		for j, column := range holes.Columns {
			for i := range column {
				if r.Float64() < gone {
					holes.Columns[j][i] = noCell
				}
			}
		}
		if len(holes.Fields) > 1 && rapid.Bool().Draw(t, "fewer") {
			holes.Fields, holes.Columns = holes.Fields[1:], holes.Columns[1:]
		}
		got, report, err := c.Impute(holes, 1, normals(c))
		require.NoError(t, err)
		require.Empty(t, report.Left)
		for j, column := range holes.Columns {
			from := u.Columns[u.Index(holes.Fields[j].Name)]
			seen := slices.ContainsFunc(from, func(v float64) bool { return !math.IsNaN(v) })
			for i, v := range column {
				w := got.Columns[j][i]
				require.Equal(t, seen, !math.IsNaN(w))
				if !math.IsNaN(v) {
					require.Equal(t, v, w)
				}
			}
		}
		given := holes
		if given.Len() == 0 {
			return
		}
		drawn, _, err := c.Draw(given.Len(), given, 1, normals(c))
		require.NoError(t, err)
		require.Equal(t, u.Fields, drawn.Fields)
		for j, column := range given.Columns {
			for i, v := range column {
				if !math.IsNaN(v) {
					require.Equal(t, v, drawn.Columns[drawn.Index(given.Fields[j].Name)][i])
				}
			}
		}
	})
}
