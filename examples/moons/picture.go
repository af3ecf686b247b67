package main

import (
	"fmt"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/dataset/figure"
	"github.com/gradlogp/gradlogp/examples/internal/field"
	"github.com/gradlogp/gradlogp/score"
)

// limits are those of the panels: all toys lie within.
var limits = [2]float64{-2.6, 2.6}

// shown is the number of points of a panel, more of which would hide each other.
const shown = 2000

// framed gives panels their limits.
func framed(panels []figure.Panel) []figure.Panel {
	for i := range panels {
		panels[i].XLim, panels[i].YLim = limits, limits
	}
	return panels
}

// fields shows the learned score over the true density at three noise levels.
func fields(m *score.Model, law dataset.Diffusible) []figure.Panel {
	const cells, arrows = 120, 16
	var panels []figure.Panel
	for _, σ := range []float64{0.7, 0.3, 0.1} {
		diffused := law.Diffuse(1, σ)
		at := figure.Grid(limits, limits, arrows, arrows)
		panels = append(panels, figure.Panel{
			Title: fmt.Sprintf("score over density, noise %.1f", σ),
			Layers: []figure.Layer{
				figure.HeatMap{Values: figure.Density(limits, limits, cells, cells, diffused.LogProb)},
				figure.Arrows{X: at, V: field.Score(m, at, σ), Length: 0.3},
			},
		})
	}
	return framed(panels)
}
