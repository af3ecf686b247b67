package grid

import (
	"math"

	"github.com/gradlogp/gradlogp/sde"
)

// fewLevels are the noise levels σ/α from which n = 1, 2, … steps of a flow map begin.
var fewLevels = [][]float64{{10}, {10, 0.15}, {10, 0.5, 0.1}, {10, 1, 0.3, 0.07}}

// Few returns the grid of n steps of a sampler.FlowMap, from σ/α = 10 to the data
// (σ = 0): n+1 points, the last being the time 0. Measured on the toys of examples/fewsteps,
// the last step is one of details: 10, .15 for two steps and 10, 1, .3, .07 for four. More than
// four have the levels of Karras(p, 10, 0.05, 7, n) before the last. n < 1 is 1.
//
// For data under a condition, whose modes a start at 10 mistakes, and a map that was
// trained from more noise than that, as score.Trajectories does, begin at 80 for the same
// price: times[0] = grid.Conditional(p, 2)[0].
func Few(p sde.SDE, n int) []float64 {
	n = max(n, 1)
	if n > len(fewLevels) {
		return append(between(p, 10, 0.05, n), 0)
	}
	times := make([]float64, 0, n+1)
	for _, level := range fewLevels[n-1] {
		t, _ := sde.TimeInSpan(p, -math.Log(level))
		times = append(times, t)
	}
	return append(times, 0)
}
