package kernel

// Add adds x to dst, element by element.
func Add[T Float](dst, x []T) {
	vectors(OpAdd, dst, dst, x)
}

// Scale computes dst = c x. dst may be x.
func Scale[T Float](dst, x []T, c T) {
	vectorNumber(OpMul, dst, x, c)
}

// Shift computes dst = x + c. dst may be x.
func Shift[T Float](dst, x []T, c T) {
	vectorNumber(OpAdd, dst, x, c)
}

// Fill sets every element of dst to c.
func Fill[T Float](dst []T, c T) {
	if fillFast(dst, c) {
		return
	}
	for i := range dst {
		dst[i] = c
	}
}

// CopyColumns copies the r×n matrix x, whose rows start xStride apart, to
// dst, whose rows start dstStride apart. The rest of dst stays as it is.
func CopyColumns[T Float](dst []T, dstStride int, x []T, xStride, r, n int) {
	for i := range r {
		copy(dst[i*dstStride:i*dstStride+n], x[i*xStride:i*xStride+n])
	}
}
