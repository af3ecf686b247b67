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
// two and one, from σ/α = 10 to the time 0: n+1 points, n rounded up to a power of two from
// four on. The last four steps begin at 10, 1, .25 and .07, the last two at 10 and .25; between
// these levels, and from .07 down to .006, noise falls by the same factor at every step. 64
// steps are what was measured on the toys of examples/fewsteps; with half as many the errors
// of DDIM itself can be seen in the samples.
//
// Where the span of p begins above .006 or ends below 10, its own level takes the place of
// that. Where it begins above .035 or ends below 2, the times are those of Karras with ρ = 7.
func Halving(p sde.SDE, n int) []float64 {
	each := 1
	for 4*each < n {
		each *= 2
	}
	levels := slices.Clone(halvingLevels)
	start, end := p.Span()
	first, last := &levels[0], &levels[len(levels)-1]
	*first, *last = min(*first, ratio(p, end)), max(*last, ratio(p, start))
	if *first < 2*levels[1] || *last > levels[3]/2 {
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
