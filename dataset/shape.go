package dataset

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Mistakes of the program panic and name the argument. What a panic says is put
// together apart from the checks, which stand in every evaluation.

const badSource = "dataset: Rand: the distribution was built without a source of randomness"

// wantLen panics when v, of the given name, does not have d elements.
func wantLen(name string, v []float64, d int) {
	if len(v) != d {
		panic(fmt.Sprintf("dataset: %s has %d elements, want %d", name, len(v), d))
	}
}

// reuse returns dst, or a new slice when it is nil. It panics when dst or x do
// not have d elements.
func reuse(dst, x []float64, d int) []float64 {
	wantLen("x", x, d)
	return room(dst, "dst", d)
}

// room returns dst, of the given name, or a new slice of d elements when it is
// nil.
func room(dst []float64, name string, d int) []float64 {
	if dst == nil {
		return make([]float64, d)
	}
	wantLen(name, dst, d)
	return dst
}

// square makes dst a d×d matrix. It panics when dst has another size.
func square(dst *mat.Dense, d int) {
	if dst.IsEmpty() {
		dst.ReuseAs(d, d)
		return
	}
	if r, c := dst.Dims(); r != d || c != d {
		panic(fmt.Sprintf("dataset: dst is %d×%d, want %d×%d or empty", r, c, d, d))
	}
}

// wantKernel panics unless ok and both numbers are finite.
func wantKernel(alpha, sigma float64, ok bool, want string) {
	if !ok || math.IsNaN(alpha-alpha) || math.IsNaN(sigma-sigma) {
		panic(fmt.Sprintf("dataset: Diffuse: alpha is %v and sigma %v, want finite and %s", alpha, sigma, want))
	}
}

// hasNaN reports whether an element of x is not a number.
func hasNaN(x []float64) bool {
	for _, v := range x {
		if v != v {
			return true
		}
	}
	return false
}

// fill sets all elements of dst to v.
func fill(dst []float64, v float64) {
	for i := range dst {
		dst[i] = v
	}
}
