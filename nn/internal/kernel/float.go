package kernel

import (
	"math"
	"unsafe"
)

// Float is the element type of a matrix.
type Float interface{ float32 | float64 }

// madd returns xy + z as the package comment defines it: fused in float64,
// product and sum both rounded in float32.
func madd[T Float](x, y, z T) T {
	if unsafe.Sizeof(x) == 8 {
		return T(math.FMA(float64(x), float64(y), float64(z)))
	}
	return T(x*y) + z
}

// size is the number of bytes of an element.
func size[T Float]() int {
	var x T
	return int(unsafe.Sizeof(x))
}
