package score

import (
	"context"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde/noise"
)

func TestDrawsAreAddressed(t *testing.T) {
	data := moons()
	draw := func(n, step int) *mat.Dense {
		x := mat.NewDense(n, 2, nil)
		rng := noise.Rand(9, noise.Draw{Purpose: noise.Data, Step: step})
		require.NoError(t, data.Batch(x, nil, step, 0, rng))
		return x
	}
	first, second := draw(5, 0), draw(5, 1)
	require.NotEqual(t, first, second)
	require.Equal(t, first, draw(5, 0))
	draw(50, 0)
	require.Equal(t, second, draw(5, 1), "what step 0 consumes does not move step 1")
}

// Whatever runs beside it, a source is asked for one thing at a time, in the
// order of the steps and for none beyond the last.
func TestDataAreAskedInOrder(t *testing.T) {
	type call struct{ step, row int }
	var want []call
	for step := range 6 {
		want = append(want, call{step, 0}, call{step, 24}) // own rows and references
	}
	for _, workers := range []int{1, 2, 5} {
		for _, batch := range []int{48, 320} {
			var inside atomic.Int32
			var calls []call
			data := edited{moons(), func(_ *mat.Dense, step, row int) {
				if inside.Add(1) != 1 {
					t.Error("two calls at once")
				}
				if step >= 0 {
					calls = append(calls, call{step, row * 48 / batch})
				}
				inside.Add(-1)
			}}
			s := quick(6)
			s.Workers, s.Batch, s.References = workers, batch, 2*batch
			fit(t, newModel(t, 2, Config{}), data, s)
			require.Equal(t, want, calls, "%d workers, batch %d", workers, batch)
		}
	}
}

// fresh is a generator that returns rows of its own instead of filling x.
type fresh struct {
	rng *rand.Rand
	d   int
}

func (f fresh) Rand([]float64) []float64 {
	row := make([]float64, f.d)
	row[0] = f.rng.Float64()
	return row
}

func TestDrawsTakeRowsThatTheGeneratorAllocates(t *testing.T) {
	x := mat.NewDense(3, 2, nil)
	rng := rand.New(rand.NewPCG(1, 1))
	data := Draws(2, func(src rand.Source) fresh { return fresh{rand.New(src), 2} })
	require.NoError(t, data.Batch(x, nil, 0, 0, rng))
	require.NotZero(t, x.At(0, 0))
	require.NotEqual(t, x.At(0, 0), x.At(1, 0))

	err := Draws(2, func(src rand.Source) fresh { return fresh{rand.New(src), 3} }).Batch(x, nil, 0, 0, rng)
	require.ErrorIs(t, err, ErrShape)
	require.ErrorContains(t, err, "returns 3 numbers, want the 2 of a row")
	require.ErrorIs(t, data.Batch(mat.NewDense(1, 5, nil), nil, 0, 0, rng), ErrShape)
}

func TestRowsAreDrawnFromTheMatrix(t *testing.T) {
	large := mat.NewDense(4, 3, []float64{0, 1, 9, 2, 3, 9, 4, 5, 9, 6, 7, 9})
	data, err := Rows(large.Slice(0, 3, 0, 2).(*mat.Dense), nil)
	require.NoError(t, err)
	d, cond := data.Dims()
	require.Equal(t, []int{2, 0}, []int{d, cond})
	x := mat.NewDense(300, 2, nil)
	require.NoError(t, data.Batch(x, nil, 0, 0, rand.New(rand.NewPCG(1, 1))))
	seen := map[float64]int{}
	for i := range 300 {
		require.Equal(t, x.At(i, 0)+1, x.At(i, 1))
		seen[x.At(i, 0)]++
	}
	require.Len(t, seen, 3)
	for _, n := range seen {
		require.InDelta(t, 100, n, 40)
	}
	require.ErrorIs(t, data.Batch(mat.NewDense(1, 5, nil), nil, 0, 0, rand.New(rand.NewPCG(1, 1))), ErrShape)
}

func TestBadRowsAreRefused(t *testing.T) {
	for _, x := range []*mat.Dense{nil, {}} {
		_, err := Rows(x, nil)
		require.ErrorIs(t, err, ErrShape)
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		x := mat.NewDense(4, 3, nil)
		x.Set(2, 1, bad)
		_, err := Rows(x, nil)
		require.ErrorIs(t, err, ErrNonFinite)
		require.ErrorContains(t, err, "row 2, column 1: is ")
	}
}

func TestCalibrationMeasuresShiftAndScale(t *testing.T) {
	column := func(a, b float64) func(i int) float64 {
		return func(i int) float64 { return a + b*float64(i%2*2-1) }
	}
	for name, c := range map[string]struct {
		columns      []func(i int) float64
		scaling      Scaling
		shift, scale []float64
	}{
		"one scale":            {[]func(int) float64{column(3, 1), column(-5, 7)}, CommonScale, []float64{3, -5}, []float64{5, 5}},
		"a scale each":         {[]func(int) float64{column(3, 1), column(-5, 7)}, ColumnScales, []float64{3, -5}, []float64{1, 7}},
		"left as it is":        {[]func(int) float64{column(3, 1), column(-5, 7)}, Unscaled, []float64{0, 0}, []float64{1, 1}},
		"constant, left":       {[]func(int) float64{column(3, 0), column(-5, 7)}, Unscaled, []float64{0, 0}, []float64{1, 1}},
		"constant column":      {[]func(int) float64{column(0.1, 0), column(-5, 7)}, ColumnScales, []float64{0.1, -5}, []float64{0x1p-54, 7}},
		"constant, one scale":  {[]func(int) float64{column(1e15, 0), column(-5, 7)}, CommonScale, []float64{1e15, -5}, []float64{7 / math.Sqrt2, 7 / math.Sqrt2}},
		"one row, repeated":    {[]func(int) float64{column(0.1, 0), column(-1e9/3, 0)}, CommonScale, []float64{0.1, -1e9 / 3}, []float64{0x1p-54, 0x1p-22}},
		"zeros":                {[]func(int) float64{column(0, 0), column(0, 0)}, ColumnScales, []float64{0, 0}, []float64{0x1p-50, 0x1p-50}},
		"huge":                 {[]func(int) float64{column(0, 1e300), column(0, 1e300)}, CommonScale, []float64{0, 0}, []float64{1e300, 1e300}},
		"tiny":                 {[]func(int) float64{column(0, 1e-300), column(0, 1e-300)}, CommonScale, []float64{0, 0}, []float64{1e-300, 1e-300}},
		"different magnitudes": {[]func(int) float64{column(1e200, 1e198), column(0, 1e-200)}, ColumnScales, []float64{1e200, 0}, []float64{1e198, 1e-200}},
	} {
		t.Run(name, func(t *testing.T) {
			data := edited{standard(2), func(x *mat.Dense, _, _ int) {
				x.Apply(func(i, j int, _ float64) float64 { return c.columns[j](i) }, x)
			}}
			m := newModel(t, 2, Config{})
			_, err := Fit(context.Background(), m, data, &Settings{Steps: 1, Batch: 8, Scaling: c.scaling})
			require.NoError(t, err)
			frame := m.Frame()
			shift, scale := frame.Shift, frame.Scale
			for j := range 2 {
				require.InDelta(t, c.shift[j], shift[j], 1e-14*math.Abs(c.shift[j])+1e-14*scale[j])
				require.InEpsilon(t, c.scale[j], scale[j], 1e-12)
			}
		})
	}
}

func TestCalibrationOfWideRowsTakesFewer(t *testing.T) {
	long(t)
	for d, want := range map[int]int{2: 16384, 256: 16384, 1024: 4096, 20_000: 1024} {
		require.Equal(t, want, calibrationRows(d))
	}
	got := 0
	data := edited{standard(512), func(x *mat.Dense, step, _ int) {
		if step == calibrationStep {
			got = x.RawMatrix().Rows
		}
	}}
	_, err := Fit(context.Background(), newModel(t, 512, Config{}), data, &Settings{Steps: 1, Batch: 8})
	require.NoError(t, err)
	require.Equal(t, 8192, got)
}

func TestCalibrationRefusesWhatOverflows(t *testing.T) {
	data := edited{standard(2), func(x *mat.Dense, _, _ int) {
		x.Apply(func(i, _ int, _ float64) float64 { return math.MaxFloat64 * float64(i%2*2-1) }, x)
	}}
	m := newModel(t, 2, Config{})
	_, err := Fit(context.Background(), m, data, nil)
	require.ErrorIs(t, err, ErrRange)
	scale := m.Frame().Scale
	require.Equal(t, []float64{1, 1}, scale)
}
