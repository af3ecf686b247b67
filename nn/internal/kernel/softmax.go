package kernel

import "math"

// softmaxLow is where exponentials of numbers below zero, and their products with
// other numbers, are still far from those that a processor is slow with.
const softmaxLow = -44

// Softmax writes to dst e_j/Σ_k e_k of each row of the r×n matrix x, with
//
//	e_j = exp(x_j − max_k x_k), 0 where the argument is below −44.
//
// Sixteen sums, each of every sixteenth e_j in order, are added in halves as those of
// SumSquares are. dst may be x.
func Softmax[T Float](dst, x []T, r, n int) {
	if softmaxFast(dst, x, r, n) {
		return
	}
	for i := range r {
		softmaxRow(dst[i*n:][:n], x[i*n:][:n])
	}
}

func softmaxRow[T Float](dst, x []T) {
	most := T(math.Inf(-1))
	for _, v := range x {
		most = larger(most, v)
	}
	var sums [16]T
	for j, v := range x {
		v -= most
		dst[j] = 0
		if !(v < softmaxLow) {
			dst[j] = T(exp(float64(v)))
		}
		sums[j%16] += dst[j]
	}
	for half := 8; half > 0; half /= 2 {
		for i := range half {
			sums[i] += sums[half+i]
		}
	}
	Scale(dst, dst, 1/sums[0])
}
