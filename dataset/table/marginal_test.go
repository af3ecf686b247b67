package table

import (
	"fmt"
	"math"
	"math/rand/v2"
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

// A column with spikes that is nearly a function of others is not moved to its spikes,
// which would break the law; one with the same spikes and no law is.
func TestMatchKeepsLaws(t *testing.T) {
	const n = 5000
	r := rand.New(rand.NewPCG(5, 6))
	u := &Table{Columns: make([][]float64, 4)}
	for _, name := range []string{"length", "width", "area", "free"} {
		u.Fields = append(u.Fields, Field{Name: name, Kind: Number, Step: .01})
	}
	spiky := func(v float64) float64 {
		if r.Float64() < .4 {
			v = math.Round(v/10) * 10
		}
		return snap(v, .01)
	}
	for range n {
		area := spiky(50 + 8*r.NormFloat64())
		width := 7 * math.Exp(.1*r.NormFloat64())
		for j, v := range []float64{area / width, width, area, spiky(50 + 8*r.NormFloat64())} {
			u.Columns[j] = append(u.Columns[j], snap(v, .01))
		}
	}
	c, err := NewCodec(u, nil)
	require.NoError(t, err)
	model := u.Select(indices(n))
	for i := range n { // a model that knows the law and not the spikes
		area := 50 + 8*r.NormFloat64()
		model.Columns[0][i], model.Columns[2][i] = snap(area/model.Columns[1][i], .01), snap(area, .01)
		model.Columns[3][i] = snap(50+8*r.NormFloat64(), .01)
	}
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
		broken, round := 0, 0
		for i := range n {
			if math.Abs(got.Columns[0][i]*got.Columns[1][i]-got.Columns[2][i]) > .2 {
				broken++
			}
			if math.Mod(got.Columns[3][i], 10) == 0 {
				round++
			}
		}
		require.Less(t, broken, n/100)
		require.InDelta(t, .4*n, round, .05*n)
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
	require.InDelta(t, 1-.04/(9+9+1+.04), c.columns[2].Explained, .001)
	require.InDelta(t, 0, c.columns[3].Explained, .01)
	few, err := NewCodec(u.Select(indices(30)), nil)
	require.NoError(t, err)
	require.Zero(t, few.columns[2].Explained)
}
