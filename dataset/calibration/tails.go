package calibration

import (
	"math"
	"slices"
)

// tails has the two-sided probability of each count of ranks below each level: of the
// counts c of n trials with the probability z each,
//
//	min(1, 2 min(P(C ≤ c), P(C ≥ c))),   C ~ Binomial(n, z).
type tails struct {
	n int
	p []float64 // by level and count
}

func newTails(n int, levels []float64) *tails {
	t := &tails{n, make([]float64, len(levels)*(n+1))}
	choose := make([]float64, n+1) // log of n over c
	for c := range n {
		choose[c+1] = choose[c] + math.Log(float64(n-c)/float64(c+1))
	}
	each(len(levels), func(k int) {
		z, p := levels[k], t.p[k*(n+1):][:n+1]
		up := make([]float64, n+1)
		logZ, logRest := math.Log(z), math.Log1p(-z)
		for c := range p {
			p[c] = math.Exp(choose[c] + float64(c)*logZ + float64(n-c)*logRest)
		}
		var sum float64
		for c := n; c >= 0; c-- {
			sum += p[c]
			up[c] = sum
		}
		sum = 0
		for c, v := range p {
			sum += v
			p[c] = min(1, 2*sum, 2*up[c])
		}
	})
	return t
}

func (t *tails) at(level, count int) float64 { return t.p[level*(t.n+1)+count] }

// band returns the least and the largest shares at each level that are not too
// improbable beside the smallest probabilities of the exchanges.
func (t *tails) band(null []float64, confidence float64) (low, high []float64) {
	null = slices.Sorted(slices.Values(null))
	least := 0.0 // probability within the band
	if k := int(math.Floor((1-confidence)*float64(len(null)+1) + slack)); k > 0 {
		least = null[k-1]
	}
	levels := len(t.p) / (t.n + 1)
	for k := range levels {
		from, to := 0, t.n
		for from < t.n && t.at(k, from)*(1+slack) < least {
			from++
		}
		for to > from && t.at(k, to)*(1+slack) < least {
			to--
		}
		low, high = append(low, float64(from)/float64(t.n)), append(high, float64(to)/float64(t.n))
	}
	return low, high
}
