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
	level := 0.0
	if len(values) > maxBins {
		lo, hi := 0.0, 3*float64(len(sorted))/maxBins // at which there are few enough bins
		for range 20 {
			if middle := (lo + hi) / 2; len(starts(counts, middle)) < maxBins {
				hi = middle
			} else {
				lo = middle
			}
		}
		level = hi
	}
	var e []float64
	for _, i := range starts(counts, level) {
		e = append(e, between(values[i-1], values[i]))
	}
	return e
}

// starts returns the indices of the values, of so many rows, with which a bin but
// the first starts: a value of at least level rows has a bin of its own, those
// between two such values are cut at the multiples of level. It stops when there are
// too many bins.
func starts(counts []int, level float64) []int {
	var at []int
	rows, next := 0.0, level // since the last value with a bin of its own
	many := false
	for i, c := range counts {
		before := many
		many = float64(c) >= level
		switch {
		case i == 0:
		case many || before:
			at = append(at, i)
			rows, next = 0, level
		case rows >= next:
			at = append(at, i)
			next += level
		}
		if len(at) == maxBins {
			return at
		}
		rows += float64(c)
	}
	return at
}

// between returns a number t with a ≤ t < b, halfway where that can be.
func between(a, b float64) float64 {
	if t := a + (b-a)/2; t >= a && t < b {
		return t
	}
	return a
}
