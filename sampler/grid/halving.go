package grid

import (
	"math"
	"slices"

	"github.com/gradlogp/gradlogp/sde"
)

// halvingLevels are the noise levels σ/α from which the last four steps begin, and the least
// of all.
var halvingLevels = []float64{10, 1, 0.25, 0.07, 0.006}

// Halving returns the grid of n steps of sampler.DDIM that score.Progressive halves to four,
// two and one, from σ/α = 10 to the data (σ = 0): n+1 points, the last being the time 0. Four
// steps begin at 10, 1, .25, .07 and two at 10, .25, as those of Few nearly do; each of the
// four has n/4 before, with one ratio of noise levels. n is rounded up to a multiple of four;
// 64, a power of two, is what was measured on the toys of examples/fewsteps. With half as many
// steps the errors of DDIM itself can be seen in the samples.
//
// The levels are those of p where its span begins above .006 or ends below 10; without
// 1, .25 and .07 in its span the grid is Karras over it.
func Halving(p sde.SDE, n int) []float64 {
	each := max(1, (n+3)/4)
	levels := slices.Clone(halvingLevels)
	start, end := p.Span()
	first, last := &levels[0], &levels[len(levels)-1]
	*first, *last = min(*first, ratio(p, end)), max(*last, ratio(p, start))
	if *first <= levels[1] || *last >= levels[3] {
		return append(between(p, halvingLevels[0], halvingLevels[4], 4*each), 0)
	}
	times := make([]float64, 0, 4*each+1)
	for i, from := range levels[:4] {
		for k := range each {
			level := from * math.Pow(levels[i+1]/from, float64(k)/float64(each))
			t, _ := sde.TimeInSpan(p, -math.Log(level))
			times = append(times, t)
		}
	}
	return append(times, 0)
}
