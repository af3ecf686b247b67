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

// onTiles reports whether products of bfloat16 run on tiles.
func onTiles() bool { return using == avx512 && haveTiles() }

func words(x []uint16) *byte { return (*byte)(unsafe.Pointer(unsafe.SliceData(x))) }

func halveRows(dst []uint16, dr int, src []float32, sr, rows, cols int) {
	if !onTiles() {
		halveRowsGo(dst, dr, src, sr, rows, cols)
		return
	}
	halveRowsAssembly(words(dst), 2*dr, bytes(src), 4*sr, rows, cols)
}

func halvePairs(dst []uint16, src []float32, sr, rows, cols int) {
	if !onTiles() {
		halvePairsGo(dst, src, sr, rows, cols)
		return
	}
	halvePairsAssembly(words(dst), bytes(src), 4*sr, rows, cols)
}

func halvePairsT(dst []uint16, dr int, src []float32, sr, rows, cols int) {
	if !onTiles() {
		halvePairsTGo(dst, dr, src, sr, rows, cols)
		return
	}
	halvePairsTAssembly(words(dst), 2*dr, bytes(src), 4*sr, rows, cols)
}

func turnHalves(dst []uint16, dr int, src []uint16, sr, rows, cols int) {
	if !onTiles() {
		turnHalvesGo(dst, dr, src, sr, rows, cols)
		return
	}
	turnHalvesAssembly(words(dst), 2*dr, words(src), 2*sr, rows, cols)
}

func halveT(dst []uint16, src []float32, sr, rows, cols int) {
	if !onTiles() {
		halveTGo(dst, src, sr, rows, cols)
		return
	}
	halveTAssembly(words(dst), bytes(src), 4*sr, rows, cols)
}

func multiplyHalf(c []float32, cr int, init []float32, ir, next int, a []uint16, ar int, b []uint16, depth, tiles, panels, width int) {
	switch {
	case using != avx512:
		multiplyHalfGo(c, cr, init, ir, next, a, ar, b, depth, tiles, panels, width)
		return
	case !onTiles():
		multiplyHalfFused(c, cr, init, ir, next, a, ar, b, depth, tiles, panels, width)
		return
	}
	multiplyTiles(bytes(c), 4*cr, bytes(init), 4*ir, 4*next, words(a), 2*ar, words(b), depth, tiles, panels, width, 0)
}

// multiplyHalfFused computes what the tiles compute by fused multiply-adds.
func multiplyHalfFused(c []float32, cr int, init []float32, ir, next int, a []uint16, ar int, b []uint16, depth, tiles, panels, width int) {
	for j := range panels {
		for i := 0; i < tiles*halfRows; i += halfRows { // few microseconds a call
			multiplyHalves(bytes(c[i*cr+j*halfSide:]), 4*cr, bytes(init[i*ir+j*next:]), 4*ir,
				words(a[i*ar:]), 2*ar, words(b[j*depth*halfBlock:]), depth, halfRows/4, width)
		}
	}
}
