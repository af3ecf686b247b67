package calibration

import (
	"math"
	"math/rand/v2"
	"slices"
)

// maxLevels is the largest number of points at which distribution functions are looked
// at.
const maxLevels = 100

// uniform tests the ranks of quantities. In each trial the truth and the L draws are
// exchangeable when the posterior is exact. So the null distribution of any statistic
// of the ranks of all quantities is that over random choices of which member of each
// trial plays the truth: nothing is assumed on how quantities depend on each other.
func uniform(quantities []Quantity, n, draws int, s Settings) *Result {
	r := &Result{Trials: n, Draws: draws, Confidence: s.Confidence, Edges: cuts(draws+1, s.Bins)}
	levels := min(draws, maxLevels)
	below := cuts(draws+1, levels+1)[1:] // the last is L + 1
	for _, a := range below[:levels] {
		r.Level = append(r.Level, float64(a)/float64(draws+1))
	}
	tails := newTails(n, r.Level)
	r.Quantities = make([]Uniformity, len(quantities))
	chi, tail := make([][]float64, len(quantities)), make([][]float64, len(quantities)) // by exchange; 0 is the given one
	each(len(quantities), func(q int) {
		r.Quantities[q].Name = quantities[q].Name
		chi[q], tail[q] = r.Quantities[q].exchange(quantities[q], r.Edges, below, tails, n, draws, s)
	})
	most, least := together(chi, math.Max), together(tail, math.Min)
	for q := range r.Quantities {
		u := &r.Quantities[q]
		c, t := chi[q][0], tail[q][0]
		u.ChiSquared = Test{c, share(chi[q], c, atLeast), share(most, c, atLeast)}
		u.ECDFTest = Test{t, share(tail[q], t, atMost), share(least, t, atMost)}
	}
	r.ChiSquaredP, r.ECDFP = share(most, most[0], atLeast), share(least, least[0], atMost)

	// Rejection is a smallest probability below so many of those of the exchanges.
	within := 0.0
	if k := int(math.Floor((1-s.Confidence)*float64(s.Exchanges+1) + slack)); k > 0 {
		within = slices.Sorted(slices.Values(least[1:]))[min(k, s.Exchanges)-1]
	}
	low, high := tails.band(within)
	for k := range low {
		r.Low, r.High = append(r.Low, float64(low[k])/float64(n)), append(r.High, float64(high[k])/float64(n))
	}
	shares := make([]float64, s.Bins)
	for b := range shares {
		shares[b] = float64(r.Edges[b+1]-r.Edges[b]) / float64(draws+1)
	}
	r.CountLow, r.CountHigh = newTails(n, shares).band((1 - s.Confidence) / float64(s.Bins*len(quantities)))
	return r
}

// exchange fills u from the ranks of q and returns both statistics of it and of the
// exchanges.
func (u *Uniformity) exchange(q Quantity, edges, below []int, tails *tails, n, draws int, s Settings) (chi, tail []float64) {
	bin, cell := firstAbove(edges[1:], draws+1), firstAbove(below, draws+1)
	bins, cells := len(edges)-1, len(below)
	byBin, byCell := make([]int32, (s.Exchanges+1)*bins), make([]int32, (s.Exchanges+1)*cells)
	values, order, rank := make([]float64, draws+1), make([]int, draws+1), make([]int, draws+1)
	u.Ranks = make([]int, n)
	for i := range n {
		// Which member is taken in which exchange, and which comes first of equal ones,
		// are the same for all quantities.
		rng := rand.New(rand.NewPCG(s.Seed, uint64(i)))
		for m := range order {
			order[m] = m
		}
		rng.Shuffle(draws+1, func(a, b int) { order[a], order[b] = order[b], order[a] })
		values[0] = q.Truth[i]
		copy(values[1:], q.Draws[i*draws:][:draws])
		slices.SortStableFunc(order, func(a, b int) int {
			switch {
			case values[a] < values[b]:
				return -1
			case values[a] > values[b]:
				return 1
			}
			return 0
		})
		for at, m := range order {
			rank[m] = at
		}
		u.Ranks[i] = rank[0]
		byBin[bin[rank[0]]]++
		byCell[cell[rank[0]]]++
		for e := 1; e <= s.Exchanges; e++ {
			k := rank[rng.IntN(draws+1)]
			byBin[e*bins+bin[k]]++
			byCell[e*cells+cell[k]]++
		}
	}
	chi, tail = make([]float64, s.Exchanges+1), make([]float64, s.Exchanges+1)
	for e := range chi {
		for b, count := range byBin[e*bins:][:bins] {
			mean := float64(n) * float64(edges[b+1]-edges[b]) / float64(draws+1)
			chi[e] += (float64(count) - mean) * (float64(count) - mean) / mean
		}
		tail[e] = 1
		var sum int32
		for k, count := range byCell[e*cells:][:cells-1] {
			sum += count
			tail[e] = min(tail[e], tails.at(k, int(sum)))
		}
	}
	u.describe(byBin[:bins], byCell[:cells-1], draws)
	return chi, tail
}

func (u *Uniformity) describe(bins, cells []int32, draws int) {
	n := float64(len(u.Ranks))
	var sum, square float64
	for _, r := range u.Ranks {
		sum += float64(r)
	}
	for _, r := range u.Ranks {
		square += (float64(r) - sum/n) * (float64(r) - sum/n)
	}
	all := float64(draws + 1)
	u.Mean = (sum/n + 0.5) / all
	u.Spread = math.Sqrt(square / n / ((all*all - 1) / 12))
	for _, c := range bins {
		u.Counts = append(u.Counts, int(c))
	}
	var below int32
	for _, c := range cells {
		below += c
		u.ECDF = append(u.ECDF, float64(below)/n)
	}
}

// cuts returns the bounds of so many parts of the numbers 0 to n − 1, as equal as can
// be.
func cuts(n, parts int) []int {
	at := make([]int, parts+1)
	for k := range at {
		at[k] = int(math.Round(float64(k) / float64(parts) * float64(n)))
	}
	return at
}

// firstAbove returns for each of the numbers 0 to n − 1 the index of the first bound above
// it.
func firstAbove(bounds []int, n int) []int {
	of := make([]int, n)
	for r, k := 0, 0; r < n; r++ {
		if r == bounds[k] {
			k++
		}
		of[r] = k
	}
	return of
}
