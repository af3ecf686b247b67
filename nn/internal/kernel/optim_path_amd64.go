//go:build !purego

package kernel

func adamFast[T Float](theta, m, v, grad []T, k *adamNumbers[T]) bool {
	if using == portable {
		return false
	}
	for len(theta) > 0 {
		n := min(len(theta), longest)
		switch {
		case using == avx512 && size[T]() == 4:
			adam32AVX512(bytes(theta), bytes(m), bytes(v), bytes(grad), number(&k.keep), n)
		case using == avx512:
			adam64AVX512(bytes(theta), bytes(m), bytes(v), bytes(grad), number(&k.keep), n)
		case size[T]() == 4:
			adam32AVX2(bytes(theta), bytes(m), bytes(v), bytes(grad), number(&k.keep), n)
		default:
			adam64AVX2(bytes(theta), bytes(m), bytes(v), bytes(grad), number(&k.keep), n)
		}
		theta, m, v, grad = theta[n:], m[n:], v[n:], grad[n:]
	}
	return true
}

func adamEMAFast[T Float](theta, m, v, grad, shadow []T, k *adamNumbers[T]) bool {
	if using == portable {
		return false
	}
	for len(theta) > 0 {
		n := min(len(theta), longest)
		switch {
		case using == avx512 && size[T]() == 4:
			adamEMA32AVX512(bytes(theta), bytes(m), bytes(v), bytes(grad), bytes(shadow), number(&k.keep), n)
		case using == avx512:
			adamEMA64AVX512(bytes(theta), bytes(m), bytes(v), bytes(grad), bytes(shadow), number(&k.keep), n)
		case size[T]() == 4:
			adamEMA32AVX2(bytes(theta), bytes(m), bytes(v), bytes(grad), bytes(shadow), number(&k.keep), n)
		default:
			adamEMA64AVX2(bytes(theta), bytes(m), bytes(v), bytes(grad), bytes(shadow), number(&k.keep), n)
		}
		theta, m, v, grad, shadow = theta[n:], m[n:], v[n:], grad[n:], shadow[n:]
	}
	return true
}

func emaFast[T Float](shadow, theta []T, gain T) bool {
	if using == portable {
		return false
	}
	for len(shadow) > 0 {
		n := min(len(shadow), longest)
		switch {
		case using == avx512 && size[T]() == 4:
			ema32AVX512(bytes(shadow), bytes(theta), number(&gain), n)
		case using == avx512:
			ema64AVX512(bytes(shadow), bytes(theta), number(&gain), n)
		case size[T]() == 4:
			ema32AVX2(bytes(shadow), bytes(theta), number(&gain), n)
		default:
			ema64AVX2(bytes(shadow), bytes(theta), number(&gain), n)
		}
		shadow, theta = shadow[n:], theta[n:]
	}
	return true
}
