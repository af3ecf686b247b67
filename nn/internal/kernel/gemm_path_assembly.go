//go:build (amd64 || arm64) && !purego

package kernel

import (
	"math/bits"
	"unsafe"
)

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

// gemm computes tiles of m rows, one below the other: c = init + a·b with k
// rows of b for each run of columns of a, of which the last is elsewhere. Rows lie
// cr, ir, ar and br apart, columns of a ac, tiles of a pitch, between two of which so
// many rows of c and init are skipped. From the end of a run a jump
// leads to the next one. What is ahead elements beyond b is used next.
func gemm[T Float](m, tiles, k, cols int, c []T, cr int, init []T, ir int, a []T, ar, ac, pitch int, skip int, jumps []jump, b []T, br int, last []T, ahead int) {
	s := size[T]()
	cr, ir, ar, ac, pitch, br = s*cr, s*ir, s*ar, s*ac, s*pitch, s*br
	// As often as a tile has rows, or up to twice that.
	every := -1
	if k > m {
		every = 1<<(bits.Len(uint(k/m))-1) - 1
	}
	gemmAssembly[T](m, tiles, k, cols, bytes(c), cr, bytes(init), ir, bytes(a), ar, ac, pitch, bytes(b), br, bytes(last), s*ahead, every, (*byte)(unsafe.Pointer(unsafe.SliceData(jumps))), nil, skip*cr, skip*ir)
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
		narrowAssembly[T](n, count, k, c, s*n, bytes(init), a, s*k, bytes(packed))
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
	transposeAssembly[T](bytes(dst), s*width, bytes(w), s*n, squares)
}

func bytes[T Float](x []T) *byte { return (*byte)(unsafe.Pointer(unsafe.SliceData(x))) }

// view returns the numbers that fit in the space from the first address that
// is a multiple of a line of the cache.
func view[T Float](space []float64) []T {
	skip := -uintptr(unsafe.Pointer(unsafe.SliceData(space))) % 64 / 8
	return unsafe.Slice((*T)(unsafe.Pointer(&space[skip])), (len(space)-8)*8/size[T]())
}
