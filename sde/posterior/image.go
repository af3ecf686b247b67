package posterior

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Edge says what Blur takes for the pixels beyond the edges of an image.
type Edge int

const (
	// EdgeZero takes 0 for them.
	EdgeZero Edge = iota
	// EdgeCircular takes those of the opposite edge, as if the image was repeated.
	EdgeCircular
	// EdgeRenormalised leaves them out, and divides by the sum of the weights of the others,
	// so that an even image stays what it is.
	EdgeRenormalised
)

// Blur returns the operator that weighs the neighbours of each pixel of an image of
// height×width pixels, pixel (l, c) being column l width + c of a row,
//
//	y(l, c) = Σ_{a, b} K(a, b) x(l + a − p, c + b − q),
//
// for a kernel K of 2p+1 rows and 2q+1 columns whose middle is at (p, q): a convolution
// with a symmetric K. A signal has height 1 and a kernel of one row. It panics unless both
// sides of the kernel are odd, those of the image at least 1, their product an int, and the
// Edge is one of those above, and where EdgeRenormalised would divide by 0.
func Blur(height, width int, kernel *mat.Dense, e Edge) Sparse {
	atLeastOne("Blur", height, width)
	if kernel == nil {
		panic("posterior: Blur: kernel is nil, want a matrix of odd sides")
	}
	rows, cols := kernel.Dims()
	if rows%2 == 0 || cols%2 == 0 {
		panic(fmt.Sprintf("posterior: Blur: kernel is %d×%d, want odd sides, which have a middle", rows, cols))
	}
	if e < EdgeZero || e > EdgeRenormalised {
		panic(fmt.Sprintf("posterior: Blur: Edge is %d, want EdgeZero, EdgeCircular or EdgeRenormalised", e))
	}
	s := Sparse{In: area("Blur", height, width)}
	for pixel := range s.In {
		s.next()
		sum, size := 0.0, 0.0
		for a := range rows {
			for b := range cols {
				l, c := pixel/width+a-rows/2, pixel%width+b-cols/2
				if e == EdgeCircular {
					l, c = (l%height+height)%height, (c%width+width)%width
				}
				if w := kernel.At(a, b); w != 0 && l >= 0 && l < height && c >= 0 && c < width {
					s.put(l*width+c, w)
					sum, size = sum+w, size+math.Abs(w)
				}
			}
		}
		if e == EdgeRenormalised {
			if !(math.Abs(sum) > dependent*size) && size > 0 {
				panic(fmt.Sprintf("posterior: Blur: the weights of pixel (%d, %d) add up to 0 without those beyond the edge, want a kernel without such, or another Edge", pixel/width, pixel%width))
			}
			for i := range s.Weights[pixel] {
				s.Weights[pixel][i] /= sum
			}
		}
	}
	return s
}

// GaussianKernel returns the kernel of rows×cols weights in proportion to exp(−d²/2τ²) at the
// distance d, in pixels, from its middle, with the sum 1, for Blur. It panics unless the
// sides are odd and the deviation τ is positive.
func GaussianKernel(rows, cols int, deviation float64) *mat.Dense {
	if rows < 1 || cols < 1 || rows%2 == 0 || cols%2 == 0 {
		panic(fmt.Sprintf("posterior: GaussianKernel: is %d×%d, want odd sides, which have a middle", rows, cols))
	}
	if !(deviation > 0) {
		panic(fmt.Sprintf("posterior: GaussianKernel: deviation is %v, want a positive number of pixels", deviation))
	}
	k := mat.NewDense(rows, cols, nil)
	k.Apply(func(a, b int, _ float64) float64 {
		l, c := float64(a-rows/2)/deviation, float64(b-cols/2)/deviation
		return math.Exp(-(l*l + c*c) / 2)
	}, k)
	k.Scale(1/mat.Sum(k), k)
	return k
}

// BlockMeans returns the operator that takes the means of the blocks of high×wide pixels
// of an image of height×width pixels, line by line as in Blur: the coarse image of
// super-resolution. Blocks at the ends of sides that are no multiple are smaller. A
// signal has height 1. It panics unless all sides are at least 1.
func BlockMeans(height, width, high, wide int) Sparse {
	atLeastOne("BlockMeans", height, width, high, wide)
	s := Sparse{In: area("BlockMeans", height, width)}
	for top := 0; top < height; top += high {
		for left := 0; left < width; left += wide {
			s.next()
			bottom, right := min(height, top+high), min(width, left+wide)
			for l := top; l < bottom; l++ {
				for c := left; c < right; c++ {
					s.put(l*width+c, 1/float64((bottom-top)*(right-left)))
				}
			}
		}
	}
	return s
}

// area returns the number of pixels, and panics where it is too large for an int.
func area(verb string, height, width int) int {
	if height > math.MaxInt/width {
		panic(fmt.Sprintf("posterior: %s: the image is %d×%d, want a number of pixels up to %d", verb, height, width, math.MaxInt))
	}
	return height * width
}

func atLeastOne(verb string, sides ...int) {
	for _, n := range sides {
		if n < 1 {
			panic(fmt.Sprintf("posterior: %s: sides are %d, want at least 1 each", verb, sides))
		}
	}
}
