package table

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

// withOne returns a table of a column that f draws, and another one.
func withOne(n int, f Field, draw func(r *rand.Rand) float64) *Table {
	r := rand.New(rand.NewPCG(5, 6))
	t := &Table{Fields: []Field{f, {Name: "other", Kind: Number}}, Columns: make([][]float64, 2)}
	for range n {
		t.Columns[0] = append(t.Columns[0], draw(r))
		t.Columns[1] = append(t.Columns[1], r.NormFloat64())
	}
	return t
}

func TestAGoodModelIsNotMoved(t *testing.T) {
	u := withOne(4000, Field{Name: "x", Kind: Number}, func(r *rand.Rand) float64 { return r.NormFloat64() })
	c, err := NewCodec(u, nil)
	require.NoError(t, err)
	r := rand.New(rand.NewPCG(7, 8))
	ref := mat.NewDense(20000, 2, nil)
	ref.Apply(func(_, _ int, _ float64) float64 { return r.NormFloat64() }, ref)
	before, err := c.Decode(ref, nil)
	require.NoError(t, err)
	require.NoError(t, c.Match(ref))
	after, err := c.Decode(ref, nil)
	require.NoError(t, err)
	moved := 0
	for i, v := range before.Columns[0] {
		if math.Abs(v-after.Columns[0][i]) > 1e-6 {
			moved++
		}
	}
	require.Less(t, moved, 20000/5)
}

func TestMatchedValuesAreOfTheKindFitted(t *testing.T) {
	for name, c := range map[string]struct {
		field Field
		draw  func(r *rand.Rand) float64
		of    func(v float64) bool
	}{
		"few values with gaps": {Field{Name: "x", Kind: Whole}, func(r *rand.Rand) float64 { return []float64{3, 4, 6, 8}[r.IntN(4)] },
			func(v float64) bool { return v == 3 || v == 4 || v == 6 || v == 8 }},
		"hundreds": {Field{Name: "x", Kind: Number, Step: .01}, func(r *rand.Rand) float64 { return 100 * math.Round(1e4*r.ExpFloat64()) },
			func(v float64) bool { return math.Mod(v, 100) == 0 }},
		"odd fractions": {Field{Name: "x", Kind: Number}, func(r *rand.Rand) float64 { return math.Log(float64(1 + r.IntN(30))) },
			func(v float64) bool { k := math.Exp(v); return math.Abs(k-math.Round(k)) < 1e-9 }},
		"not below": {Field{Name: "x", Kind: Number}, func(r *rand.Rand) float64 { return r.ExpFloat64() },
			func(v float64) bool { return v >= 0 }},
	} {
		u := withOne(3000, c.field, c.draw)
		codec, err := NewCodec(u, nil)
		require.NoError(t, err)
		r := rand.New(rand.NewPCG(7, 8))
		ref := mat.NewDense(9000, 2, nil)
		ref.Apply(func(_, _ int, _ float64) float64 { return 1.2*r.NormFloat64() - .1 }, ref)
		require.NoError(t, codec.Match(ref))
		got, err := codec.Decode(ref, nil)
		require.NoError(t, err)
		for _, v := range got.Columns[0] {
			require.True(t, c.of(v), "%s: %v", name, v)
		}
	}
}

func TestFewRowsAreNotTheSameQuantiles(t *testing.T) {
	u := mixedTable(500, 1)
	c, err := NewCodec(u, nil)
	require.NoError(t, err)
	x, err := c.Encode(u, 1)
	require.NoError(t, err)
	require.NoError(t, c.Match(skewed(x)))
	a, err := c.Decode(skewed(x).Slice(0, 5, 0, 9), nil)
	require.NoError(t, err)
	all, err := c.Decode(skewed(x), nil)
	require.NoError(t, err)
	requireTable(t, all.Select([]int{0, 1, 2, 3, 4}), a)
}

func TestMarginalsAreInverted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.SliceOfN(rapid.Map(rapid.IntRange(-20, 20), func(k int) float64 { return float64(k) }), 1, 80).Draw(t, "values")
		width := rapid.SampledFrom([]float64{0, .5, 1}).Draw(t, "width")
		cell := func(v float64) (lo, hi float64) { return v - width/2, v + width/2 }
		m := modelMarginal(v) // sorts v
		m = newMarginal(v, cell)
		require.True(t, m.valid())
		for i := range 101 {
			p := float64(i) / 100
			y := m.quantile(p)
			lo, hi := m.sides(y)
			require.LessOrEqual(t, lo, p+1e-12)
			require.GreaterOrEqual(t, hi, p-1e-12)
			require.Equal(t, y, m.seat(y))
		}
		g := modelMarginal(rapid.SliceOfN(rapid.Float64Range(-30, 30), 2, 50).Draw(t, "model"))
		near := nearest(&g, &m, .1)
		require.True(t, near.valid() || near.Rows == 0 && ascend(near.Y) && ascend(near.P))
	})
}

// Prices that are all multiples of 15 cents are drawn as the very numbers of the rows,
// not as ones that differ in the last digit.
func TestMatchedValuesAreThoseOfTheLattice(t *testing.T) {
	prices := &Table{Fields: []Field{{Name: "price", Kind: Number, Step: .01}}, Columns: [][]float64{nil}}
	rows := map[float64]bool{}
	for k := range 2000 {
		v, err := prices.Fields[0].Parse(fmt.Sprintf("%d.%02d", 15*k/100, 15*k%100))
		require.NoError(t, err)
		prices.Columns[0] = append(prices.Columns[0], v)
		rows[v] = true
	}
	c, err := NewCodec(prices, nil)
	require.NoError(t, err)
	x, err := c.Encode(prices, 1)
	require.NoError(t, err)
	require.NoError(t, c.Match(x))
	got, err := c.Decode(x, nil)
	require.NoError(t, err)
	for _, v := range got.Columns[0] {
		require.True(t, rows[v], "%v", v)
	}
}

// flatsOf returns rows with length = area/width, and a model's rows that know this law but
// not that areas have spikes at round tens; and a free column with such spikes.
func flatsOf(n int) (rows, model *Table) {
	r := rand.New(rand.NewPCG(5, 6))
	of := func(spikes float64) *Table {
		u := &Table{Columns: make([][]float64, 4)}
		for _, name := range []string{"length", "width", "area", "free"} {
			u.Fields = append(u.Fields, Field{Name: name, Kind: Number, Step: .01})
		}
		size := func() float64 {
			v := 50 + 8*r.NormFloat64()
			if r.Float64() < spikes {
				v = math.Round(v/10) * 10
			}
			return v
		}
		for range n {
			area, width := size(), 7*math.Exp(.1*r.NormFloat64())
			for j, v := range []float64{area / width, width, area, size()} {
				u.Columns[j] = append(u.Columns[j], snap(v, .01))
			}
		}
		return u
	}
	return of(.4), of(0)
}

// broken returns how many rows break length·width = area, and how many areas and free
// numbers are round.
func broken(t *Table) (rows, areas, free int) {
	for i, area := range t.Columns[2] {
		if math.Abs(t.Columns[0][i]*t.Columns[1][i]-area) > .2 {
			rows++
		}
		if math.Mod(area, 10) == 0 {
			areas++
		}
		if math.Mod(t.Columns[3][i], 10) == 0 {
			free++
		}
	}
	return rows, areas, free
}

func TestMatchKeepsLaws(t *testing.T) {
	const n = 5000
	u, model := flatsOf(n)
	c, err := NewCodec(u, nil)
	require.NoError(t, err)
	x, err := c.Encode(model, 1)
	require.NoError(t, err)
	require.NoError(t, c.Match(x))
	text, err := c.MarshalJSON()
	require.NoError(t, err)
	var opened Codec
	require.NoError(t, opened.UnmarshalJSON(text))
	for _, codec := range []*Codec{c, &opened} {
		got, err := codec.Decode(x, nil)
		require.NoError(t, err)
		rows, areas, free := broken(got)
		require.Less(t, rows, n/50)
		require.InDelta(t, .4*n, areas, .05*n)
		require.InDelta(t, .4*n, free, .05*n)
	}

	// Where a length is given, neither it nor the area that it is nearly a function of is
	// moved, and where a width is missing, nothing can be said of it.
	known := mat.NewDense(n, 4, nil)
	known.Apply(func(i, j int, _ float64) float64 {
		if j == 0 {
			return x.At(i, j)
		}
		return math.NaN()
	}, known)
	got, err := c.Decode(x, known)
	require.NoError(t, err)
	rows, _, free := broken(got)
	require.Less(t, rows, n/50)
	require.InDelta(t, .4*n, free, .05*n)
	require.Equal(t, model.Columns[0], got.Columns[0])
	x.Set(0, 1, math.NaN())
	got, err = c.Decode(x, nil)
	require.NoError(t, err)
	require.False(t, math.IsNaN(got.Columns[0][0]) || math.IsNaN(got.Columns[2][0]))
}

// Columns that go along have the distributions of the rows fitted, or all are matched by
// themselves: a model that keeps a law may have them wrong, with or without the spikes of
// the column that leads.
func TestMatchGivesUpLawsThatSpoilDistributions(t *testing.T) {
	const n = 3000
	u, smooth := flatsOf(n)
	c, err := NewCodec(u, nil)
	require.NoError(t, err)
	for _, model := range []*Table{smooth, u.Select(indices(n))} {
		for i := range n { // wider and shorter, of the same area
			model.Columns[0][i] = snap(model.Columns[0][i]/1.06, .01)
			model.Columns[1][i] = snap(model.Columns[1][i]*1.06, .01)
		}
		x, err := c.Encode(model, 1)
		require.NoError(t, err)
		require.NoError(t, c.Match(x))
		got, err := c.Decode(x, nil)
		require.NoError(t, err)
		for j := range 2 {
			off := slices.Sorted(slices.Values(model.Columns[j]))
			put := slices.Sorted(slices.Values(got.Columns[j]))
			want := slices.Sorted(slices.Values(u.Columns[j]))
			require.Greater(t, math.Abs(off[n/2]-want[n/2]), .2)
			require.InDelta(t, want[n/2], put[n/2], .1)
		}
	}
}

// A sum of many columns, each of which hardly depends on it, leads none of them.
func TestColumnsThatNoneFollowsDoNotLead(t *testing.T) {
	const n, d = 3000, 6
	r := rand.New(rand.NewPCG(5, 6))
	u := &Table{Columns: make([][]float64, d+1)}
	for k := range d + 1 {
		u.Fields = append(u.Fields, Field{Name: fmt.Sprint("x", k), Kind: Number, Step: .01})
	}
	for range n {
		var sum float64
		for j := range d {
			v := snap(r.NormFloat64(), .01)
			u.Columns[j] = append(u.Columns[j], v)
			sum += v
		}
		if r.Float64() < .4 { // a spike, which one of the numbers makes up for
			u.Columns[0][len(u.Columns[d])] = snap(u.Columns[0][len(u.Columns[d])]+math.Round(sum)-sum, .01)
			sum = math.Round(sum)
		}
		u.Columns[d] = append(u.Columns[d], snap(sum, .01))
	}
	c, err := NewCodec(u, nil)
	require.NoError(t, err)
	require.True(t, c.columns[d].Data.Lumpy)
	x, err := c.Encode(u, 1)
	require.NoError(t, err)
	require.Greater(t, c.explain(x, []int{d})[d], .999)
	require.Nil(t, c.columns[d].Law)
	for k := range d {
		require.Empty(t, c.columns[k].Along)
	}
}

func TestWhatOthersExplainIsMeasured(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	u := &Table{Columns: make([][]float64, 4)}
	for _, name := range []string{"a", "b", "product", "noise"} {
		u.Fields = append(u.Fields, Field{Name: name, Kind: Number})
	}
	for range 2000 {
		a, b, e := r.NormFloat64()+3, r.NormFloat64()+3, r.NormFloat64()
		for j, v := range []float64{a, b, a*b + .2*e, r.NormFloat64()} {
			u.Columns[j] = append(u.Columns[j], v)
		}
	}
	c, err := NewCodec(u, nil)
	require.NoError(t, err)
	x, err := c.Encode(u, 1)
	require.NoError(t, err)
	explained := c.explain(x, []int{2, 3})
	require.InDelta(t, 1-.04/(9+9+1+.04), explained[2], .001)
	require.InDelta(t, 0, explained[3], .01)
	require.Zero(t, c.explain(x.Slice(0, 30, 0, 4), []int{2})[2])
}
