package calibration

import (
	"math"
	"slices"
)

// slack is the relative difference below which two statistics are equal.
const slack = 1e-9

func atLeast(v, bound float64) bool { return v >= bound-slack*math.Abs(bound) }
func atMost(v, bound float64) bool  { return v <= bound+slack*math.Abs(bound) }

// share returns the p-value of a statistic: its place among those of the exchanges,
// which follow the given one in null, itself among them.
func share(null []float64, statistic float64, extreme func(v, bound float64) bool) float64 {
	count := 1
	for _, v := range null[1:] {
		if extreme(v, statistic) {
			count++
		}
	}
	return float64(count) / float64(len(null))
}

// pvalues returns the p-value of each of a number of exchangeable statistics among all
// of them, large ones being extreme.
func pvalues(statistics []float64) []float64 {
	sorted := slices.Sorted(slices.Values(statistics))
	p := make([]float64, len(statistics))
	for i, v := range statistics {
		below, _ := slices.BinarySearch(sorted, v-slack*math.Abs(v))
		p[i] = float64(len(sorted)-below) / float64(len(sorted))
	}
	return p
}

// lowPvalues is pvalues where small statistics are extreme.
func lowPvalues(statistics []float64) []float64 {
	negative := make([]float64, len(statistics))
	for i, v := range statistics {
		negative[i] = -v
	}
	return pvalues(negative)
}

// together returns the extreme over several kinds of statistics, one kind a line.
func together(of [][]float64, extreme func(a, b float64) float64) []float64 {
	all := slices.Clone(of[0])
	for _, values := range of[1:] {
		for e, v := range values {
			all[e] = extreme(all[e], v)
		}
	}
	return all
}
