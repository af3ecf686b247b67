package kernel

// Add adds x to dst, element by element.
func Add[T Float](dst, x []T) {
	vectors(OpAdd, dst, dst, x)
}

// Axpy computes dst += a x, each element as madd defines it.
func Axpy[T Float](dst []T, a T, x []T) {
	x = x[:len(dst)]
	if axpyFast(dst, a, x) {
		return
	}
	for i, v := range x {
		dst[i] = madd(a, v, dst[i])
	}
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

// ToFloat64 converts x to float64.
func ToFloat64[T Float](dst []float64, x []T) {
	x = x[:len(dst)]
	if x, ok := any(x).([]float32); ok && widenFast(dst, x) {
		return
	}
	for i, v := range x {
		dst[i] = float64(v)
	}
}

// FromFloat64 rounds x to T.
func FromFloat64[T Float](dst []T, x []float64) {
	x = x[:len(dst)]
	if dst, ok := any(dst).([]float32); ok && narrowFast(dst, x) {
		return
	}
	for i, v := range x {
		dst[i] = T(v)
	}
}
