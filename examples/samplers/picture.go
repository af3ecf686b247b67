package main

import (
	"image/color"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/figure"
)

// Colours that also the colour-blind tell apart (Okabe & Ito 2008).
var (
	black  = color.NRGBA{A: 0xff}
	gray   = color.NRGBA{R: 0x90, G: 0x90, B: 0x90, A: 0xff}
	orange = color.NRGBA{R: 0xe6, G: 0x9f, A: 0xff}
	sky    = color.NRGBA{R: 0x56, G: 0xb4, B: 0xe9, A: 0xff}
	green  = color.NRGBA{G: 0x9e, B: 0x73, A: 0xff}
	blue   = color.NRGBA{G: 0x72, B: 0xb2, A: 0xff}
	red    = color.NRGBA{R: 0xd5, G: 0x5e, A: 0xff}
	pink   = color.NRGBA{R: 0xcc, G: 0x79, B: 0xa7, A: 0xff}
)

// shown is a method in the picture. Dashed lines are those of methods with two
// evaluations a step, of adaptive ones and of correctors.
type shown struct {
	name   string
	color  color.NRGBA
	dashed bool
}

// A picture of all thirty methods would be read by nobody: these are one or two
// of each family, those a reader will have met, and those that won.
var (
	withoutNoise = []shown{
		{"Euler", gray, false},
		{"DDIM", black, false},
		{"Heun", orange, true},
		{"DPM2", pink, true},
		{"DPMpp2M", sky, false},
		{"UniPC", green, false},
		{"LMS", blue, false},
		{"Default: DEIS", red, false},
		{"DormandPrince", gray, true},
	}
	withNoise = []shown{
		{"EulerMaruyama", gray, false},
		{"EulerMaruyama, Langevin", gray, true},
		{"NoPredictor, Langevin", black, true},
		{"EulerAncestral", black, false},
		{"Heun{Churn: 10}", orange, true},
		{"DPMppSDE", pink, true},
		{"DPMpp2MSDE", sky, false},
		{"DPMpp3MSDE", green, false},
		{"AdaptiveSDE", red, true},
	}
)

// picture draws the three panels.
func (t *table) picture() [][]figure.Panel {
	low, high := float64(budgets[0])*0.85, float64(budgets[len(budgets)-1])*1.18
	panel := func(title, y string, ylim [2]float64, floor float64, says string, show []shown, points func(result) []point) figure.Panel {
		p := figure.Panel{Title: title, XLabel: "evaluations of the score", YLabel: y, Log: true,
			XLim: [2]float64{low, high}, YLim: ylim, LegendTop: true}
		for _, b := range budgets {
			p.XTicks = append(p.XTicks, float64(b))
		}
		p.Layers = append(p.Layers, figure.Line{X: mat.NewDense(2, 2, []float64{low, floor, high, floor}), Color: black, Width: 0.7, Dashed: true, Label: says})
		for _, s := range show {
			p.Layers = append(p.Layers, figure.Line{X: t.curve(s.name, points), Color: s.color, Dashed: s.dashed, Dots: 1.6, Label: s.name})
		}
		return p
	}
	onLine := func(r result) []point { return r.onLine }
	onPlane := func(r result) []point { return r.onPlane }
	wide := [2]float64{t.floor / 3, max(1, 4*t.floor)}
	first := panel("line, no noise: error of paths", "root mean square error", [2]float64{1e-7, 1}, t.left, "stop at σ/α = 0.01", withoutNoise, onLine)
	first.LegendTop, first.LegendLeft = false, true
	return [][]figure.Panel{{
		first,
		panel("plane, no noise: distance to the data", "sliced Wasserstein-2 distance", wide, t.floor, "two true samples", withoutNoise, onPlane),
		panel("plane, with noise: distance to the data", "sliced Wasserstein-2 distance", wide, t.floor, "two true samples", withNoise, onPlane),
	}}
}

// curve returns the points of a method as rows.
func (t *table) curve(name string, points func(result) []point) *mat.Dense {
	for _, r := range slices.Concat(t.fixed, t.adaptive) {
		if r.name == name {
			x := mat.NewDense(len(r.runs), 2, nil)
			for i, p := range points(r) {
				x.SetRow(i, []float64{p.evaluations, p.err})
			}
			return x
		}
	}
	panic("samplers: no method " + name)
}
