package calibration

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"
)

// PredictiveSettings are those of Predictive. The zero value, like nil, means the
// defaults.
type PredictiveSettings struct {
	// Rows is the largest number of draws that are compared, random ones when there
	// are more; 2000 when 0. The work is its square.
	Rows int
	// Neighbours is the number of nearest rows to which a distance is measured, 5 when
	// 0, and that of the draws when there are fewer.
	Neighbours int
	// Seed decides which draws are compared.
	Seed uint64
}

// PredictiveResult is how unlike the draws an observation is. With m draws no
// p-value is below 1/(m + 1). The statistics of distances are those of the observation
// over their mean among the draws, 1 for a typical one.
type PredictiveResult struct {
	// Draws is m, the number of draws that were compared.
	Draws int
	// P is the p-value of all that follows together.
	P float64
	// Distance is the mean distance from the other rows, in units of each column's
	// spread; Neighbours that from the nearest ones.
	Distance, Neighbours Test
	// Mahalanobis is the distance from the mean in units of the covariance: it sees
	// columns that do not go together.
	Mahalanobis Test
	// Columns has a two-sided test for each column. The statistic is the share of the
	// draws that are below, equal ones counting half.
	Columns []Test
}

// String returns a table with a line for each test.
func (r *PredictiveResult) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d draws, P %.3f\n              statistic      P    adj.\n", r.Draws, r.P)
	line := func(name string, t Test) {
		fmt.Fprintf(&b, "%-12s  %9.3f  %.3f  %.3f\n", name, t.Statistic, t.P, t.Adjusted)
	}
	line("distance", r.Distance)
	line("neighbours", r.Neighbours)
	line("Mahalanobis", r.Mahalanobis)
	for j, t := range r.Columns {
		line(fmt.Sprintf("column %d", j), t)
	}
	return b.String()
}

// Predictive checks an observation against draws from a predictive distribution, rows
// of as many columns. With simulations at draws of the posterior given the
// observation it is the posterior predictive check: does the model, once fitted, make
// data like these? With simulations at draws of the prior it tells whether the simulator
// is misspecified, so that a posterior learned from it means nothing: is the observation
// like anything that was simulated?
//
// An observation which is a draw like the others is exchangeable with them: its score
// has any rank among those of all m + 1 rows with equal probability, so that a p-value is
// at most α with the probability α at most, for any m. The posterior predictive check
// uses the observation twice, and its p-values are larger than that. Adjusted p-values
// allow for the other tests of the result, those of columns for the other columns.
//
// Columns of any unit and of equal values may be among them. Errors wrap ErrNonFinite
// and ErrRange. Predictive panics when there are no draws or the columns differ.
func Predictive(observed []float64, draws *mat.Dense, s *PredictiveSettings) (*PredictiveResult, error) {
	const verb = "Predictive"
	m, k := draws.Dims()
	if m == 0 || k != len(observed) {
		panic(fmt.Sprintf("calibration: %s: observed has %d values and draws is %d×%d, want equal columns and at least one row", verb, len(observed), m, k))
	}
	for j, v := range observed {
		if v-v != 0 {
			return nil, fmt.Errorf("calibration: %s: observed: column %d is %v, want a number: %w", verb, j, v, ErrNonFinite)
		}
	}
	if err := finite(verb, "draws", draws); err != nil {
		return nil, err
	}
	var c PredictiveSettings
	if s != nil {
		c = *s
	}
	switch {
	case c.Rows < 0:
		return nil, fmt.Errorf("calibration: %s: Settings.Rows: is %d, want at least 1, or 0 for 2000: %w", verb, c.Rows, ErrRange)
	case c.Neighbours < 0:
		return nil, fmt.Errorf("calibration: %s: Settings.Neighbours: is %d, want at least 1, or 0 for 5: %w", verb, c.Neighbours, ErrRange)
	}
	if c.Rows == 0 {
		c.Rows = 2000
	}
	if c.Neighbours == 0 {
		c.Neighbours = 5
	}
	rows := make([]int, m)
	for i := range rows {
		rows[i] = i
	}
	if m > c.Rows {
		rows = rand.New(rand.NewPCG(c.Seed, 0)).Perm(m)[:c.Rows]
		m = c.Rows
	}
	pool := mat.NewDense(m+1, k, nil) // the observation first
	pool.SetRow(0, observed)
	for i, r := range rows {
		pool.SetRow(i+1, draws.RawRowView(r))
	}
	return predictive(pool, min(c.Neighbours, m)), nil
}

// predictive compares row 0 with the others.
func predictive(pool *mat.Dense, neighbours int) *PredictiveResult {
	all, k := pool.Dims()
	result := &PredictiveResult{Draws: all - 1, Columns: make([]Test, k)}
	ofColumns := make([][]float64, k) // p-values by column and row
	scaled := mat.NewDense(all, k, nil)
	each(k, func(j int) {
		v := mat.Col(nil, j, pool)
		below, depth := depths(v)
		ofColumns[j] = lowPvalues(depth)
		result.Columns[j] = Test{Statistic: below, P: ofColumns[j][0]}
		const far = 1e100 // so that no square overflows
		to := affine(v)
		for i, x := range v {
			scaled.Set(i, j, max(-far, min(to(x), far)))
		}
	})
	columns := together(ofColumns, math.Min)
	for j := range result.Columns {
		c := &result.Columns[j]
		c.Adjusted = share(columns, c.P, atMost)
	}
	distance, near := distances(scaled, neighbours)
	tests := []*Test{&result.Distance, &result.Neighbours, &result.Mahalanobis}
	p := [][]float64{lowPvalues(columns)}
	for i, v := range [][]float64{distance, near, mahalanobis(scaled)} {
		p = append(p, pvalues(v))
		*tests[i] = Test{Statistic: overMean(v), P: p[i+1][0]}
	}
	least := together(p, math.Min)
	for _, t := range tests {
		t.Adjusted = share(least, t.P, atMost)
	}
	result.P = share(least, least[0], atMost)
	return result
}

// LowDensity returns the p-value of the log-density log p(x) of an observation, of any
// model, among those of m draws: the share of all m + 1 that are not above it. A low
// one says that the observation is unlike the draws. It panics when there are no draws
// or a value is NaN.
func LowDensity(observed float64, draws []float64) float64 {
	if len(draws) == 0 || math.IsNaN(observed) || slices.ContainsFunc(draws, math.IsNaN) {
		panic(fmt.Sprintf("calibration: LowDensity: observed is %v among %d draws, want at least one draw and no NaN", observed, len(draws)))
	}
	count := 1
	for _, v := range draws {
		if v <= observed {
			count++
		}
	}
	return float64(count) / float64(len(draws)+1)
}
