package main

import (
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset/figure"
	"github.com/gradlogp/gradlogp/examples/internal/digits"
)

// The picture has a line for each of some images, with some draws of each.
const (
	shownImages = 8
	shownDraws  = 5
)

// panel shows, from left to right, truths, what is left of them, draws, and the mean and
// the spread of all draws, twice the standard deviation.
func (p problem) panel(truth digits.Set, y, x *mat.Dense) figure.Panel {
	const columns = 2 + shownDraws + 2
	n := min(truth.Len(), shownImages)
	sheet := truth.Blank(n * columns)
	for i := range n {
		line := func(k int) []float64 { return sheet.X.RawRowView(i*columns + k) }
		copy(line(0), truth.X.RawRowView(i))
		copy(line(1), p.show(y.RawRowView(i)))
		for k := range shownDraws {
			copy(line(2+k), x.RawRowView(i*draws+k))
		}
		all := x.Slice(i*draws, (i+1)*draws, 0, truth.Pixels())
		for q := range truth.Pixels() {
			mean, variance := stat.MeanVariance(mat.Col(nil, q, all), nil)
			line(2 + shownDraws)[q], line(3 + shownDraws)[q] = mean, 2*math.Sqrt(variance)
		}
	}
	return sheet.Panel(p.name+": truth, what is left, 5 draws, mean, spread", columns)
}
