package figure

import (
	"bytes"
	"errors"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// ring is a figure like those of the examples: samples on a circle, its
// density, and a field of arrows that point at it.
func ring(n int) [][]Panel {
	rng := rand.New(rand.NewPCG(1, 2))
	density := func(x, y, s float64) float64 { u := (math.Hypot(x, y) - 1.4) / s; return math.Exp(-u * u / 2) }
	points := mat.NewDense(n, 2, nil)
	for i := range n {
		r, a := 1.4+0.1*rng.NormFloat64(), 2*math.Pi*rng.Float64()
		points.SetRow(i, []float64{r * math.Cos(a), r * math.Sin(a)})
	}
	lim := [2]float64{-3, 3}
	var field []Panel
	for _, s := range []float64{1, 0.4, 0.1} {
		const k, m = 120, 19
		values := mat.NewDense(k, k, nil)
		for i := range k {
			for j := range k {
				values.Set(i, j, density(-3+6*(float64(j)+0.5)/k, -3+6*(float64(i)+0.5)/k, s))
			}
		}
		x, v := mat.NewDense(m*m, 2, nil), mat.NewDense(m*m, 2, nil)
		for i := range m * m {
			a, b := -2.85+5.7*float64(i%m)/(m-1), -2.85+5.7*float64(i/m)/(m-1)
			r := math.Hypot(a, b)
			x.SetRow(i, []float64{a, b})
			if r > 0 {
				v.SetRow(i, []float64{(1.4 - r) * a / r / s, (1.4 - r) * b / r / s})
			}
		}
		field = append(field, Panel{Title: "score, σ = 0.4", XLim: lim, YLim: lim, Layers: []Layer{HeatMap{Values: values}, Arrows{X: x, V: v, Length: 0.4}}})
	}
	return [][]Panel{{
		{Title: "data", XLim: lim, YLim: lim, Layers: []Layer{Points{X: points}}},
		{Title: "predictor-corrector", XLim: lim, YLim: lim, Layers: []Layer{Points{X: points, Color: Red}}},
		{Title: "DPM++ 2M, 20 evaluations", XLim: lim, YLim: [2]float64{-2, 2}, Layers: []Layer{HeatMap{Values: field[2].Layers[0].(HeatMap).Values, Decades: 4}, Points{X: points, Color: Red}}},
	}, field}
}

func TestBytesDoNotDependOnTheRun(t *testing.T) {
	draw := func(procs int) []byte {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		var b bytes.Buffer
		require.NoError(t, WritePNG(&b, ring(300), 600, 420))
		return b.Bytes()
	}
	want := draw(1)
	require.Equal(t, want, draw(1))
	require.Equal(t, want, draw(4))
	img, err := png.Decode(bytes.NewReader(want))
	require.NoError(t, err)
	require.Equal(t, 600, img.Bounds().Dx())
	require.Equal(t, 420, img.Bounds().Dy())
}

// A blue square of 2×2 units in a panel of 8×4 on a sheet of any form has
// equally many blue pixels along both axes.
func TestUnitsAreEquallyLong(t *testing.T) {
	for _, size := range [][2]int{{500, 300}, {300, 500}} {
		values := mat.NewDense(4, 8, nil)
		for i := 1; i < 3; i++ {
			for j := 3; j < 5; j++ {
				values.Set(i, j, 1)
			}
		}
		var b bytes.Buffer
		require.NoError(t, WritePNG(&b, [][]Panel{{{XLim: [2]float64{-4, 4}, YLim: [2]float64{-2, 2}, Layers: []Layer{HeatMap{Values: values}}}}}, size[0], size[1]))
		img, err := png.Decode(&b)
		require.NoError(t, err)
		xs, ys := map[int]bool{}, map[int]bool{}
		for y := range size[1] {
			for x := range size[0] {
				if r, g, b, _ := img.At(x, y).RGBA(); r < 0x5000 && g < 0x9000 && b > 0xa000 {
					xs[x], ys[y] = true, true
				}
			}
		}
		require.Greater(t, len(xs), 15)
		require.InDelta(t, len(xs), len(ys), 1)
	}
}

func TestPointsOutsideTheLimitsAreCutOff(t *testing.T) {
	picture := func(x ...float64) []byte {
		var b bytes.Buffer
		lim := [2]float64{0, 1}
		require.NoError(t, WritePNG(&b, [][]Panel{{{XLim: lim, YLim: lim, Layers: []Layer{Points{X: mat.NewDense(len(x)/2, 2, x)}}}}}, 200, 200))
		return b.Bytes()
	}
	require.Equal(t, picture(0.5, 0.5), picture(0.5, 0.5, 1.1, 0.5, 0.5, -7))
	require.NotEqual(t, picture(0.5, 0.5), picture(0.5, 0.6))
}

// A README shows the figure, so that thousands of points must not make it heavy.
func TestPictureIsSmall(t *testing.T) {
	t.Parallel()
	rows := append(ring(10000), []Panel{{}, {}, {}})
	path := filepath.Join(t.TempDir(), "ring.png")
	require.NoError(t, Save(path, rows, 1200, 1200))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Less(t, info.Size(), int64(300_000))
}

func TestSaveReplacesTheWholeFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.png")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o666))
	require.NoError(t, Save(path, ring(10), 300, 200))
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	_, err = png.Decode(bytes.NewReader(b))
	require.NoError(t, err)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1)
}

func TestUnwritablePathIsNamed(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o666))
	for _, path := range []string{filepath.Join(file, "a.png"), filepath.Join(dir, "none", "a.png"), dir} {
		require.ErrorContains(t, Save(path, ring(10), 300, 200), path)
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1)
	require.ErrorContains(t, Save(filepath.Join(dir, "b.png"), nonFinite(), 300, 200), "point 1 is (0, NaN)")
	left, err = os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1, "a picture that fails leaves no file")
	require.Error(t, WritePNG(broken{}, ring(10), 300, 200))
}

func nonFinite() [][]Panel {
	lim := [2]float64{0, 1}
	return [][]Panel{{{Title: "data", XLim: lim, YLim: lim, Layers: []Layer{Points{X: mat.NewDense(2, 2, []float64{0, 0, 0, math.NaN()})}}}}}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken") }

func TestBadPanelsAreErrors(t *testing.T) {
	lim := [2]float64{0, 1}
	one := mat.NewDense(1, 2, []float64{0, 0})
	for say, p := range map[string]Panel{
		"heat map has -1 at (0, 1)":  {XLim: lim, YLim: lim, Layers: []Layer{HeatMap{Values: mat.NewDense(1, 2, []float64{0, -1})}}},
		"heat map has NaN at (0, 0)": {XLim: lim, YLim: lim, Layers: []Layer{HeatMap{Values: mat.NewDense(1, 1, []float64{math.NaN()})}}},
		"arrow's vector 0 is (+Inf":  {XLim: lim, YLim: lim, Layers: []Layer{Arrows{X: one, V: mat.NewDense(1, 2, []float64{math.Inf(1), 0})}}},
		"limits [1 0]":               {XLim: [2]float64{1, 0}, YLim: lim},
	} {
		p.Title = "name"
		err := WritePNG(&bytes.Buffer{}, [][]Panel{{p}}, 300, 200)
		require.ErrorContains(t, err, say)
		require.ErrorContains(t, err, `"name"`)
	}
	require.PanicsWithValue(t, "figure: no panels", func() { WritePNG(&bytes.Buffer{}, nil, 300, 200) })
	require.PanicsWithValue(t, "figure: sheet of 0×200 pixels, want at least 1×1", func() { WritePNG(&bytes.Buffer{}, nil, 0, 200) })
	require.PanicsWithValue(t, "figure: row 1 has 0 panels, want the 1 of row 0", func() { WritePNG(&bytes.Buffer{}, [][]Panel{{{}}, {}}, 300, 200) })
	require.PanicsWithValue(t, "figure: Points.X is 1×3, want 1×2", func() {
		WritePNG(&bytes.Buffer{}, [][]Panel{{{XLim: lim, YLim: lim, Layers: []Layer{Points{X: mat.NewDense(1, 3, nil)}}}}}, 300, 200)
	})
}
