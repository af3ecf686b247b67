package images

import (
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"github.com/gradlogp/gradlogp/dataset/rows"
	"github.com/gradlogp/gradlogp/score"
)

var (
	_ score.RowSet = (*Set)(nil)
	_ score.RowSet = (*Folder)(nil)
)

func formats() *rapid.Generator[Format] {
	return rapid.Custom(func(t *rapid.T) Format {
		f := Format{
			Height: rapid.IntRange(1, 6).Draw(t, "height"), Width: rapid.IntRange(1, 6).Draw(t, "width"),
			Channels: rapid.SampledFrom([]int{0, 1, 3, 4}).Draw(t, "channels"),
			Shades:   rapid.SampledFrom([]int{0, 2, 17, 256, 65536}).Draw(t, "shades"),
		}
		if rapid.Bool().Draw(t, "unit") {
			f.Low = rapid.Float64Range(-10, 10).Draw(t, "low")
			f.High = f.Low + rapid.Float64Range(0.1, 300).Draw(t, "span")
		}
		return f
	})
}

func TestNoiseWithinAShadeIsSnappedBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := formats().Draw(t, "f")
		require.NoError(t, f.Validate())
		k := rapid.IntRange(0, f.defaults().Shades-1).Draw(t, "k")
		u := rapid.Float64Range(-0.499, 0.499).Draw(t, "u")
		require.Equal(t, k, f.Shade(f.Value(k)+u*f.Step()))
		x := mat.NewDense(1, 1, []float64{f.Value(k) + u*f.Step()})
		f.Snap(x)
		require.Equal(t, f.Value(k), x.At(0, 0), "to the bit")
	})
	f := Format{Height: 1, Width: 1}
	require.Equal(t, []float64{-1, 1}, []float64{f.Value(0), f.Value(255)}, "black and white")
	require.Equal(t, 2./255, f.Step())
	for v, want := range map[float64]int{-1e300: 0, math.Inf(-1): 0, 1e300: 255, math.Inf(1): 255} {
		require.Equal(t, want, f.Shade(v))
	}
	require.Zero(t, f.Shade(math.NaN()))
}

func TestAnImageIsItsRow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := formats().Draw(t, "f")
		if f.Shades == 65536 {
			f.Shades = 256 // an image of the standard library keeps no more
		}
		row := make([]float64, f.Columns())
		for i := range row {
			row[i] = f.Value(rapid.IntRange(0, f.defaults().Shades-1).Draw(t, "k"))
		}
		got := make([]float64, len(row))
		require.NoError(t, f.Encode(got, f.Image(row)))
		require.Equal(t, row, got)
	})
	f := Format{Height: 1, Width: 2, Channels: 3}
	img := f.Image([]float64{-1, 0, 1, 2, -3, 1. / 3})
	require.Equal(t, color.NRGBA{0, 128, 255, 255}, img.At(0, 0))
	require.Equal(t, color.NRGBA{255, 0, 170, 255}, img.At(1, 0))
}

func TestAShareOfAnImageIsEncoded(t *testing.T) {
	all := image.NewGray(image.Rect(0, 0, 4, 4))
	for i := range all.Pix {
		all.Pix[i] = uint8(i)
	}
	f := Format{Height: 2, Width: 2, Low: 0, High: 255}
	row := make([]float64, 4)
	require.NoError(t, f.Encode(row, all.SubImage(image.Rect(1, 2, 3, 4))))
	require.Equal(t, []float64{9, 10, 13, 14}, row)
	err := f.Encode(row, all)
	require.ErrorIs(t, err, ErrShape)
	require.ErrorContains(t, err, "image has 4×4 pixels (height×width), want 2×2")
	see := image.NewNRGBA(image.Rect(0, 0, 2, 2))
	require.ErrorContains(t, f.Encode(row, see), "pixel in line 0, column 0 has alpha 0")
	require.PanicsWithValue(t, "images: a row of 3 numbers, want 4 for 2×2 pixels (height×width) of 1 channels", func() { f.Image(row[:3]) })
}

func TestFormatsAreChecked(t *testing.T) {
	for _, f := range []Format{
		{}, {Height: -1, Width: 1}, {Height: 1 << 20, Width: 1 << 20}, {Height: 1 << 28, Width: 1, Channels: 3}, {Height: 1, Width: 1, Channels: 2}, {Height: 1, Width: 1, Shades: 1}, {Height: 1, Width: 1, Shades: 1 << 17},
		{Height: 1, Width: 1, Low: 1}, {Height: 1, Width: 1, Low: 1, High: 1}, {Height: 1, Width: 1, Low: math.Inf(-1), High: 1}, {Height: 1, Width: 1, High: math.NaN()},
		{Height: 1, Width: 1, Low: -1e308, High: 1e308}, {Height: 1, Width: 1, Low: 1, High: 1 + 0x1p-52},
	} {
		require.ErrorIs(t, f.Validate(), ErrRange, "%+v", f)
	}
}

func TestSetsAreOfShades(t *testing.T) {
	x := mat.NewDense(2, 4, []float64{0, 8, 16, 4, 1, 2, 3, 16})
	labelled, err := rows.With(rows.Of(x), rows.Of(mat.NewDense(2, 1, []float64{7, 3})))
	require.NoError(t, err)
	f := Format{Height: 2, Width: 2, Shades: 17}
	s, err := New(labelled, f)
	require.NoError(t, err)
	row, cond := make([]float64, 4), make([]float64, 1)
	require.NoError(t, s.Row(0, row, cond))
	require.Equal(t, []float64{-1, 0, 1, -0.5, 7}, append(row, cond...))
	for _, v := range []float64{17, -1, 0.5, math.NaN(), math.Inf(1)} {
		x.Set(1, 2, v)
		err := s.Row(1, row, cond)
		require.ErrorIs(t, err, ErrRange)
		require.ErrorContains(t, err, "row 1, column 2: is ")
	}
	_, err = New(labelled, Format{Height: 2, Width: 3})
	require.ErrorIs(t, err, ErrShape)
	_, err = New(labelled, Format{})
	require.ErrorIs(t, err, ErrRange)
	require.ErrorIs(t, s.Row(2, row, cond), rows.ErrRange)
}
