//go:build (amd64 || arm64) && !purego

package kernel

func adamFast[T Float](theta, m, v, grad []T, k *adamNumbers[T]) bool {
	if using == portable {
		return false
	}
	for len(theta) > 0 {
		n := min(len(theta), longest)
		adamAssembly[T](bytes(theta), bytes(m), bytes(v), bytes(grad), number(&k.keep), n)
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
		adamEMAAssembly[T](bytes(theta), bytes(m), bytes(v), bytes(grad), bytes(shadow), number(&k.keep), n)
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
		emaAssembly[T](bytes(shadow), bytes(theta), number(&gain), n)
		shadow, theta = shadow[n:], theta[n:]
	}
	return true
}
