package figure

import (
	"bytes"
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// A radius of NaN and limits whose difference overflows were drawn for ever; other
// sizes that mean nothing left out their layer without a word.
func TestWhatCannotBeDrawnIsNamed(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	lim, one := [2]float64{0, 1}, mat.NewDense(1, 2, []float64{0.5, 0.5})
	panel := func(l ...Layer) Panel { return Panel{XLim: lim, YLim: lim, Layers: l} }
	for says, p := range map[string]Panel{
		"want their differences finite":                  {XLim: [2]float64{-1e308, 1e308}, YLim: lim},
		"limits [0 +Inf] and [0 1], want their":          {XLim: [2]float64{0, inf}, YLim: lim},
		"limits [NaN 1] and [0 1], want them":            {XLim: [2]float64{nan, 1}, YLim: lim},
		"XTicks[1] is NaN, want finite":                  {XLim: lim, YLim: lim, XTicks: []float64{0, nan}},
		"XTicks[0] is 0, want finite, and positive":      {XLim: [2]float64{1, 2}, YLim: [2]float64{1, 2}, Log: true, XTicks: []float64{0}},
		"HeatMap.Decades is NaN, want finite and ≥ 0":    panel(HeatMap{Values: one, Decades: nan}),
		"HeatMap.Decades is -1, want":                    panel(HeatMap{Values: one, Decades: -1}),
		"Arrows.Length is 0, want finite and > 0":        panel(Arrows{X: one, V: one}),
		"Arrows.Length is +Inf, want finite and > 0":     panel(Arrows{X: one, V: one, Length: inf}),
		"Points.Radius is NaN, want 0 to 1000":           panel(Points{X: one, Radius: nan}),
		"Line.Width is -1, want 0 to 1000":               panel(Line{X: one, Width: -1}),
		"Line.Dots is +Inf, want 0 to 1000":              panel(Line{X: one, Dots: inf}),
		"arrow's vector 0 is (NaN, 0.5), want finite":    panel(Arrows{X: one, V: mat.NewDense(1, 2, []float64{nan, 0.5}), Length: 1}),
		"images on logarithmic axes, want linear ones":   {XLim: [2]float64{1, 2}, YLim: [2]float64{1, 2}, Log: true, Layers: []Layer{Images{X: one, Height: 1, Width: 2}}},
		"heat map on logarithmic axes, want linear ones": {XLim: [2]float64{1, 2}, YLim: [2]float64{1, 2}, Log: true, Layers: []Layer{HeatMap{Values: one}}},
	} {
		require.ErrorContains(t, WritePNG(&bytes.Buffer{}, [][]Panel{{p}}, 100, 100), says)
	}
	for says, l := range map[string]Layer{
		"figure: Points.X is nil":                             Points{},
		"figure: Line.X is nil":                               Line{},
		"figure: Arrows.V is nil":                             Arrows{X: one, Length: 1},
		"figure: HeatMap.Values is nil":                       HeatMap{},
		"figure: Images.X is nil":                             Images{},
		"figure: HeatMap.Values is 0×0, want at least 1×1":    HeatMap{Values: &mat.Dense{}},
		"figure: Arrows.V has 1 rows, want the 2 of Arrows.X": Arrows{X: mat.NewDense(2, 2, nil), V: one, Length: 1},
		"figure: panel \"\": Layers[0] is nil":                nil,
	} {
		require.PanicsWithValue(t, says, func() { WritePNG(&bytes.Buffer{}, [][]Panel{{panel(l)}}, 100, 100) })
	}
}

// A class without a point is nothing to draw, and a field of zeros has no arrows.
func TestNothingIsDrawnOfNothing(t *testing.T) {
	picture := func(l ...Layer) []byte {
		var b bytes.Buffer
		require.NoError(t, WritePNG(&b, [][]Panel{{{XLim: [2]float64{0, 1}, YLim: [2]float64{0, 1}, Layers: l}}}, 100, 100))
		return b.Bytes()
	}
	want, none := picture(), &mat.Dense{}
	require.Equal(t, want, picture(Points{X: none}, Line{X: none, Dots: 2}, Arrows{X: none, V: none, Length: 1}))
	require.Equal(t, want, picture(Arrows{X: mat.NewDense(1, 2, []float64{0.5, 0.5}), V: mat.NewDense(1, 2, nil), Length: 1}))
}

// A panic of the function ended the program, on a goroutine where nobody could
// recover it, and runtime.Goexit left lines of zeros.
func TestDensityRaisesThePanicOfItsFunction(t *testing.T) {
	for want, f := range map[any]func(x []float64) float64{
		"own": func([]float64) float64 { panic("own") },
		"figure: Density: logProb ended its goroutine": func([]float64) float64 { runtime.Goexit(); return 0 },
	} {
		require.PanicsWithValue(t, want, func() { Density([2]float64{0, 1}, [2]float64{0, 1}, 3, 3, f) })
	}
}
