package twosample

import (
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Test is a statistic beside its null distribution: its values when the pooled
// rows are split at random into samples of the two sizes.
type Test struct {
	Statistic float64
	// P is the share of the splits, the given one among them, in which the
	// statistic is at least as large. It is exact in the sense that P ≤ α has at
	// most the probability α for samples of one distribution.
	P float64
	// Mean and SD are the moments of the statistic over the random splits.
	Mean, SD float64
}

// testText is a Test in JSON.
type testText struct{ Statistic, P, Mean, SD *float64 }

// MarshalJSON writes the fields by their names, with null for what is not finite.
func (t Test) MarshalJSON() ([]byte, error) {
	return json.Marshal(testText{number(t.Statistic), number(t.P), number(t.Mean), number(t.SD)})
}

// UnmarshalJSON reads what MarshalJSON writes, null as NaN.
func (t *Test) UnmarshalJSON(text []byte) error {
	var v testText
	if err := json.Unmarshal(text, &v); err != nil {
		return err
	}
	*t = Test{orNaN(v.Statistic), orNaN(v.P), orNaN(v.Mean), orNaN(v.SD)}
	return nil
}

// PermutationTest tests whether x and y are from one distribution by any
// statistic that grows with their distance, computed for the given split and for
// a number of random ones, in parallel: it must be safe for concurrent use. It
// panics when the columns differ, a sample is empty, or permutations is not
// positive, and as the statistic does.
func PermutationTest(x, y *mat.Dense, statistic func(x, y *mat.Dense) float64, permutations int, seed uint64) Test {
	n, m, d := dims("PermutationTest", "x", "y", x, y)
	checkPermutations("PermutationTest", permutations)
	var pool mat.Dense
	pool.Stack(x, y)
	null := make([]float64, permutations)
	share(permutations, func(indices iter.Seq[int]) {
		both := mat.NewDense(n+m, d, nil)
		for p := range indices {
			for i, j := range permutation(n+m, p, seed) {
				both.SetRow(i, pool.RawRowView(j))
			}
			null[p] = statistic(both.Slice(0, n, 0, d).(*mat.Dense), both.Slice(n, n+m, 0, d).(*mat.Dense))
		}
	})
	return newTest(statistic(x, y), null, 0)
}

func permutation(n, p int, seed uint64) []int { return rand.New(rand.NewPCG(seed, uint64(p))).Perm(n) }

func checkPermutations(verb string, n int) {
	if n < 1 {
		panic(fmt.Sprintf("twosample: %s: permutations is %d, want ≥ 1", verb, n))
	}
}

// newTest compares a statistic with its null distribution. Values that differ by
// slack, or in their last digits, are equal.
func newTest(statistic float64, null []float64, slack float64) Test {
	t := Test{Statistic: statistic, P: math.NaN(), Mean: math.NaN(), SD: math.NaN()}
	if math.IsNaN(statistic) || floats.HasNaN(null) {
		return t
	}
	for _, v := range null {
		slack = max(slack, 1e-12*math.Abs(v))
	}
	above := 1
	t.Mean = floats.Sum(null) / float64(len(null))
	var square float64
	for _, v := range null {
		if v >= statistic-slack {
			above++
		}
		square += (v - t.Mean) * (v - t.Mean)
	}
	t.P = float64(above) / float64(len(null)+1)
	t.SD = math.Sqrt(square / float64(len(null)-1))
	return t
}

// sums are those of a function of two points over the pairs of distinct points
// of the first sample, of the second, and across.
type sums struct{ x, y, across float64 }

// pairSums returns the sums for the given split of the points and for a number
// of random ones. The function is given by its values for squared distances,
// which it stores over them.
func pairSums(x, y points, of func(sq []float64), permutations int, seed uint64) []sums {
	n, total := x.n, x.n+y.n
	pool := points{total, x.d, make([]float64, total*x.d)}
	for k := range x.d {
		copy(pool.at[k*total:], x.at[k*n:][:n])
		copy(pool.at[k*total+n:], y.at[k*y.n:][:y.n])
	}
	// member has a line a point: 1 in the splits in which it is of the first sample.
	splits := permutations + 1
	member := make([]float64, total*splits)
	for i := range n {
		member[i*splits] = 1
	}
	for p := range permutations {
		for _, i := range permutation(total, p, seed)[:n] {
			member[i*splits+p+1] = 1
		}
	}
	// Chunks of lines of the matrix below its diagonal, added in their order.
	const lines = 32
	chunks := (total + lines - 1) / lines
	both, first := make([][]float64, chunks), make([][]float64, chunks)
	all := make([]float64, chunks)
	share(chunks, func(indices iter.Seq[int]) {
		sq, inner := make([]float64, total), make([]float64, splits)
		for c := range indices {
			c = chunks - 1 - c // the long lines first
			both[c], first[c] = make([]float64, splits), make([]float64, splits)
			for i := c * lines; i < min(total, (c+1)*lines); i++ {
				pool.squares(sq[:i], i, pool)
				of(sq[:i])
				clear(inner)
				for j, v := range sq[:i] {
					floats.AddScaled(inner, v, member[j*splits:][:splits])
				}
				line := floats.Sum(sq[:i])
				all[c] += line
				// Σ_j<i k (s_i + s_j) counts pairs within the first sample twice
				// and those across once.
				for p, s := range member[i*splits:][:splits] {
					both[c][p] += s * inner[p]
					first[c][p] += s*line + inner[p]
				}
			}
		}
	})
	out := make([]sums, splits)
	for p := range out {
		var s sums
		var within, touched, everything float64
		for c := range chunks {
			within += both[c][p]
			touched += first[c][p]
			everything += all[c]
		}
		s.x = within
		s.across = touched - 2*within
		s.y = everything - within - s.across
		out[p] = s
	}
	return out
}

// testOf makes a test of a combination of sums, the first of which are those of
// the given split.
func testOf(all []sums, statistic func(sums) float64) Test {
	null := make([]float64, len(all)-1)
	for p := range null {
		null[p] = statistic(all[p+1])
	}
	got := statistic(all[0])
	scale := statistic(sums{x: all[0].x}) + statistic(sums{y: all[0].y}) - statistic(sums{across: all[0].across})
	return newTest(got, null, 1e-12*math.Abs(scale))
}
