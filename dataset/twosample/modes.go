package twosample

import (
	"encoding/json"
	"fmt"
	"iter"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Modes says how generated rows spread over the modes of the data, such as
// classes or clusters.
type Modes struct {
	// Covered is the share of the modes that have at least a tenth of the generated
	// rows which their share of the data lets expect, and at least one.
	Covered float64
	// Data and Generated are the shares of the rows of each mode.
	Data, Generated []float64
	// Outside is the share of generated rows that are near no mode; with Generated
	// it sums to one.
	Outside Estimate
}

// modesText is Modes in JSON.
type modesText struct {
	Covered         *float64
	Data, Generated []*float64
	Outside         Estimate
}

// MarshalJSON writes the fields by their names, with null for what is not finite.
func (m Modes) MarshalJSON() ([]byte, error) {
	return json.Marshal(modesText{number(m.Covered), numbersOf(m.Data), numbersOf(m.Generated), m.Outside})
}

// UnmarshalJSON reads what MarshalJSON writes, null as NaN.
func (m *Modes) UnmarshalJSON(text []byte) error {
	var v modesText
	if err := json.Unmarshal(text, &v); err != nil {
		return err
	}
	*m = Modes{orNaN(v.Covered), orNaNs(v.Data), orNaNs(v.Generated), v.Outside}
	return nil
}

// ModeCoverage counts the rows of y by the modes of the data x, which are given
// as a mode from 0 for each row. A row of y is of the mode of its nearest row x_i,
// when it is no further than the k-th nearest other row of x is from x_i, else it
// is outside. Of rows of x that are equally near the first counts.
//
// The work is quadratic in the rows. The shares are NaN when a value is not
// finite. ModeCoverage panics when the columns differ, a sample is empty, a mode
// is negative or has no row below the largest, or k is not from 1 to one less
// than the rows of x.
func ModeCoverage(x *mat.Dense, mode []int, y *mat.Dense, k int) Modes {
	n, m, _ := dims("ModeCoverage", "x", "y", x, y)
	if len(mode) != n {
		panic(fmt.Sprintf("twosample: ModeCoverage: %d modes of %d rows, want as many", len(mode), n))
	}
	if k < 1 || k >= n {
		panic(fmt.Sprintf("twosample: ModeCoverage: k is %d, want 1 to %d, one less than the rows of x", k, n-1))
	}
	modes := 0
	for i, c := range mode {
		if c < 0 || c >= n {
			panic(fmt.Sprintf("twosample: ModeCoverage: mode[%d] is %d, want from 0 and each number to have a row", i, c))
		}
		modes = max(modes, c+1)
	}
	data, generated := make([]float64, modes), make([]float64, modes)
	for _, c := range mode {
		data[c] += 1 / float64(n)
	}
	for c, p := range data {
		if p == 0 {
			panic(fmt.Sprintf("twosample: ModeCoverage: mode %d has no row, want each number to have one", c))
		}
	}
	if !finite(x, y) {
		for c := range generated {
			generated[c] = math.NaN()
		}
		return Modes{math.NaN(), data, generated, Estimate{math.NaN(), math.NaN()}}
	}
	a, b, _ := pointsOf(x, y)
	ball := balls(a, k)
	found := make([]int, m) // the mode of each row of y, −1 outside
	share(m, func(indices iter.Seq[int]) {
		sq := make([]float64, n)
		for j := range indices {
			b.squares(sq, j, a)
			near := 0
			for i, q := range sq {
				if q < sq[near] {
					near = i
				}
			}
			found[j] = -1
			if sq[near] <= ball[near] {
				found[j] = mode[near]
			}
		}
	})
	counts, outside := make([]int, modes), 0
	for _, c := range found {
		if c < 0 {
			outside++
			continue
		}
		counts[c]++
	}
	covered := 0
	for c, n := range counts {
		generated[c] = float64(n) / float64(m)
		if n > 0 && generated[c] >= data[c]/10 {
			covered++
		}
	}
	return Modes{float64(covered) / float64(modes), data, generated, proportion(outside, m)}
}
