package figure

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

var red = color.NRGBA{R: 0xff, A: 0xff}

// powers is a panel with the line y = x^-k from 1 to 100, which is straight on
// logarithmic axes.
func powers(k float64) Panel {
	x := mat.NewDense(3, 2, nil)
	for i, v := range []float64{1, 10, 100} {
		x.SetRow(i, []float64{v, math.Pow(v, -k)})
	}
	return Panel{XLim: [2]float64{1, 100}, YLim: [2]float64{1e-4, 1}, Log: true, Layers: []Layer{Line{X: x, Color: red}}}
}

func drawn(t *testing.T, p Panel, width, height int) image.Image {
	var b bytes.Buffer
	require.NoError(t, WritePNG(&b, [][]Panel{{p}}, width, height))
	img, err := png.Decode(&b)
	require.NoError(t, err)
	return img
}

// reds returns the middles, over x, of the red pixels of each column.
func reds(img image.Image) (xs, ys []float64) {
	for x := range img.Bounds().Dx() {
		sum, n := 0, 0
		for y := range img.Bounds().Dy() {
			if r, g, _, _ := img.At(x, y).RGBA(); r > 0xc000 && g < 0x8000 {
				sum += y
				n++
			}
		}
		if n > 0 {
			xs, ys = append(xs, float64(x)), append(ys, float64(sum)/float64(n))
		}
	}
	return xs, ys
}

func TestPowersAreStraightOnLogarithmicAxesThatFillTheSheet(t *testing.T) {
	xs, ys := reds(drawn(t, powers(2), 600, 200))
	require.Greater(t, len(xs), 500, "a panel with equal units would be square")
	last := len(xs) - 1
	require.Greater(t, ys[last]-ys[0], 130.)
	for i := range xs {
		onLine := ys[0] + (ys[last]-ys[0])*(xs[i]-xs[0])/(xs[last]-xs[0])
		require.InDelta(t, onLine, ys[i], 2)
	}
}

func TestLineIsCutOffAtTheLimits(t *testing.T) {
	p := powers(2)
	p.YLim[0] = 1e-2 // reached in the middle
	xs, _ := reds(drawn(t, p, 600, 200))
	require.InDelta(t, 0.5, (xs[len(xs)-1]-xs[0])/560, 0.03)
}

func TestLabelledLinesAreExplainedInTheCornerAskedFor(t *testing.T) {
	count := func(img image.Image, from, to int) (n int) {
		for y := from; y < to; y++ {
			for x := range img.Bounds().Dx() {
				if r, g, _, _ := img.At(x, y).RGBA(); r > 0xc000 && g < 0x8000 {
					n++
				}
			}
		}
		return n
	}
	p := powers(0)
	p.YLim = [2]float64{1e-2, 1e2} // the line lies in the middle
	l := p.Layers[0].(Line)
	l.Label = "a"
	p.Layers = []Layer{l}
	require.Zero(t, count(drawn(t, p, 400, 400), 0, 150))
	require.Positive(t, count(drawn(t, p, 400, 400), 250, 400))
	p.LegendTop = true
	require.Positive(t, count(drawn(t, p, 400, 400), 0, 150))
	require.Zero(t, count(drawn(t, p, 400, 400), 250, 400))
}

func TestDecadesAreLabelled(t *testing.T) {
	labels := map[string]float64{}
	n := 0
	for _, m := range (decades{}).Ticks(math.Log10(1.5e-6), 1) {
		n++
		if m.Label != "" {
			labels[m.Label] = m.Value
		}
	}
	require.Equal(t, 8+5*9+9+1, n)
	require.Len(t, labels, 7)
	require.Equal(t, -3., labels["0.001"])
	require.Equal(t, -5., labels["1e-05"])
}

// Half a decade had one label, or none.
func TestPartsOfADecadeAreLabelled(t *testing.T) {
	labels := func(min, max float64) (all []string) {
		for _, m := range (decades{}).Ticks(math.Log10(min), math.Log10(max)) {
			if m.Label != "" {
				all = append(all, m.Label)
			}
		}
		return all
	}
	require.Equal(t, []string{"0.001", "0.002", "0.005"}, labels(0.0008, 0.006))
	require.Equal(t, []string{"2e-06", "5e-06"}, labels(1.5e-6, 8e-6))
	require.Equal(t, []string{"0.02", "0.05", "0.1", "0.2"}, labels(0.018, 0.3))
	require.Equal(t, []string{"1", "10"}, labels(1, 10))
}

func TestWhatHasNoLogarithmIsAnError(t *testing.T) {
	lim := [2]float64{1, 2}
	zero := mat.NewDense(1, 2, []float64{1, 0})
	for say, p := range map[string]Panel{
		"want them positive":            {XLim: [2]float64{0, 1}, YLim: lim},
		"line's point 0 is (1, 0)":      {XLim: lim, YLim: lim, Layers: []Layer{Line{X: zero}}},
		"point 0 is (1, 0)":             {XLim: lim, YLim: lim, Layers: []Layer{Points{X: zero}}},
		"heat map on logarithmic axes":  {XLim: lim, YLim: lim, Layers: []Layer{HeatMap{Values: zero}}},
		"arrows on logarithmic axes":    {XLim: lim, YLim: lim, Layers: []Layer{Arrows{X: zero, V: zero}}},
		"line's point 0 is (1, NaN), w": {XLim: lim, YLim: lim, Layers: []Layer{Line{X: mat.NewDense(1, 2, []float64{1, math.NaN()})}}},
	} {
		p.Log = true
		require.ErrorContains(t, WritePNG(&bytes.Buffer{}, [][]Panel{{p}}, 300, 200), say)
	}
}

func TestFilmShowsItsFramesInFewColours(t *testing.T) {
	lim := [2]float64{0, 1}
	film := &Animation{Width: 120, Height: 100, Delay: 50 * time.Millisecond, Pause: 2 * time.Second, Colors: 8}
	for _, x := range []float64{0.1, 0.5, 0.9} {
		film.Frames = append(film.Frames, [][]Panel{{{XLim: lim, YLim: lim, Layers: []Layer{Points{X: mat.NewDense(1, 2, []float64{x, 0.5}), Color: red, Radius: 4}}}}})
	}
	path := filepath.Join(t.TempDir(), "a.gif")
	require.NoError(t, SaveGIF(path, film))
	var b bytes.Buffer
	require.NoError(t, film.WriteGIF(&b))
	require.Less(t, b.Len(), 6000)
	g, err := gif.DecodeAll(&b)
	require.NoError(t, err)
	require.Equal(t, []int{5, 5, 200}, g.Delay)
	require.Zero(t, g.LoopCount, "for ever")
	at := -1.
	for _, img := range g.Image {
		require.LessOrEqual(t, len(img.Palette), 8)
		xs, _ := reds(img)
		require.NotEmpty(t, xs)
		require.Greater(t, xs[0], at)
		at = xs[0]
	}
	require.PanicsWithValue(t, "figure: Animation.Frames is empty", func() { new(Animation).WriteGIF(&b) })
	film.Colors = 1
	require.PanicsWithValue(t, "figure: Animation.Colors is 1, want 2 to 256", func() { film.WriteGIF(&b) })
}
