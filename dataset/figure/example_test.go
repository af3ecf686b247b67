package figure_test

import (
	"bytes"
	"fmt"
	"image/gif"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/dataset/calibration"
	"github.com/gradlogp/gradlogp/dataset/figure"
	"github.com/gradlogp/gradlogp/dataset/table"
)

// The density of a distribution with its scores, beside small images. A program
// calls Save with the path of a file instead.
func ExampleWritePNG() {
	ring := dataset.NewRing(nil)
	lim := [2]float64{-2, 2}
	at := figure.Grid(lim, lim, 15, 15)
	scores := mat.NewDense(15*15, 2, nil)
	for i := range 15 * 15 {
		ring.ScoreInput(scores.RawRowView(i), at.RawRowView(i))
	}
	digits := mat.NewDense(4, 9, []float64{
		1, 1, 1, 1, 0, 1, 1, 1, 1,
		0, 1, 0, 0, 1, 0, 0, 1, 0,
		1, 1, 0, 0, 1, 0, 0, 1, 1,
		1, 1, 1, 0, 1, 1, 1, 1, 1,
	})
	sheet := [][]figure.Panel{{
		{Title: "ring", XLim: lim, YLim: lim, Layers: []figure.Layer{
			figure.HeatMap{Values: figure.Density(lim, lim, 100, 100, ring.LogProb)},
			figure.Arrows{X: at, V: scores, Length: 0.3},
		}},
		figure.Images{X: digits, Height: 3, Width: 3, Columns: 2}.Panel("digits"),
	}}
	var file bytes.Buffer
	if err := figure.WritePNG(&file, sheet, 800, 400); err != nil {
		fmt.Println(err)
		return
	}
	img, err := png.Decode(&file)
	fmt.Println(img.Bounds().Size(), err)
	// Output: (800,400) <nil>
}

// The picture of a report on a synthetic table. A program calls Save with the path of
// a file instead of WritePNG.
func ExampleTableReport() {
	draw := func(seed uint64) *table.Table {
		rng := rand.New(rand.NewPCG(seed, 0))
		t := &table.Table{Fields: []table.Field{{Name: "a", Kind: table.Number}, {Name: "b", Kind: table.Number}}, Columns: make([][]float64, 2)}
		for range 200 {
			a := rng.NormFloat64()
			t.Columns[0], t.Columns[1] = append(t.Columns[0], a), append(t.Columns[1], a+rng.NormFloat64())
		}
		return t
	}
	r, err := table.NewReport(draw(1), draw(2), draw(3), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	sheet, width, height := figure.TableReport(r)
	var file bytes.Buffer
	err = figure.WritePNG(&file, sheet, width, height)
	fmt.Println(len(sheet), "rows of", len(sheet[0]), "panels", err)
	// Output: 2 rows of 4 panels <nil>
}

// Is a posterior of two parameters calibrated? A program calls Save with the path of a
// file instead of WritePNG.
func ExampleRankHistogram() {
	rng := rand.New(rand.NewPCG(2, 1))
	t := &calibration.Trials{Theta: mat.NewDense(200, 2, nil), Draws: mat.NewDense(200*49, 2, nil), Names: []string{"rate", "size"}}
	for _, x := range []*mat.Dense{t.Theta, t.Draws} {
		x.Apply(func(int, int, float64) float64 { return rng.NormFloat64() }, x)
	}
	sbc, err := calibration.SBC(t, t.Products(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	tarp, err := calibration.TARP(t, nil, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	sheet := [][]figure.Panel{
		{figure.RankHistogram(sbc, 0), figure.RankHistogram(sbc, 1)},
		{figure.ECDFDifference(sbc), figure.CoverageCurve(tarp)},
	}
	var file bytes.Buffer
	err = figure.WritePNG(&file, sheet, 800, 800)
	for _, panel := range []figure.Panel{sheet[0][0], sheet[0][1], sheet[1][0], sheet[1][1]} {
		fmt.Println(panel.Title)
	}
	fmt.Println(err)
	// Output:
	// rate  (χ²: P = 0.99)
	// size  (χ²: P = 0.41)
	// ranks, P = 0.87
	// expected coverage, P = 0.61
	// <nil>
}

// A line with dots, saved as a picture and, drawn further in every frame, as a film. A
// long job asks first whether the file can be written.
func ExampleSave() {
	dir, err := os.MkdirTemp("", "figure")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	for _, name := range []string{"loss.png", "no/such/folder/loss.png"} {
		fmt.Println(figure.Writable(filepath.Join(dir, name)) == nil)
	}
	loss := mat.NewDense(4, 2, []float64{1, 1, 2, 0.5, 3, 0.3, 4, 0.25})
	sheet := func(points int) [][]figure.Panel {
		return [][]figure.Panel{{{
			Title: "loss", XLim: [2]float64{0, 5}, YLim: [2]float64{0, 1.2}, Stretch: true,
			Layers: []figure.Layer{figure.Line{X: loss.Slice(0, points, 0, 2), Dots: 2, Label: "held out"}},
		}}}
	}
	fmt.Println(figure.Save(filepath.Join(dir, "loss.png"), sheet(4), 200, 150))

	film := &figure.Animation{Width: 200, Height: 150, Delay: 100 * time.Millisecond, Pause: time.Second, Colors: 16}
	for points := 2; points <= 4; points++ {
		film.Frames = append(film.Frames, sheet(points))
	}
	path := filepath.Join(dir, "loss.gif")
	fmt.Println(figure.SaveGIF(path, film))
	file, err := os.Open(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer file.Close()
	all, err := gif.DecodeAll(file)
	fmt.Println(len(all.Image), all.Delay, err)
	// Output:
	// true
	// false
	// <nil>
	// <nil>
	// 3 [10 10 100] <nil>
}
