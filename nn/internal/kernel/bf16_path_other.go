//go:build !amd64 || purego

package kernel

// FastOrder returns the order for which the processor has instructions, and whether there
// is one.
func FastOrder() (Order, bool) { return Tiles, false }

func halveRows(dst []uint16, dr int, src []float32, sr, rows, cols int) {
	halveRowsGo(dst, dr, src, sr, rows, cols)
}

func halvePairs(dst []uint16, src []float32, sr, rows, cols int) {
	halvePairsGo(dst, src, sr, rows, cols)
}

func halvePairsT(dst []uint16, dr int, src []float32, sr, rows, cols int) {
	halvePairsTGo(dst, dr, src, sr, rows, cols)
}

func turnHalves(dst []uint16, dr int, src []uint16, sr, rows, cols int) {
	turnHalvesGo(dst, dr, src, sr, rows, cols)
}

func halveT(dst []uint16, src []float32, sr, rows, cols int) {
	halveTGo(dst, src, sr, rows, cols)
}

func multiplyHalf(order Order, c []float32, cr int, init []float32, ir, next int, a []uint16, ar int, b []uint16, depth, tiles, panels, width int) {
	multiplyHalfGo(order, c, cr, init, ir, next, a, ar, b, depth, tiles, panels, width)
}
