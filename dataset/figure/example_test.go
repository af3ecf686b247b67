package figure_test

import (
	"bytes"
	"fmt"
	"image/png"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/dataset/figure"
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
