package inference

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde/noise"
)

const (
	// likenessDraws is with how many draws of the prior parameters are compared, and
	// fewestCompared of how many at least.
	likenessDraws, fewestCompared = 4096, 20
	// likenessLevel is the probability, at most, with which draws of a prior itself are warned of
	// (Kolmogorov & Smirnov, by the inequality of Dvoretzky, Kiefer & Wolfowitz), and leastUnlike
	// the distance of distribution functions that is not warned of for any number: where few
	// simulations fail, what is left of the prior is a little different.
	likenessLevel, leastUnlike = 1e-6, 0.2
)

// notOfPrior tells of parameters whose distribution is not that of draws of the prior. That of
// one cut to a box is not looked at: it is the work of Rounds.
func notOfPrior(p Prior, theta *mat.Dense) (warnings []string) {
	n, d := theta.Dims()
	if _, cut := p.(*Truncated); p == nil || cut || n < fewestCompared {
		return nil
	}
	draws := mat.NewDense(likenessDraws, d, nil)
	for i := range likenessDraws {
		p.Sample(draws.RawRowView(i), noise.Rand(0, noise.Draw{Purpose: noise.Data, Row: i, Step: simulationStep, Slot: 2}))
	}
	// Both distribution functions are this near to the true one but with half the probability.
	near := func(n int) float64 {
		return math.Sqrt(math.Log(4*float64(d)/likenessLevel) / (2 * float64(n)))
	}
	most := max(leastUnlike, near(n)+near(likenessDraws))
	for j := range d {
		own, of := mat.Col(nil, j, theta), mat.Col(nil, j, draws)
		if !allFinite(of) {
			continue
		}
		slices.Sort(own)
		slices.Sort(of)
		if v := unlike(own, of); v > most {
			at := apartIn(own[n/2], of[likenessDraws/2])
			warnings = append(warnings, fmt.Sprintf("parameter %d: its numbers are not draws of the prior: their distribution functions differ by %.2g, and the median is %s, that of the prior %s. Weigh and GivenAll take them for such", j, v, at[0], at[1]))
		}
	}
	return warnings
}

// unlike returns the largest distance of the distribution functions of sorted numbers.
func unlike(a, b []float64) (most float64) {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		v := min(a[i], b[j])
		for i < len(a) && a[i] == v {
			i++
		}
		for j < len(b) && b[j] == v {
			j++
		}
		most = max(most, math.Abs(float64(i)/float64(len(a))-float64(j)/float64(len(b))))
	}
	return most
}
