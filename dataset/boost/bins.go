package boost

import (
	"fmt"
	"math"
	"runtime"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// maxBins is the largest number of bins of a column; one more code, of the 256 of a
// byte, is for missing values.
const maxBins = 255

// Bins are the rows of a matrix with every value replaced by the number of its bin.
// They are made once for any number of fits, to the same rows or to parts of them,
// and are safe for concurrent use.
type Bins struct {
	rows int
	// edges has the upper edges of the bins of each column, in order, without the last
	// one: bin b holds edges[b−1] < x ≤ edges[b].
	edges [][]float64
	// codes has the bins of the values of each column, len(edges)+1 for NaN.
	codes [][]uint8
}

// Bin cuts each column of x into bins: a bin a value where there are at most 255
// different ones, otherwise bins of about equally many rows, where a value of many
// rows has a bin of its own. Edges lie halfway between neighbouring values of x.
// x is not kept. Bin panics when x is empty.
func Bin(x *mat.Dense) *Bins {
	n, d := x.Dims()
	if n == 0 {
		panic(fmt.Sprintf("boost: Bin: x is %d×%d, want at least one row", n, d))
	}
	b := &Bins{rows: n, edges: make([][]float64, d), codes: make([][]uint8, d)}
	workers := min(d, runtime.GOMAXPROCS(0))
	scratch := make([][]float64, workers)
	each(d, workers, func(worker, j int) {
		if scratch[worker] == nil {
			scratch[worker] = make([]float64, n)
		}
		values := mat.Col(scratch[worker], j, x)
		slices.Sort(values) // NaN first
		b.edges[j] = edges(values)
		codes := make([]uint8, n)
		for i := range codes {
			codes[i] = code(b.edges[j], x.At(i, j))
		}
		b.codes[j] = codes
	})
	return b
}

// code returns the bin of v: the number of edges below it.
func code(edges []float64, v float64) uint8 {
	if math.IsNaN(v) {
		return uint8(len(edges) + 1)
	}
	lo, n := 0, len(edges)
	for n > 0 {
		half := (n + 1) / 2
		if edges[lo+half-1] < v {
			lo += half
		}
		n -= half
	}
	return uint8(lo)
}

// edges returns the edges between bins of the sorted values, of which the first may
// be NaN.
func edges(sorted []float64) []float64 {
	for len(sorted) > 0 && math.IsNaN(sorted[0]) {
		sorted = sorted[1:]
	}
	var values []float64 // different ones
	var counts []int
	for i, v := range sorted {
		if i == 0 || v != sorted[i-1] {
			values, counts = append(values, v), append(counts, 0)
		}
		counts[len(counts)-1]++
	}
	var cuts []float64
	cut := func(i int) { cuts = append(cuts, between(values[i-1], values[i])) }
	if len(values) <= maxBins {
		for i := 1; i < len(values); i++ {
			cut(i)
		}
		return cuts
	}
	// A value of many rows weighs no more than one bin, so that the others share the
	// bins that are left. The level of a bin solves level = Σ min(count, level)/bins.
	level := float64(len(sorted)) / maxBins
	weight := func() (sum float64) {
		for _, c := range counts {
			sum += min(float64(c), level)
		}
		return sum
	}
	for range 8 {
		level = weight() / maxBins
	}
	rest, open := weight(), 0.0 // weight of what is not in a closed bin, and in the open one
	share := rest / maxBins
	for i, c := range counts {
		w := min(float64(c), level)
		many := w == level || i > 0 && float64(counts[i-1]) >= level
		if open > 0 && len(cuts) < maxBins-1 && (many || open+w/2 >= share) {
			cut(i)
			rest -= open
			open = 0
			share = rest / float64(maxBins-len(cuts))
		}
		open += w
	}
	return cuts
}

// between returns a number t with a ≤ t < b, halfway where that can be.
func between(a, b float64) float64 {
	if t := a + (b-a)/2; t >= a && t < b {
		return t
	}
	return a
}
