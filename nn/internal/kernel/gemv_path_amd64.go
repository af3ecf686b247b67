//go:build !purego

package kernel

// gemv computes the first columns of dst = init + x·packed for one row, and returns their
// number: those of several panels, which may not be half as wide, as long as there are two
// at least.
func gemv[T Float](dst, x, packed, init []T, k, n int) int {
	columns := panelColumns[T]()
	if using != avx512 {
		return 0
	}
	var zero [32]T
	row, step := zero[:], 0
	if init != nil {
		row, step = init[:n], 128
	}
	done := 0
	for {
		panels := (n - done + columns/2 - 1) / columns
		if panels = min(4, panels); panels < 2 {
			return done
		}
		end := min(n, done+panels*columns)
		c, from, b, last := bytes(dst[done:end]), bytes(row[done*step/128:]), bytes(packed[k*done:]), end-done-(panels-1)*columns
		if size[T]() == 4 {
			gemv32AVX512(c, from, step, bytes(x[:k]), b, k, 128*k, panels, last)
		} else {
			gemv64AVX512(c, from, step, bytes(x[:k]), b, k, 128*k, panels, last)
		}
		done = end
	}
}
