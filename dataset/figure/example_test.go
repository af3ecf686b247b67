package figure_test

import (
	"bytes"
	"fmt"
	"image/png"
	"math/rand/v2"

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
