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
	Scale(dst, dst, 1/halved(&sums))
}

// halved adds sixteen sums in halves.
func halved[T Float](sums *[16]T) T {
	for half := 8; half > 0; half /= 2 {
		for i := range half {
			sums[i] += sums[half+i]
		}
	}
	return sums[0]
}

// SoftmaxSlope writes to dst y_j (g_j − Σ_k g_k y_k) of each row of two r×n matrices: the
// derivative of y = Softmax times g. The sum is formed as that of Softmax. dst may be g.
func SoftmaxSlope[T Float](dst, g, y []T, r, n int) {
	if softmaxSlopeFast(dst, g, y, r, n) {
		return
	}
	for i := range r {
		dst, g, y := dst[i*n:][:n], g[i*n:][:n], y[i*n:][:n]
		var sums [16]T
		for j, v := range g {
			sums[j%16] += T(v * y[j])
		}
		s := halved(&sums)
		for j, v := range g {
			dst[j] = (v - s) * y[j]
		}
	}
}
