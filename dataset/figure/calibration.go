package figure

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/calibration"
)

var (
	band   = color.NRGBA{R: 0x80, G: 0x80, B: 0x80, A: 0x38}
	middle = color.NRGBA{R: 0x80, G: 0x80, B: 0x80, A: 0xff}
)

// RankHistogram is the panel of the ranks of a quantity of a calibration.Result, by its
// index: bars of how many there are over the mean number for exact draws, which is 1,
// and in grey the bounds that the bars of all quantities stay within with probability
// Confidence. Bars high at both ends say that draws are too narrow, low ones that they
// are too wide, a slope that they are shifted. It panics when there is no such
// quantity.
func RankHistogram(r *calibration.Result, quantity int) Panel {
	if quantity < 0 || quantity >= len(r.Quantities) {
		panic(fmt.Sprintf("figure: RankHistogram: quantity is %d, want 0 to %d", quantity, len(r.Quantities)-1))
	}
	q := r.Quantities[quantity]
	bins := len(q.Counts)
	edges, of := make([]float64, bins+1), [3][]float64{} // counts, low, high
	for b, e := range r.Edges {
		edges[b] = float64(e)
	}
	top := 1.
	for b, count := range q.Counts {
		mean := float64(r.Trials) * (edges[b+1] - edges[b]) / float64(r.Draws+1)
		for k, v := range [3]int{count, r.CountLow[b], r.CountHigh[b]} {
			of[k] = append(of[k], float64(v)/mean)
			top = max(top, float64(v)/mean)
		}
	}
	// The band's outline: its upper steps, then the lower ones backwards.
	high, low := steps(edges, of[2]), steps(edges, of[1])
	n, _ := high.Dims()
	outline := mat.NewDense(2*n-4, 2, nil)
	for i := range n - 2 {
		outline.SetRow(i, high.RawRowView(i+1))
		outline.SetRow(2*n-5-i, low.RawRowView(i+1))
	}
	return Panel{
		Title: cut(q.Name, 30) + "  (χ²: P = " + pvalue(q.ChiSquared.Adjusted) + ")", Stretch: true,
		XLim: [2]float64{0, float64(r.Draws + 1)}, YLim: [2]float64{0, 1.1 * top}, XLabel: "rank", YLabel: "count / mean",
		Layers: []Layer{
			Area{X: steps(edges, of[0]), Color: pale},
			Area{X: outline, Color: band},
			Line{X: mat.NewDense(2, 2, []float64{0, 1, float64(r.Draws + 1), 1}), Color: middle, Width: 0.8},
			Line{X: steps(edges, of[0]), Color: solid[2], Width: 0.8},
		},
	}
}

// ECDFDifference is the panel of the distribution functions of all quantities of a
// calibration.Result less that of exact draws, with the band, in grey, that all stay
// within with probability Confidence. Quantities that leave it are red, and the worst
// are named. A line above zero belongs to ranks that are too low: draws that are too
// high.
func ECDFDifference(r *calibration.Result) Panel {
	p := functions(r, true)
	p.Title, p.XLabel, p.YLabel = "ranks, P = "+pvalue(r.ECDFP), "share of ranks", "distribution function − share"
	return p
}

// CoverageCurve is the panel of the expected coverage of credible regions against their
// level, for the calibration.Result of TARP or HighestDensity, with the band, in grey,
// that it stays within with probability Confidence when the posterior is exact. A
// line below the diagonal, of highest-density regions, is that of a posterior that is
// too sure of itself.
func CoverageCurve(r *calibration.Result) Panel {
	p := functions(r, false)
	p.Title, p.XLabel, p.YLabel = "expected coverage, P = "+pvalue(r.ECDFP), "credible level", "coverage"
	p.LegendTop, p.LegendLeft = true, true
	return p
}

// functions shows distribution functions, or their differences to that of uniform ranks.
func functions(r *calibration.Result, difference bool) Panel {
	points := len(r.Level) + 2 // with both ends
	base := func(k int) float64 {
		if difference && k > 0 && k < points-1 {
			return r.Level[k-1]
		}
		return 0
	}
	curve := func(values []float64) *mat.Dense {
		x := mat.NewDense(points, 2, nil)
		for k, v := range values {
			x.SetRow(k+1, []float64{r.Level[k], v - base(k+1)})
		}
		x.SetRow(points-1, []float64{1, 1})
		if difference {
			x.Set(points-1, 1, 0)
		}
		return x
	}
	low, high := curve(r.Low), curve(r.High)
	outline := mat.NewDense(2*points, 2, nil)
	for k := range points {
		outline.SetRow(k, high.RawRowView(k))
		outline.SetRow(2*points-1-k, low.RawRowView(k))
	}
	p := Panel{XLim: [2]float64{0, 1}, YLim: [2]float64{0, 1}, Layers: []Layer{
		Area{X: outline, Color: band},
		Line{X: mat.NewDense(2, 2, []float64{0, 0, 1, curve(r.Level).At(points-1, 1)}), Color: middle, Width: 0.8, Dashed: true},
	}}
	order := make([]int, len(r.Quantities)) // the worst last, and so on top
	for q := range order {
		order[q] = q
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(r.Quantities[b].ECDFTest.Statistic, r.Quantities[a].ECDFTest.Statistic)
	})
	const named = 4
	var top float64
	for k := range points {
		top = max(top, high.At(k, 1), -low.At(k, 1))
	}
	for i, q := range order {
		u := r.Quantities[q]
		line := Line{X: curve(u.ECDF), Color: solid[2], Width: 1}
		if u.ECDFTest.Adjusted <= 1-r.Confidence {
			if line.Color = solid[0]; len(order)-i <= named {
				line.Label = cut(u.Name, 30)
			}
		} else if len(order) == 1 {
			line.Label = cut(u.Name, 30)
		}
		p.Layers = append(p.Layers, line)
		for k := range points {
			top = max(top, math.Abs(line.X.At(k, 1)))
		}
	}
	if difference {
		p.Stretch, p.LegendTop = true, true
		p.YLim = [2]float64{-1.2 * top, 1.8 * top} // with room for the legend
	}
	return p
}

// pvalue writes a probability with two digits.
func pvalue(p float64) string { return fmt.Sprintf("%.2g", p) }
