//go:build !purego

package kernel

import (
	"sync"
	"unsafe"

	"golang.org/x/sys/cpu"
)

// haveTiles asks the system, once, for the processor's tiles.
var haveTiles = sync.OnceValue(func() bool {
	x := &cpu.X86
	return best() == avx512 && x.HasAMXTile && x.HasAMXBF16 && x.HasAVX512BF16 && askForTiles()
})

// rounds reports whether the processor rounds to bfloat16.
func rounds() bool { return using == avx512 && cpu.X86.HasAVX512BF16 }

// FastOrder returns the order for which the processor has instructions, and whether there
// is one.
func FastOrder() (Order, bool) {
	if onTiles() {
		return Tiles, true
	}
	return Pairs, rounds()
}

// onTiles reports whether products of bfloat16 run on tiles.
func onTiles() bool { return using == avx512 && haveTiles() }

func words(x []uint16) *byte { return (*byte)(unsafe.Pointer(unsafe.SliceData(x))) }

func halveRows(dst []uint16, dr int, src []float32, sr, rows, cols int) {
	if !rounds() {
		halveRowsGo(dst, dr, src, sr, rows, cols)
		return
	}
	halveRowsAssembly(words(dst), 2*dr, bytes(src), 4*sr, rows, cols)
}

func halvePairs(dst []uint16, src []float32, sr, rows, cols int) {
	if !rounds() {
		halvePairsGo(dst, src, sr, rows, cols)
		return
	}
	halvePairsAssembly(words(dst), bytes(src), 4*sr, rows, cols)
}

func halvePairsT(dst []uint16, dr int, src []float32, sr, rows, cols int) {
	if !rounds() {
		halvePairsTGo(dst, dr, src, sr, rows, cols)
		return
	}
	halvePairsTAssembly(words(dst), 2*dr, bytes(src), 4*sr, rows, cols)
}

func turnHalves(dst []uint16, dr int, src []uint16, sr, rows, cols int) {
	if !rounds() {
		turnHalvesGo(dst, dr, src, sr, rows, cols)
		return
	}
	turnHalvesAssembly(words(dst), 2*dr, words(src), 2*sr, rows, cols)
}

func halveT(dst []uint16, src []float32, sr, rows, cols int) {
	if !rounds() {
		halveTGo(dst, src, sr, rows, cols)
		return
	}
	halveTAssembly(words(dst), bytes(src), 4*sr, rows, cols)
}

func multiplyHalf(order Order, c []float32, cr int, init []float32, ir, next int, a []uint16, ar int, b []uint16, depth, tiles, panels, width int) {
	switch {
	case using != avx512:
		multiplyHalfGo(order, c, cr, init, ir, next, a, ar, b, depth, tiles, panels, width)
		return
	case order == Tiles && onTiles():
		multiplyTiles(bytes(c), 4*cr, bytes(init), 4*ir, 4*next, words(a), 2*ar, words(b), depth, tiles, panels, width, 0)
		return
	}
	for i := 0; i < tiles*halfRows; i += halfRows {
		for j := range panels { // few microseconds a call
			to, from, left, right := bytes(c[i*cr+j*halfSide:]), bytes(init[i*ir+j*next:]), words(a[i*ar:]), words(b[j*depth*halfBlock:])
			switch {
			case order == Tiles:
				multiplyHalves(to, 4*cr, from, 4*ir, left, 2*ar, right, depth, halfRows/4, width)
			case rounds():
				multiplyPairs(to, 4*cr, from, 4*ir, left, 2*ar, right, depth, halfRows/8, width)
			default:
				multiplyHalfPairs(to, 4*cr, from, 4*ir, left, 2*ar, right, depth, halfRows/4, width)
			}
		}
	}
}
