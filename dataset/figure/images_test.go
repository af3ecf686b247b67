package figure

import (
	"bytes"
	"image"
	"math"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// grey returns the value from black 0 to white 1 of a pixel.
func grey(img image.Image, x, y int) float64 {
	r, g, b, _ := img.At(x, y).RGBA()
	if r != g || g != b {
		return math.NaN()
	}
	return float64(r) / 0xffff
}

// The image "white at the top left" stands first, "white at the bottom right"
// second; both are found by their grey values, wherever the sheet puts them.
func TestImagesStandInLinesFromTheTopLeft(t *testing.T) {
	x := mat.NewDense(3, 4, []float64{
		1, 0, 0, 0,
		0, 0, 0, 1,
		0.5, 0.5, 0.5, 0.5,
	})
	l := Images{X: x, Height: 2, Width: 2, Columns: 2}
	img := drawn(t, l.Panel(""), 300, 300)
	// A unit is a pixel, the sheet 6×6 of them.
	left, top, right, bottom := 300, 300, 0, 0
	for y := range 300 {
		for x := range 300 {
			if grey(img, x, y) < 0.1 {
				left, top, right, bottom = min(left, x), min(top, y), max(right, x), max(bottom, y)
			}
		}
	}
	unit := float64(right-left+1) / 5 // from the first image's left to the second's right
	require.Greater(t, unit, 40.)
	at := func(row, col float64) float64 {
		return grey(img, left+int(unit*(col+0.5)), top+int(unit*(row+0.5)))
	}
	require.Less(t, at(0, 1), 0.03)
	require.Greater(t, at(0, 0), 0.97)
	require.Greater(t, at(0, 2), 0.97, "a white line between the images")
	require.Less(t, at(0, 3), 0.03)
	require.Greater(t, at(1, 4), 0.97)
	for row := 3.; row < 5; row++ {
		require.InDelta(t, 0.5, at(row, 0), 0.03)
		require.Greater(t, at(row, 3), 0.97, "no fourth image")
	}
	require.InDelta(t, float64(bottom-top+1), 2*unit, 3, "the grey image is not black")
}

func TestImagesTakeTheirRangeFromTheData(t *testing.T) {
	picture := func(l Images) []byte {
		var b bytes.Buffer
		l.Height, l.Width = 1, 3
		require.NoError(t, WritePNG(&b, [][]Panel{{l.Panel("")}}, 200, 100))
		return b.Bytes()
	}
	x := mat.NewDense(1, 3, []float64{-4, 0, 12})
	require.Equal(t, picture(Images{X: x, Low: -4, High: 12}), picture(Images{X: x}))
	require.Equal(t, picture(Images{X: mat.NewDense(1, 3, []float64{0, 0, 1}), Low: 0, High: 1}), picture(Images{X: x, Low: 0, High: 1}), "values outside are cut off")
	require.NotPanics(t, func() { picture(Images{X: mat.NewDense(1, 3, nil)}) })
}

func TestBadImagesAreNamed(t *testing.T) {
	write := func(l Images) error {
		return WritePNG(&bytes.Buffer{}, [][]Panel{{l.Panel("digits")}}, 100, 100)
	}
	x := mat.NewDense(2, 4, nil)
	x.Set(1, 3, math.NaN())
	require.ErrorContains(t, write(Images{X: x, Height: 2, Width: 2, High: 1}), `panel "digits": image 1 has NaN at (1, 1)`)
	require.ErrorContains(t, write(Images{X: x, Height: 2, Width: 2}), "finite")
	require.ErrorContains(t, write(Images{X: x, Height: 2, Width: 2, Low: 1}), "Low 1 to High 0")
	require.PanicsWithValue(t, "figure: Images.X is 2×4, want 3×2 columns of images with Height 3 and Width 2", func() { write(Images{X: x, Height: 3, Width: 2}) })
	require.PanicsWithValue(t, "figure: Images.Columns is -1, want ≥ 0", func() { write(Images{X: x, Height: 2, Width: 2, Columns: -1}) })
}

func TestGridsPointsAreTheMiddlesOfCells(t *testing.T) {
	got := Grid([2]float64{0, 4}, [2]float64{10, 12}, 2, 1)
	require.Equal(t, []float64{1, 11, 3, 11}, got.RawMatrix().Data)
	require.Panics(t, func() { Grid([2]float64{0, 1}, [2]float64{0, 1}, 0, 1) })
}

func TestDensityAsksOnceForEveryCell(t *testing.T) {
	var asked atomic.Int64
	h := Density([2]float64{0, 2}, [2]float64{0, 3}, 20, 30, func(x []float64) float64 {
		asked.Add(1)
		return math.Log(x[0] + 100*x[1])
	})
	require.EqualValues(t, 600, asked.Load())
	at := Grid([2]float64{0, 2}, [2]float64{0, 3}, 20, 30)
	for i := range 30 {
		for j := range 20 {
			x := at.RawRowView(i*20 + j)
			require.InEpsilon(t, x[0]+100*x[1], h.At(i, j), 1e-12)
		}
	}
}
