package calibration

import "math"

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

// band returns the least and the largest count at each level whose probability is not
// below least.
func (t *tails) band(least float64) (low, high []int) {
	for k := range len(t.p) / (t.n + 1) {
		from, to := 0, t.n
		for from < t.n && !atLeast(t.at(k, from), least) {
			from++
		}
		for to > from && !atLeast(t.at(k, to), least) {
			to--
		}
		low, high = append(low, from), append(high, to)
	}
	return low, high
}
