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
//
// A sum in order is a chain of additions, each of which waits for the last: eight
// rows are eight chains.
func SumCols[T Float](dst, x []T, r, n int) {
	i := sumColsFast(dst, x, r, n)
	for ; i+8 <= r; i += 8 {
		sumEight((*[8]T)(dst[i:]), x[i*n:], n)
	}
	for ; i < r; i++ {
		var s T
		for _, v := range x[i*n : i*n+n] {
			s += v
		}
		dst[i] = s
	}
}

func sumEight[T Float](dst *[8]T, x []T, n int) {
	x0, x1, x2, x3 := x[:n], x[n:][:n], x[2*n:][:n], x[3*n:][:n]
	x4, x5, x6, x7 := x[4*n:][:n], x[5*n:][:n], x[6*n:][:n], x[7*n:][:n]
	var s0, s1, s2, s3, s4, s5, s6, s7 T
	for j, v := range x0 {
		s0 += v
		s1 += x1[j]
		s2 += x2[j]
		s3 += x3[j]
		s4 += x4[j]
		s5 += x5[j]
		s6 += x6[j]
		s7 += x7[j]
	}
	*dst = [8]T{s0, s1, s2, s3, s4, s5, s6, s7}
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
	return halved(&sums)
}

// MaxCols writes to dst the largest number of each row of the r×n matrix x, NaN if
// there is one.
func MaxCols[T Float](dst, x []T, r, n int) {
	i := 0
	for ; i+4 <= r; i += 4 {
		maxFour((*[4]T)(dst[i:]), x[i*n:], n)
	}
	for ; i < r; i++ {
		most := x[i*n]
		for _, v := range x[i*n : i*n+n] {
			most = larger(most, v)
		}
		dst[i] = most
	}
}

func maxFour[T Float](dst *[4]T, x []T, n int) {
	x0, x1, x2, x3 := x[:n], x[n:][:n], x[2*n:][:n], x[3*n:][:n]
	m0, m1, m2, m3 := x0[0], x1[0], x2[0], x3[0]
	for j, v := range x0 {
		m0 = larger(m0, v)
		m1 = larger(m1, x1[j])
		m2 = larger(m2, x2[j])
		m3 = larger(m3, x3[j])
	}
	*dst = [4]T{m0, m1, m2, m3}
}

// larger is max, but fast where most numbers are not larger. Of two zeros it is the
// first.
func larger[T Float](most, v T) T {
	if !(v <= most) && most == most {
		return v
	}
	return most
}
