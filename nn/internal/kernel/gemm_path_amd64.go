//go:build !purego

package kernel

import "unsafe"

// tileHeight is the height of the highest tile.
func tileHeight() int {
	if using == avx512 {
		return 14
	}
	return 6
}

// tileWidth is the width of the widest tile.
func tileWidth[T Float]() int {
	if using == avx512 {
		return panelColumns[T]()
	}
	return panelColumns[T]() / 2
}

// gemm computes the given number of tiles of m rows of p.
func gemm[T Float](p *product[T], m, tiles int) {
	s := size[T]()
	switch {
	case using == avx512 && s == 4:
		gemm32AVX512(m, tiles, p.k, p.cols, bytes(p.c), s*p.cr, bytes(p.init), s*p.ir, bytes(p.a), s*p.ar, s*p.ac, bytes(p.b), s*p.br, bytes(p.last))
	case using == avx512:
		gemm64AVX512(m, tiles, p.k, p.cols, bytes(p.c), s*p.cr, bytes(p.init), s*p.ir, bytes(p.a), s*p.ar, s*p.ac, bytes(p.b), s*p.br, bytes(p.last))
	case s == 4:
		gemm32AVX2(m, tiles, p.k, p.cols, bytes(p.c), s*p.cr, bytes(p.init), s*p.ir, bytes(p.a), s*p.ar, s*p.ac, bytes(p.b), s*p.br, bytes(p.last))
	default:
		gemm64AVX2(m, tiles, p.k, p.cols, bytes(p.c), s*p.cr, bytes(p.init), s*p.ir, bytes(p.a), s*p.ar, s*p.ac, bytes(p.b), s*p.br, bytes(p.last))
	}
}

// narrow computes the first rows of dst = init + x·packed with n ≤ 4 columns,
// as many as fill tiles of its own, and returns their number. init is one row.
func narrow[T Float](dst, x, packed, init []T, r, k, n int) int {
	s := size[T]()
	rows := 128 / s
	if n > 2 {
		rows /= 2
	}
	block := max(1, (1<<18)/(k*rows)) // tiles a call
	done := 0
	for tiles := r / rows; tiles > 0; tiles -= block {
		count := min(tiles, block)
		c, a := bytes(dst[done*n:]), bytes(x[done*k:])
		if s == 4 {
			narrow32(n, count, k, c, s*n, bytes(init), a, s*k, bytes(packed))
		} else {
			narrow64(n, count, k, c, s*n, bytes(init), a, s*k, bytes(packed))
		}
		done += count * rows
	}
	return done
}

// copyRows copies the first panelColumns elements of k rows of w, which start
// n apart.
func copyRows[T Float](dst, w []T, n, k int) {
	copyPanel(bytes(dst), bytes(w), size[T]()*n, k)
}

// squareSide is the side of the squares that transpose works on.
func squareSide[T Float]() int { return 32 / size[T]() }

// transpose transposes squares that lie beside each other in w and one below
// the other in dst.
func transpose[T Float](dst []T, width int, w []T, n, squares int) {
	s := size[T]()
	if s == 4 {
		transpose32(bytes(dst), s*width, bytes(w), s*n, squares)
	} else {
		transpose64(bytes(dst), s*width, bytes(w), s*n, squares)
	}
}

func bytes[T Float](x []T) *byte { return (*byte)(unsafe.Pointer(unsafe.SliceData(x))) }
