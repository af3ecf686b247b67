package kernel

import "math"

// InverseRMS writes to dst 1/√(Σ_j x_j²/n + eps) of each row of the r×n matrix x. The sum
// is formed as that of Softmax; of rows whose squares are beyond T it is formed in
// units of their largest number.
func InverseRMS[T Float](dst, x []T, r, n int, eps T) {
	rowDots(dst, x, x, r, n)
	over := 1 / T(n)
	for i, s := range dst[:r] {
		if s-s == 0 { // finite
			dst[i] = 1 / T(math.Sqrt(float64(T(s*over)+eps)))
		} else {
			dst[i] = inverseOfLarge(x[i*n:][:n])
		}
	}
}

// inverseOfLarge is InverseRMS of one row beside whose squares eps is nothing.
func inverseOfLarge[T Float](x []T) T {
	unit := T(0)
	for _, v := range x {
		unit = larger(unit, T(math.Abs(float64(v))))
	}
	sum := 0.0
	for _, v := range x {
		q := float64(v) / float64(unit)
		sum += float64(q * q)
	}
	return T(1 / math.Sqrt(sum/float64(len(x))) / float64(unit))
}

// rowDots writes to dst Σ_j a_j b_j of each row of two r×n matrices.
func rowDots[T Float](dst, a, b []T, r, n int) {
	if rowDotsFast(dst, a, b, r, n) {
		return
	}
	for i := range r {
		dst[i] = rowDot(a[i*n:][:n], b[i*n:][:n])
	}
}

func rowDot[T Float](a, b []T) T {
	var sums [16]T
	for j, v := range a {
		sums[j%16] += T(v * b[j])
	}
	return halved(&sums)
}

// NormSlope writes to dst (g_j − y_j Σ_k g_k y_k/n) s of each row of two r×n matrices,
// with a number s for each row: the derivative of y times g, where y_j = x_j s and s =
// InverseRMS of x. The sum is formed as that of Softmax. dst may be g or y.
func NormSlope[T Float](dst, g, y, s []T, r, n int) {
	over := 1 / T(n)
	if normSlopeFast(dst, g, y, s, r, n, over) {
		return
	}
	for i := range r {
		dst, g, y := dst[i*n:][:n], g[i*n:][:n], y[i*n:][:n]
		mean, s := rowDot(g, y)*over, s[i]
		for j, v := range g {
			dst[j] = (v - T(y[j]*mean)) * s
		}
	}
}
