//go:build !amd64 || purego

package kernel

// The portable path has no tiles.
func tileHeight() int                           { return 1 }
func tileWidth[T Float]() int                   { return 1 }
func gemm[T Float](p *product[T], m, tiles int) {}
