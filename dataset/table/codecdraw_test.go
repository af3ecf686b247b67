package table

import (
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// children have a height that their age says but for a deviation of 3, unless it is one of
// the 10 % that were not measured, and a score from the age of 8 on, near the age.
func children(n int, seed uint64) *Table {
	r := rand.New(rand.NewPCG(seed, 5))
	t := &Table{Fields: []Field{
		{Name: "age", Kind: Number}, {Name: "height", Kind: Number}, {Name: "score", Kind: Number},
		{Name: "town", Kind: Category, Levels: []string{"east", "west"}},
	}, Columns: make([][]float64, 4)}
	for range n {
		age := 20 * r.Float64()
		height, score := 60+6*age+3*r.NormFloat64(), noCell
		if r.Float64() < .1 {
			height = noCell
		}
		if age > 8 {
			score = age + r.NormFloat64()
		}
		town := float64(r.IntN(2))
		for j, v := range []float64{age, height, score, town} {
			t.Columns[j] = append(t.Columns[j], v)
		}
	}
	return t
}

// oracle draws from coded rows: one of the ten that are nearest in what is known, most of
// all in the age, which says all of the others, among those with the same cells missing
// where that is known, if there are any.
func oracle(t *testing.T, c *Codec, law *Table) Sampler {
	x, err := c.Encode(law, 77)
	require.NoError(t, err)
	return func(n int, observed *mat.Dense, seed uint64) (*mat.Dense, error) {
		r := rand.New(rand.NewPCG(seed, 6))
		y := mat.NewDense(n, c.Dim(), nil)
		for i := range n {
			if observed == nil {
				y.SetRow(i, x.RawRowView(r.IntN(law.Len())))
				continue
			}
			near := nearRows(c, x, observed.RawRowView(i), 10)
			y.SetRow(i, x.RawRowView(near[r.IntN(len(near))]))
			for j, o := range observed.RawRowView(i) {
				if math.IsInf(o, 1) {
					y.Set(i, j, noCell)
				}
			}
		}
		return y, nil
	}
}

func nearRows(c *Codec, x *mat.Dense, known []float64, k int) []int {
	n, d := x.Dims()
	var near []int
	var distances []float64
	for i := range n {
		row := x.RawRowView(i)
		var distance float64
		for j, o := range known {
			if math.IsNaN(o) || math.IsInf(o, 0) {
				continue
			}
			if g := j - (d - len(c.groups)); g >= 0 {
				if c.groups[g].missing(o) != c.groups[g].missing(row[j]) {
					distance += 1e6
				}
				continue
			}
			if j == 0 {
				distance += 1000 * (o - row[j]) * (o - row[j])
			}
			distance += (o - row[j]) * (o - row[j])
		}
		at, _ := slices.BinarySearch(distances, distance)
		if at < k {
			near, distances = slices.Insert(near, at, i), slices.Insert(distances, at, distance)
			near, distances = near[:min(k, len(near))], distances[:min(k, len(near))]
		}
	}
	return near
}

func TestDrawnRowsAreMissingWhereTheLawIs(t *testing.T) {
	law := children(4000, 1)
	c, err := NewCodec(law, nil)
	require.NoError(t, err)
	got, report, err := c.Draw(2000, nil, 1, oracle(t, c, law))
	require.NoError(t, err)
	require.Equal(t, &Drawn{Rows: 2000}, report)
	heights := 0.
	for i, age := range got.Columns[0] {
		require.Equal(t, age > 8, !math.IsNaN(got.Columns[2][i]), "age %v", age)
		if math.IsNaN(got.Columns[1][i]) {
			heights += 1. / 2000
		}
	}
	require.InDelta(t, .1, heights, .03)

	// Given the town only, for some of the rows.
	given := &Table{Fields: law.Fields[3:], Columns: [][]float64{make([]float64, 200)}}
	for i := range 100 {
		given.Columns[0][2*i] = noCell
	}
	got, _, err = c.Draw(200, given, 1, oracle(t, c, law))
	require.NoError(t, err)
	for i, age := range got.Columns[0] {
		require.Equal(t, age > 8, !math.IsNaN(got.Columns[2][i]))
		if i%2 == 1 {
			require.Zero(t, got.Columns[3][i])
		}
	}
}

func TestRowsThatBreakARuleAreDrawnAgain(t *testing.T) {
	law := children(3000, 1)
	rule := Check{Name: "old or short", Holds: func(row []float64) bool { return !(row[1] > 100) || row[0] >= 5 }}
	for i, age := range law.Columns[0] {
		if age < 5 && law.Columns[1][i] > 100 {
			law.Columns[1][i] = 100
		}
	}
	c, err := NewCodec(law, &CodecSettings{Rules: []Rule{rule}})
	require.NoError(t, err)
	good := oracle(t, c, law)
	calls := 0
	bad := func(n int, observed *mat.Dense, seed uint64) (*mat.Dense, error) {
		x, err := good(n, observed, seed)
		if calls++; calls == 1 {
			for i := range 10 {
				x.SetRow(i, []float64{-1.7, 1, 0, 0, -1, -1}) // young and tall
			}
		}
		return x, err
	}
	got, report, err := c.Draw(50, nil, 1, bad)
	require.NoError(t, err)
	require.Equal(t, 2, calls)
	require.Equal(t, indices(10), report.Broken)
	require.Equal(t, indices(10), report.By[0].Rows)
	require.Empty(t, report.Left)
	rows, _, err := c.Violations(got)
	require.NoError(t, err)
	require.Empty(t, rows)

	calls = 0
	_, report, err = c.Draw(50, nil, 1, func(n int, observed *mat.Dense, seed uint64) (*mat.Dense, error) {
		calls = 0
		return bad(max(n, 10), observed, seed)
	})
	require.NoError(t, err)
	require.Equal(t, indices(10), report.Left)
}

func TestGivenCellsComeOutAsTheyAre(t *testing.T) {
	u, rules := ruledTable(500, 0)
	c, err := NewCodec(u, &CodecSettings{Rules: rules})
	require.NoError(t, err)
	x, err := c.Encode(u, 1)
	require.NoError(t, err)
	require.NoError(t, c.Match(skewed(x)))
	given, err := u.Select(indices(40)).Keep("angle", "low", "a")
	require.NoError(t, err)
	draw := func(n int, observed *mat.Dense, seed uint64) (*mat.Dense, error) {
		r := rand.New(rand.NewPCG(seed, 1))
		y := mat.NewDense(n, c.Dim(), nil)
		y.Apply(func(_, _ int, _ float64) float64 { return r.NormFloat64() }, y)
		return y, nil
	}
	got, report, err := c.Draw(40, given, 1, draw)
	require.NoError(t, err)
	require.Empty(t, report.Left)
	for _, name := range []string{"angle", "low", "a"} {
		require.Equal(t, u.Columns[u.Index(name)][:40], got.Columns[got.Index(name)])
	}
}

// normals stands for a model whose coded columns are independent normal ones. It returns
// nothing of what it has not to draw.
func normals(c *Codec) Sampler {
	return func(n int, observed *mat.Dense, seed uint64) (*mat.Dense, error) {
		r := rand.New(rand.NewPCG(seed, 1))
		x := mat.NewDense(n, c.Dim(), nil)
		x.Apply(func(i, j int, _ float64) float64 {
			if observed != nil && !math.IsNaN(observed.At(i, j)) {
				return noCell
			}
			return r.NormFloat64()
		}, x)
		return x, nil
	}
}

func TestSamplersThatFailAreErrors(t *testing.T) {
	u := children(50, 1)
	c, err := NewCodec(u, nil)
	require.NoError(t, err)
	for _, f := range []struct {
		draw Sampler
		want error
		text string
	}{
		{func(int, *mat.Dense, uint64) (*mat.Dense, error) { return nil, io.ErrUnexpectedEOF }, io.ErrUnexpectedEOF, ""},
		{func(n int, _ *mat.Dense, _ uint64) (*mat.Dense, error) { return mat.NewDense(n, 2, nil), nil }, ErrShape, "×2 numbers, want "},
		{func(n int, _ *mat.Dense, _ uint64) (*mat.Dense, error) {
			x := mat.NewDense(n, c.Dim(), nil)
			x.Set(0, 1, math.NaN())
			return x, nil
		}, ErrNonFinite, "returned NaN in row 0, column 1"},
	} {
		_, _, err = c.Draw(3, nil, 1, f.draw)
		require.ErrorIs(t, err, f.want)
		require.ErrorContains(t, err, f.text)
		_, _, err = c.Impute(&Table{Fields: u.Fields, Columns: [][]float64{{3}, {noCell}, {2}, {1}}}, 1, f.draw)
		require.ErrorIs(t, err, f.want)
		require.ErrorContains(t, err, f.text)
	}
	_, _, err = c.Draw(0, nil, 1, normals(c))
	require.ErrorIs(t, err, ErrShape)
	_, _, err = c.Draw(3, u, 1, normals(c))
	require.ErrorIs(t, err, ErrShape)
	_, _, err = c.Impute(&Table{Fields: u.Fields, Columns: [][]float64{{math.Inf(1)}, {noCell}, {2}, {1}}}, 1, normals(c))
	require.ErrorIs(t, err, ErrNonFinite)
}

// Equal cells of an order come out equal, not one of them less by a rounding error.
func TestEqualCellsOfAnOrderObey(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	u := &Table{Fields: []Field{{Name: "low", Kind: Number}, {Name: "middle", Kind: Number}, {Name: "high", Kind: Number}}, Columns: make([][]float64, 3)}
	for i := range 500 {
		v := math.Pi * r.NormFloat64()
		for j := range 3 {
			if i%(j+2) == 0 {
				v += r.ExpFloat64()
			}
			u.Columns[j] = append(u.Columns[j], v)
		}
	}
	c, err := NewCodec(u, &CodecSettings{Rules: []Rule{Order{Columns: []string{"low", "middle", "high"}}}})
	require.NoError(t, err)
	for columns := 1; columns <= 2; columns++ {
		given := &Table{Fields: u.Fields[:columns], Columns: u.Columns[:columns]}
		got, report, err := c.Draw(u.Len(), given, 1, normals(c))
		require.NoError(t, err)
		require.Empty(t, report.Broken)
		equal := 0
		for i, v := range got.Columns[2] {
			if v == got.Columns[1][i] {
				equal++
			}
		}
		require.Greater(t, equal, 50)
		holes := &Table{Fields: u.Fields, Columns: slices.Clone(u.Columns)}
		for j := columns; j < 3; j++ {
			holes.Columns[j] = slices.Repeat([]float64{noCell}, u.Len())
		}
		_, report, err = c.Impute(holes, 1, normals(c))
		require.NoError(t, err)
		require.Empty(t, report.Broken)
	}
}

func TestColumnsThatTheCodecHasNotAreNotGiven(t *testing.T) {
	u := children(50, 1)
	c, err := NewCodec(u, nil)
	require.NoError(t, err)
	wrong := &Table{Fields: []Field{{Name: "AGE", Kind: Number}}, Columns: [][]float64{{3}}}
	_, _, err = c.Draw(1, wrong, 1, normals(c))
	require.ErrorIs(t, err, ErrName)
	require.ErrorContains(t, err, `Draw: given has a column "AGE", want some of "age", `)
	_, _, err = c.Impute(wrong, 1, normals(c))
	require.ErrorIs(t, err, ErrName)
	require.ErrorContains(t, err, `Impute: the table has the columns "AGE", want some of "age", `)
}
