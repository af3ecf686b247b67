package calibration

import (
	"fmt"
	"strings"
)

// Result tells whether the ranks of true values among posterior draws are those of
// exact draws, uniform on 0, …, L.
type Result struct {
	// Trials is n and Draws is L, the draws in each trial.
	Trials, Draws int
	// Quantities has a test for each quantity: of SBC the parameters first, then those
	// given.
	Quantities []Uniformity
	// ChiSquaredP and ECDFP are the p-values of the hypothesis that the ranks of all
	// quantities are uniform: the smallest adjusted ones of the quantities. They are two
	// tests of one hypothesis; decide beforehand which one counts.
	ChiSquaredP, ECDFP float64
	// Edges are those of the bins of the histogram, which has the ranks Edges[b] to
	// Edges[b+1] − 1 in bin b, n·(Edges[b+1] − Edges[b])/(L + 1) of them on average.
	Edges []int
	// CountLow and CountHigh are the bounds of the counts in the bins, within which those
	// of all quantities lie with probability Confidence at least (Bonferroni's bounds)
	// when the posterior is exact.
	CountLow, CountHigh []int
	// Level has the points of the distribution functions, which are also the levels
	// of credible regions, within (0, 1).
	Level []float64
	// Low and High are the band at these points in which the distribution functions of
	// all quantities lie with probability Confidence, or a little more, when the
	// posterior is exact. Some function is outside at some point exactly when
	// ECDFP ≤ 1 − Confidence.
	Low, High  []float64
	Confidence float64
}

// Uniformity is the test of one quantity.
type Uniformity struct {
	Name string
	// Ranks are the numbers of draws below the truth, from 0 to L, one a trial.
	Ranks []int
	// Mean is that of (rank + ½)/(L + 1), ½ for exact draws; above when the draws are
	// too low.
	Mean float64
	// Spread is the standard deviation of the ranks over that of uniform ones: about 1
	// for exact draws, above when they are too narrow, below when they are too wide.
	Spread float64
	// Counts are the numbers of ranks in the bins.
	Counts []int
	// ECDF has, for each level α of the Result, the share of trials whose rank is
	// below α(L + 1). For TARP and HighestDensity that is the expected coverage: how
	// often the credible region of level α holds the truth.
	ECDF []float64
	// ChiSquared tests the counts, ECDFTest the distribution function.
	ChiSquared, ECDFTest Test
}

// Test is a statistic with the probability of one at least as extreme under the null
// hypothesis.
type Test struct {
	// Statistic is Σ (count − mean)²/mean over the bins for ChiSquared. For ECDFTest it
	// is the smallest two-sided probability of the count of ranks below a level among
	// the levels, small when the ranks are not uniform.
	Statistic float64
	// P is the p-value as if this were the only test.
	P float64
	// Adjusted is the p-value that allows for the other quantities: with exact draws
	// one of all is at most α with the probability α at most ("Resampling-Based
	// Multiple Testing", Westfall and Young 1993).
	Adjusted float64
}

// String returns a table with a line for each quantity, and the p-values of all.
func (r *Result) String() string {
	width := len("all together")
	for _, q := range r.Quantities {
		width = max(width, len([]rune(q.Name)))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d trials of %d draws\n%-*s   mean  spread    χ²     P    adj.   ECDF P    adj.\n", r.Trials, r.Draws, width, "")
	for _, q := range r.Quantities {
		fmt.Fprintf(&b, "%-*s  %.3f   %5.2f  %5.1f  %.3f  %.3f    %.3f   %.3f\n", width, q.Name,
			q.Mean, q.Spread, q.ChiSquared.Statistic, q.ChiSquared.P, q.ChiSquared.Adjusted, q.ECDFTest.P, q.ECDFTest.Adjusted)
	}
	fmt.Fprintf(&b, "%-*s                              %.3f            %.3f\n", width, "all together", r.ChiSquaredP, r.ECDFP)
	return b.String()
}
