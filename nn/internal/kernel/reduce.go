package kernel

// SumRows adds the rows of the r×n matrix x, first to last, to the n numbers
// in dst.
func SumRows[T Float](dst, x []T, r, n int) {
	dst = dst[:n]
	for i := range r {
		Add(dst, x[i*n:])
	}
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

// SumSquares returns Σ x_i², squared and added in float64 from the first to
// the last.
func SumSquares[T Float](x []T) float64 {
	var s float64
	for _, v := range x {
		s += float64(float64(v) * float64(v))
	}
	return s
}
