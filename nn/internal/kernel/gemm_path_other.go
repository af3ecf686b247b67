//go:build !(amd64 || arm64) || purego

package kernel

// The portable path has no tiles and packs nothing.
func tileHeight() int         { return 1 }
func tileWidth[T Float]() int { return 1 }
func gemm[T Float](m, tiles, k, cols int, c []T, cr int, init []T, ir int, a []T, ar, ac, pitch int, skip int, jumps []jump, b []T, br int, last []T, ahead int) {
}
func view[T Float](space []float64) []T                            { return nil }
func copyRows[T Float](dst, w []T, n, k int)                       {}
func squareSide[T Float]() int                                     { return 1 }
func transpose[T Float](dst []T, width int, w []T, n, squares int) {}
func narrow[T Float](dst, x, packed, init []T, r, k, n int) int    { return 0 }
