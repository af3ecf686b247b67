package table

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

// drawTable draws a table of all kinds of columns.
func drawTable(t *rapid.T) *Table {
	n := rapid.IntRange(1, 60).Draw(t, "rows")
	columns := rapid.IntRange(1, 6).Draw(t, "columns")
	u := &Table{}
	for j := range columns {
		f := Field{Name: fmt.Sprintf("c%d", j)}
		f.Kind = rapid.SampledFrom([]Kind{Number, Whole, Category, Ordered, Boolean, Time, Constant, Identifier}).Draw(t, "kind")
		var cell *rapid.Generator[float64]
		switch {
		case f.Kind == Identifier:
			u.Fields, u.Columns = append(u.Fields, f), append(u.Columns, nil)
			continue
		case f.Kind.Discrete():
			levels := map[Kind]int{Boolean: 2, Constant: 1}[f.Kind]
			if levels == 0 {
				levels = rapid.IntRange(1, 12).Draw(t, "levels")
			}
			for k := range levels {
				f.Levels = append(f.Levels, fmt.Sprintf("l%d", k))
			}
			cell = rapid.Map(rapid.IntRange(0, levels-1), func(k int) float64 { return float64(k) })
		case f.Kind == Number && rapid.Bool().Draw(t, "smooth"):
			scale := rapid.SampledFrom([]float64{1e-3, 1, 1e3, 1e200}).Draw(t, "scale")
			offset := rapid.SampledFrom([]float64{0, 0, 1e6}).Draw(t, "offset")
			cell = rapid.Map(rapid.Float64Range(-1, 1), func(x float64) float64 { return offset + scale*x })
			if rapid.Bool().Draw(t, "spike") {
				cell = rapid.OneOf(cell, rapid.Just(offset), rapid.Just(offset+scale/3))
			}
		default:
			f.Step = rapid.SampledFrom([]float64{1, .01, .1, .25, .15}).Draw(t, "step")
			if f.Kind == Whole {
				f.Step = rapid.SampledFrom([]float64{0, 1}).Draw(t, "step")
			}
			if f.Kind == Time {
				f.Step = rapid.SampledFrom([]float64{1, 86400}).Draw(t, "step")
			}
			step := latticeOf(f)
			most := rapid.SampledFrom([]int{1, 3, 1000, 1 << 30}).Draw(t, "range")
			if f.Kind == Time {
				most = min(most, 700_000) // days: the years 53 to 3886
			}
			cell = rapid.Map(rapid.IntRange(-most, most), func(k int) float64 { return snap(float64(k)*step, step) })
		}
		if rapid.Bool().Draw(t, "missing") {
			cell = rapid.OneOf(cell, cell, rapid.Just(noCell))
		}
		u.Fields = append(u.Fields, f)
		u.Columns = append(u.Columns, rapid.SliceOfN(cell, n, n).Draw(t, "cells"))
	}
	if u.Len() == 0 {
		u.Fields = append(u.Fields, Field{Name: "x", Kind: Number})
		u.Columns = append(u.Columns, make([]float64, n))
	}
	return u
}

// requireTable requires equal cells: but for rounding where there is no lattice.
func requireTable(t require.TestingT, want, got *Table) {
	require.Equal(t, want.Fields, got.Fields)
	for j, f := range want.Fields {
		require.Len(t, got.Columns[j], len(want.Columns[j]))
		size := 0.
		for _, v := range want.Columns[j] {
			if !math.IsNaN(v) {
				size = max(size, math.Abs(v))
			}
		}
		for i, v := range want.Columns[j] {
			switch u := got.Columns[j][i]; {
			case math.IsNaN(v):
				require.True(t, math.IsNaN(u), "row %d, column %d (%v): %v, want it missing", i, j, f, u)
			case f.Kind.Discrete() || latticeOf(f) > 0:
				require.Equal(t, v, u, "row %d, column %d (%v)", i, j, f)
			default:
				require.InDelta(t, v/size, u/size, 1e-12, "row %d, column %d (%v): %v and %v", i, j, f, v, u)
			}
		}
	}
}

func TestDecodeUndoesEncode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := drawTable(t)
		s := &CodecSettings{Codings: map[string]Coding{}}
		for _, f := range u.Fields {
			if f.Kind.Discrete() {
				s.Codings[f.Name] = rapid.SampledFrom([]Coding{Auto, Ordinal, OneHot}).Draw(t, "coding")
			} else if f.Kind != Identifier {
				s.Codings[f.Name] = rapid.SampledFrom([]Coding{Auto, Standard, Log, Quantile, Logit}).Draw(t, "coding")
			}
		}
		c, err := NewCodec(u, s)
		if errors.Is(err, ErrShape) {
			return // all columns are constant
		}
		require.NoError(t, err)
		x, err := c.Encode(u, rapid.Uint64().Draw(t, "seed"))
		require.NoError(t, err)
		got, err := c.Decode(x, nil)
		require.NoError(t, err)
		requireTable(t, u, got)

		text, err := json.Marshal(c)
		require.NoError(t, err)
		var read Codec
		require.NoError(t, json.Unmarshal(text, &read))
		again, err := read.Decode(x, nil)
		require.NoError(t, err)
		requireTable(t, got, again)
		back, err := json.Marshal(&read)
		require.NoError(t, err)
		require.Equal(t, string(text), string(back))
	})
}

// mixedTable has columns that are odd in the ways that real ones are.
func mixedTable(n int, seed uint64) *Table {
	r := rand.New(rand.NewPCG(seed, 1))
	t := &Table{Fields: []Field{
		{Name: "normal", Kind: Number},
		{Name: "rain", Kind: Number},
		{Name: "price", Kind: Number, Step: .01},
		{Name: "count", Kind: Whole},
		{Name: "colour", Kind: Category, Levels: []string{"red", "green", "blue", "white"}},
		{Name: "yes", Kind: Boolean, Levels: []string{"no", "yes"}},
		{Name: "income", Kind: Number},
		{Name: "tax", Kind: Number},
	}, Columns: make([][]float64, 8)}
	for range n {
		z := r.NormFloat64()
		rain := 0.
		if r.Float64() < .4 {
			rain = r.ExpFloat64()
		}
		colour := math.Floor(4 * math.Pow(r.Float64(), 2))
		yes := 0.
		if z+r.NormFloat64() > 1 {
			yes = 1
		}
		income, tax := math.Exp(1.5*r.NormFloat64()+9), 0.
		tax = income * .3
		if r.Float64() < .2 {
			income, tax = noCell, noCell
		}
		for j, v := range []float64{
			z, rain, snap(math.Exp(z+3), .01), math.Floor(3 * r.ExpFloat64()), colour, yes, income, tax,
		} {
			t.Columns[j] = append(t.Columns[j], v)
		}
	}
	return t
}

func TestCodedColumnsAreStandardAndHaveNoTies(t *testing.T) {
	u := mixedTable(4000, 1)
	c, err := NewCodec(u, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"normal", "rain", "price", "count", "colour", "yes", "income", "tax", "income missing"}, c.Names())
	x, err := c.Encode(u, 7)
	require.NoError(t, err)
	for j := range c.Dim() {
		seen := map[float64]bool{}
		var sum, squares, n float64
		for i := range u.Len() {
			v := x.At(i, j)
			require.False(t, seen[v], "column %d", j)
			seen[v] = true
			sum += v
			squares += v * v
			n++
			require.Less(t, math.Abs(v), 9., "column %d", j)
		}
		require.InDelta(t, 0, sum/n, .03, "column %d", j)
		require.InDelta(t, 1, squares/n, .05, "column %d", j)
	}
}

func TestRowsAreCodedAlone(t *testing.T) {
	u := mixedTable(100, 1)
	c, err := NewCodec(u, nil)
	require.NoError(t, err)
	x, err := c.Encode(u, 7)
	require.NoError(t, err)
	head, err := c.Encode(u.Select([]int{0, 1, 2}), 7)
	require.NoError(t, err)
	for i := range 3 {
		for j := range c.Dim() {
			require.Equal(t, math.Float64bits(x.At(i, j)), math.Float64bits(head.At(i, j)))
		}
	}
	other, err := c.Encode(u, 8)
	require.NoError(t, err)
	require.NotEqual(t, x.At(0, 1), other.At(0, 1))
}

// skewed returns coded rows as a poor model might draw them.
func skewed(x *mat.Dense) *mat.Dense {
	var y mat.Dense
	y.Apply(func(_, _ int, v float64) float64 { return v + .3*math.Tanh(v) + .2 }, x)
	return &y
}

func TestMatchGivesBackTheMarginals(t *testing.T) {
	u := mixedTable(4000, 1)
	c, err := NewCodec(u, nil)
	require.NoError(t, err)
	x, err := c.Encode(u, 7)
	require.NoError(t, err)
	require.NoError(t, c.Match(skewed(x)))
	fresh, err := c.Encode(u, 8)
	require.NoError(t, err)
	got, err := c.Decode(skewed(fresh), nil)
	require.NoError(t, err)
	for j, f := range u.Fields {
		want, wantGone := meanOf(u.Columns[j])
		m, gone := meanOf(got.Columns[j])
		spread := 0.
		for _, v := range u.Columns[j] {
			if !math.IsNaN(v) {
				spread += (v - want) * (v - want) / float64(u.Len()-wantGone)
			}
		}
		require.InDelta(t, 0, (m-want)/math.Sqrt(spread), .08, f.Name)
		require.InDelta(t, wantGone, gone, 20, f.Name)
	}
	zeros := func(v []float64) (n float64) {
		for _, x := range v {
			if x == 0 {
				n++
			}
		}
		return n
	}
	require.InDelta(t, zeros(u.Columns[1]), zeros(got.Columns[1]), 20)

	exact, err := c.Decode(fresh, fresh)
	require.NoError(t, err)
	requireTable(t, u, exact)
}

// meanOf returns the mean of the cells that are there, and the number of the others.
func meanOf(v []float64) (mean float64, gone int) {
	for _, x := range v {
		if math.IsNaN(x) {
			gone++
			continue
		}
		mean += x
	}
	return mean / float64(len(v)-gone), gone
}

func TestMoreRowsAreReadWithTheSchema(t *testing.T) {
	read := func(text string, schema []Field) *Table {
		u, err := Read(strings.NewReader(text), &ReadSettings{Schema: schema})
		require.NoError(t, err)
		return u
	}
	u := read("id,n,x,town,size,new,day,one\na,1,.5,east,1,no,2020-01-02,7\nb,2,1.5,west,2,yes,2020-01-03,7\nc,3,,west,2,yes,2020-01-05,7\n",
		[]Field{{Name: "id", Kind: Identifier}, {Name: "size", Kind: Ordered, Levels: []string{"1", "2"}}})
	c, err := NewCodec(u, nil)
	require.NoError(t, err)
	more := read("id,n,x,town,size,new,day,one\nd,1.25,abc,north,3,yes,2020-01-02,8\n7,,-.125,,2,no,2020-01-03,7\n",
		append(c.Schema()[:2:2], append([]Field{{Name: "x", Kind: Category}}, c.Schema()[3:]...)...))
	_, err = c.Observe(more, 1)
	require.ErrorIs(t, err, ErrRange, "a column of another kind")
	more = read("id,n,x,town,size,new,day,one\nd,1.25,,north,3,yes,2020-01-02,8\n7,,-.125,,2,no,2020-01-03,7\n", c.Schema())
	x, err := c.Observe(more, 1)
	require.NoError(t, err)
	for j, known := range []bool{true, false, false, false, true, true, false} {
		require.Equal(t, known, !math.IsNaN(x.At(0, j)), "column %d", j)
	}
	filled, _, err := c.Impute(more, 1, func(n int, _ *mat.Dense, _ uint64) (*mat.Dense, error) {
		return mat.NewDense(n, c.Dim(), nil), nil
	})
	require.NoError(t, err)
	require.Equal(t, []string{"1.25", "north", "3", "8"}, []string{filled.Text(0, 1), filled.Text(0, 3), filled.Text(0, 4), filled.Text(0, 7)})
	require.Contains(t, []string{"east", "west"}, filled.Text(1, 3))
	require.Contains(t, []string{"1", "2", "3"}, filled.Text(1, 1))
}

func TestAFewWildValuesDoNotSetTheScale(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	column := make([]float64, 5000)
	for i := range column {
		column[i] = math.Round(100 * rng.NormFloat64())
		if i%1000 == 0 {
			column[i] = 1e6
		}
	}
	c, err := NewCodec(&Table{Fields: []Field{{Name: "v", Kind: Whole, Step: 1}}, Columns: [][]float64{column}}, nil)
	require.NoError(t, err)
	x, err := c.Encode(&Table{Fields: c.Fields(), Columns: [][]float64{column}}, 0)
	require.NoError(t, err)
	coded := mat.Col(nil, 0, x)
	slices.Sort(coded)
	require.Greater(t, coded[3750]-coded[1250], 0.5, "the middle half is no needle")
	require.Less(t, slices.Max(coded), 25.)
}
