package kernel

import "math"

// SumRows adds the rows of the r×n matrix x, first to last, to the n numbers
// in dst.
func SumRows[T Float](dst, x []T, r, n int) {
	dst = dst[:n]
	if sumRowsFast(dst, x[:r*n], r, n) {
		return
	}
	for i := range r {
		Add(dst, x[i*n:])
	}
}

// SumRowsSet writes to dst what SumRows adds to zeros.
func SumRowsSet[T Float](dst, x []T, r, n int) {
	clear(dst[:n])
	SumRows(dst, x, r, n)
}

// SumCols writes to dst the sum of each row of the r×n matrix x, added from
// the first column to the last.
func SumCols[T Float](dst, x []T, r, n int) {
	for i := range r {
		var s T
		for _, v := range x[i*n : i*n+n] {
			s += v
		}
		dst[i] = s
	}
}

// SumSquares returns Σ x_i² in float64. Sixteen sums, each of every sixteenth
// square in order, are added in halves: the first eight to the last eight, the
// first four of these sums to the last four, and so on.
func SumSquares[T Float](x []T) float64 {
	var sums [16]float64
	x = sumSquaresFast(&sums, x)
	for len(x) > 0 {
		n := min(len(x), len(sums))
		for i, v := range x[:n] {
			sums[i] = math.FMA(float64(v), float64(v), sums[i])
		}
		x = x[n:]
	}
	for half := 8; half > 0; half /= 2 {
		for i := range half {
			sums[i] += sums[half+i]
		}
	}
	return sums[0]
}

// MaxCols writes to dst the largest number of each row of the r×n matrix x, NaN if
// there is one.
func MaxCols[T Float](dst, x []T, r, n int) {
	for i := range r {
		most := x[i*n]
		for _, v := range x[i*n+1 : i*n+n] {
			most = max(most, v)
		}
		dst[i] = most
	}
}
