package kernel

import "math"

// OneHot computes the r×k matrix dst, of whose row i column j is 1 when first + j
// is the class of labels[i], and 0 otherwise. The class of a label is the whole
// number c with c − ½ < label ≤ c + ½; NaN has none.
func OneHot[T Float](dst, labels []T, r, k, first int) {
	clear(dst[:r*k])
	for i, label := range labels[:r] {
		if c := class(label, first, k); c >= 0 {
			dst[i*k+c] = 1
		}
	}
}

// MatMulOneHot is MatMul with the matrix x of OneHot, at a cost that does not
// depend on k: row i of dst is init plus a row of w, if there is one. It has the
// bits of MatMul where w is finite.
func MatMulOneHot[T Float](dst, labels, w, init []T, initRows, r, k, n, first int) {
	for i, label := range labels[:r] {
		row := dst[i*n : (i+1)*n]
		switch {
		case init == nil:
			clear(row)
		case initRows == 1:
			copy(row, init[:n])
		default:
			copy(row, init[i*n:])
		}
		if c := class(label, first, k); c >= 0 {
			Add(row, w[c*n:])
		}
	}
}

// MatTMulOneHotRows is MatTMulRows with the matrix x of OneHot: it adds row i of
// g to the row of dst that belongs to labels[i], the first row of g first. It has
// the bits of MatTMulRows where g is finite.
func MatTMulOneHotRows[T Float](dst, labels, g []T, r, n, first, from, to int, set bool) {
	if set {
		clear(dst[from*n : to*n])
	}
	for i, label := range labels[:r] {
		if c := class(label, first+from, to-from); c >= 0 {
			Add(dst[(from+c)*n:(from+c+1)*n], g[i*n:])
		}
	}
}

// class returns the class of a label less first, −1 when that is not below k.
func class[T Float](label T, first, k int) int {
	c := math.Ceil(float64(label)-0.5) - float64(first)
	if c >= 0 && c < float64(k) {
		return int(c)
	}
	return -1
}
