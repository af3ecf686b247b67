package main

import (
	"fmt"
	"image/color"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset/figure"
)

var (
	black = color.NRGBA{A: 0xff}
	red   = color.NRGBA{R: 0xb8, G: 0x3a, B: 0x26, A: 0xff}
	blue  = color.NRGBA{R: 0x1f, G: 0x5f, B: 0xa8, A: 0xff}
	wide  = color.NRGBA{R: 0x1f, G: 0x5f, B: 0xa8, A: 0x30}
)

// bins of the histograms, and points of a scatter plot.
const (
	bins  = 30
	shown = 600
)

// picture is the pair plot of the posterior: on the diagonal what is learned and what is exact
// of each parameter, below it draws upon the exact density of each pair.
func (e *exact) picture(theta *mat.Dense, best []float64) [][]figure.Panel {
	n, _ := theta.Dims()
	rows := make([][]figure.Panel, parameters)
	for i := range rows {
		rows[i] = make([]figure.Panel, parameters)
		for j := range i + 1 {
			p := figure.Panel{XLim: [2]float64{e.low[j], e.high[j]}, Stretch: true}
			if i == parameters-1 {
				p.XLabel = names[j]
			}
			if i == j {
				rows[i][j] = e.diagonal(p, mat.Col(nil, j, theta), j)
				continue
			}
			p.YLim, p.YLabel = [2]float64{e.low[i], e.high[i]}, names[i]
			draws := mat.NewDense(min(n, shown), 2, nil)
			for k := range min(n, shown) {
				draws.SetRow(k, []float64{theta.At(k, j), theta.At(k, i)})
			}
			p.Layers = []figure.Layer{
				figure.HeatMap{Values: e.pair(i, j)},
				figure.Points{X: draws, Color: figure.Red},
				figure.Line{X: segment(truth[j], e.low[i], truth[j], e.high[i]), Color: black, Width: 0.6, Dashed: true},
				figure.Line{X: segment(e.low[j], truth[i], e.high[j], truth[i]), Color: black, Width: 0.6, Dashed: true},
				figure.Points{X: mat.NewDense(1, 2, []float64{best[j], best[i]}), Color: black, Radius: 2.5},
			}
			rows[i][j] = p
		}
	}
	return rows
}

// diagonal shows one parameter.
func (e *exact) diagonal(p figure.Panel, values []float64, j int) figure.Panel {
	h := (e.high[j] - e.low[j]) / bins
	outline := []float64{e.low[j], 0}
	count := make([]float64, bins)
	for _, v := range values {
		if k := int((v - e.low[j]) / h); v >= e.low[j] && k < bins {
			count[k] += 1 / (h * float64(len(values)))
		}
	}
	for k, c := range count {
		left := e.low[j] + float64(k)*h
		outline = append(outline, left, c, left+h, c)
	}
	outline = append(outline, e.high[j], 0)
	at, density := e.marginal(j)
	curve := mat.NewDense(len(at), 2, nil)
	curve.SetCol(0, at)
	curve.SetCol(1, density)
	top := max(slices.Max(density), slices.Max(count))
	p.YLim, p.LegendTop = [2]float64{0, 1.5 * top}, true
	learned := mat.NewDense(len(outline)/2, 2, outline)
	p.Layers = []figure.Layer{
		figure.Area{X: learned, Color: color.NRGBA{R: 0xb8, G: 0x3a, B: 0x26, A: 0x50}},
		figure.Line{X: learned, Color: red, Width: 0.6, Label: "learned"},
		figure.Line{X: curve, Color: blue, Width: 1.5, Label: "exact"},
		figure.Line{X: segment(truth[j], 0, truth[j], 1.5*top), Color: black, Width: 0.6, Dashed: true, Label: "truth"},
	}
	return p
}

func segment(x0, y0, x1, y1 float64) *mat.Dense {
	return mat.NewDense(2, 2, []float64{x0, y0, x1, y1})
}

// band shows a record in the quantiles of simulated ones.
func band(name string, x []float64, replicas *mat.Dense, before, after float64) figure.Panel {
	days := len(x)
	observed, middle := mat.NewDense(days, 2, nil), mat.NewDense(days, 2, nil)
	outer, inner := mat.NewDense(2*days, 2, nil), mat.NewDense(2*days, 2, nil)
	top := slices.Max(x)
	for day, v := range x {
		of := mat.Col(nil, day, replicas)
		slices.Sort(of)
		at := func(p float64) []float64 {
			return []float64{float64(day + 1), stat.Quantile(p, stat.LinInterp, of, nil)}
		}
		observed.SetRow(day, []float64{float64(day + 1), v})
		middle.SetRow(day, at(0.5))
		outer.SetRow(day, at(0.975))
		outer.SetRow(2*days-1-day, at(0.025))
		inner.SetRow(day, at(0.75))
		inner.SetRow(2*days-1-day, at(0.25))
		top = max(top, outer.At(day, 1))
	}
	return figure.Panel{
		Title:  fmt.Sprintf("%s: P = %.2g before, %.2g after the fit", name, before, after),
		XLabel: "day", YLabel: "reports", XLim: [2]float64{0, float64(days + 1)}, YLim: [2]float64{-0.5, 1.15 * top}, Stretch: true, LegendTop: true,
		Layers: []figure.Layer{
			figure.Area{X: outer, Color: wide},
			figure.Area{X: inner, Color: wide},
			figure.Line{X: middle, Color: blue, Label: "predicted, with 50 % and 95 %"},
			figure.Line{X: observed, Color: red, Width: 0.8, Dots: 2, Label: "observed"},
		},
	}
}
