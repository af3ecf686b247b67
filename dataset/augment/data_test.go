package augment_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"github.com/gradlogp/gradlogp/dataset/augment"
	"github.com/gradlogp/gradlogp/dataset/rows"
	"github.com/gradlogp/gradlogp/score"
)

var (
	_ score.Data   = (*augment.Data)(nil)
	_ score.RowSet = (*augment.Set)(nil)
	_ rows.Set     = (*augment.Set)(nil)
)

// set returns n rows of d columns, row i being 100i + 0, 1, …, with the condition i.
func set(n, d, cond int) rows.Set {
	x := mat.NewDense(n, d, nil)
	x.Apply(func(i, j int, _ float64) float64 { return float64(100*i + j) }, x)
	if cond == 0 {
		return rows.Of(x)
	}
	c := mat.NewDense(n, cond, nil)
	c.Apply(func(i, _ int, _ float64) float64 { return float64(i) }, c)
	s, err := rows.With(rows.Of(x), rows.Of(c))
	if err != nil {
		panic(err)
	}
	return s
}

// source is a score.Data of a set.
func source(s rows.Set) score.Data {
	data, err := score.RowsOf(s)
	if err != nil {
		panic(err)
	}
	return data
}

// counting is a source of rows 0, 1, …, of d columns.
func counting(d, cond int) score.Data { return source(set(1, d, cond)) }

func TestParametersComeBeforeTheOwnConditions(t *testing.T) {
	data, err := augment.New(source(set(9, 6, 1)), augment.Grid{Size: []int{2, 3}},
		augment.Shift{Most: []int{1, 1}, Edge: augment.Circular}, augment.Jitter{Width: 1e-3}, augment.Flip{}, augment.Leaky{Op: augment.Flip{Vertical: true}}, augment.Crop{Size: []int{2, 2}})
	require.NoError(t, err)
	d, k := data.Dims()
	require.Equal(t, []int{4, 6, 5}, []int{d, k, data.Parameters()})
	x, cond := mat.NewDense(500, d, nil), mat.NewDense(500, k, nil)
	require.NoError(t, data.Batch(x, cond, 0, 0, rand.New(rand.NewPCG(1, 1))))
	leaked := 0
	for i := range 500 {
		c := cond.RawRowView(i)
		g := augment.Grid{Size: []int{2, 3}}
		want := make([]float64, 6)
		for j := range want {
			want[j] = 100*c[5] + float64(j)
		}
		want = apply(t, augment.Shift{Most: []int{1, 1}, Edge: augment.Circular}, g, want, c[:2]...)
		want = apply(t, augment.Flip{}, g, want, c[2])
		if want[0]-x.At(i, 0) > 0.01 || want[0]-x.At(i, 0) < -0.01 {
			leaked++
		}
		want = apply(t, augment.Crop{Size: []int{2, 2}}, g, want, c[3:5]...)
		turned := []float64{want[2], want[3], want[0], want[1]}
		got := x.RawRowView(i)
		if diff := got[0] - want[0]; diff > 1e-3 || diff < -1e-3 {
			want = turned
		}
		require.InDeltaSlice(t, want, got, 1e-3)
		require.NotEqual(t, want, got, "Jitter is always there")
	}
	require.Greater(t, leaked, 100)
	require.Equal(t, mat.NewDense(2, 6, []float64{0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 8}), data.Clean(mat.NewDense(2, 1, []float64{7, 8})))
	require.PanicsWithValue(t, "augment: Clean: cond is 1×0, want at least one row and 1 columns", func() { data.Clean(nil) })
}

func TestRowsWithoutOpsAreAsTheyAre(t *testing.T) {
	data, err := augment.New(counting(4, 0), augment.Grid{Size: []int{2}, Channels: 2})
	require.NoError(t, err)
	x := mat.NewDense(2, 4, nil)
	require.NoError(t, data.Batch(x, nil, 0, 0, rand.New(rand.NewPCG(1, 1))))
	require.Equal(t, []float64{0, 1, 2, 3, 0, 1, 2, 3}, x.RawMatrix().Data)
	require.Panics(t, func() { data.Clean(nil) })
}

func TestPlainRowsHaveParametersOfZero(t *testing.T) {
	g := augment.Grid{Size: []int{4}}
	data, err := augment.New(counting(4, 1), g, augment.Shift{Most: []int{3}}, augment.Noise{Most: 9})
	require.NoError(t, err)
	held, err := data.Plain(counting(4, 1))
	require.NoError(t, err)
	x, cond := mat.NewDense(50, 4, nil), mat.NewDense(50, 3, nil)
	for range 2 {
		require.NoError(t, data.Batch(x, cond, 0, 0, rand.New(rand.NewPCG(1, 1))))
		require.NotZero(t, mat.Norm(cond, 1))
		require.NoError(t, held.Batch(x, cond, 0, 0, rand.New(rand.NewPCG(1, 1))))
		require.Zero(t, mat.Norm(cond, 1))
		for i := range 50 {
			require.Equal(t, []float64{0, 1, 2, 3}, x.RawRowView(i))
		}
	}
	_, err = data.Plain(counting(5, 1))
	require.ErrorIs(t, err, augment.ErrShape)
	_, err = data.Plain(counting(4, 0))
	require.ErrorIs(t, err, augment.ErrShape)
	require.ErrorIs(t, data.Batch(x, nil, 0, 0, nil), augment.ErrShape)
	require.ErrorIs(t, data.Batch(mat.NewDense(50, 5, nil), cond, 0, 0, nil), augment.ErrShape)
}

// broken is a source that has had a fault.
type broken struct{ score.Data }

var errBroken = errors.New("no such sector")

func (broken) Batch(x, cond *mat.Dense, step, row int, rng *rand.Rand) error { return errBroken }

func TestErrorsOfTheSourceComeThrough(t *testing.T) {
	data, err := augment.New(broken{counting(4, 0)}, augment.Grid{Size: []int{4}}, augment.Flip{})
	require.NoError(t, err)
	require.ErrorIs(t, data.Batch(mat.NewDense(1, 4, nil), mat.NewDense(1, 1, nil), 0, 0, nil), errBroken)
}

func TestFixedRowsStayTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := grids().Draw(t, "g")
		op := opsOn(g).Draw(t, "op")
		seed := rapid.Uint64().Draw(t, "seed")
		n := rapid.IntRange(1, 9).Draw(t, "n")
		s, err := augment.Fixed(set(n, columns(g), 1), seed, g, op, augment.Jitter{Width: 0.1})
		require.NoError(t, err)
		x, cond, err := rows.Read(s)
		require.NoError(t, err)
		i := rapid.IntRange(0, n-1).Draw(t, "i")
		row, c := make([]float64, x.RawMatrix().Cols), make([]float64, cond.RawMatrix().Cols)
		require.NoError(t, s.Row(i, row, c))
		require.Equal(t, x.RawRowView(i), row)
		require.Equal(t, cond.RawRowView(i), c)
		require.Equal(t, float64(i), c[len(c)-1])
		require.ErrorIs(t, s.Row(n, row, c), augment.ErrRange)
	})
	g := augment.Grid{Size: []int{4}}
	one, err := augment.Fixed(set(5, 4, 0), 1, g, augment.Jitter{Width: 0.5})
	require.NoError(t, err)
	other, err := augment.Fixed(set(5, 4, 0), 2, g, augment.Jitter{Width: 0.5})
	require.NoError(t, err)
	x, _, err := rows.Read(one)
	require.NoError(t, err)
	y, _, err := rows.Read(other)
	require.NoError(t, err)
	require.NotEqual(t, x, y, "another seed")
	require.NotEqual(t, x.At(0, 0)-0, x.At(1, 0)-100, "another row")
}
