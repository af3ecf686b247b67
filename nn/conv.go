package nn

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// Conv is a convolution over the positions of a sample, one- or two-dimensional by
// the length of Size (LeCun et al. 1998). With x_p the channels at position p, each
// side by side, and d the points of the kernel, centred,
//
//	y_p = b + Σ_d x_{Stride·p+d} W_d,
//
// where x is zero outside, or repeats itself if Circular. An axis of n positions has
// ⌈n/Stride⌉ afterwards. The parameters are "weight" (points of the kernel, row by
// row, × channels of x each; × Out) and "bias" (1×Out).
type Conv struct {
	Size     []int // lengths of the axes of x
	Out      int   // channels of the output, up to 2²⁴
	Kernel   []int // points on each axis, odd; nil means 3 each
	Stride   int   // on each axis; zero means 1
	Circular bool  // the axes are closed to rings
	Init     Init  // of the weights; nil means He
	Bias     Init  // of the bias; nil means Zeros, None is a layer without
}

// Apply implements Module. It panics when x has not numbers for each position.
func (c Conv) Apply(b *Build, x *ad.Expr) *ad.Expr {
	mustBeValid(c)
	x = positioned("Conv", x, c.Size)
	if k := c.kernel(); positionsOf(k) > 1 || c.Stride > 1 {
		x = ad.Gather(x, windows(c.Size, k, cmp.Or(c.Stride, 1), c.Circular, x.Cols()))
	}
	return ad.Regroup(Linear{Out: c.Out, Init: c.Init, Bias: c.Bias}.Apply(b, x), 1)
}

// kernel returns the points on each axis.
func (c Conv) kernel() []int {
	if c.Kernel != nil {
		return c.Kernel
	}
	k := make([]int, len(c.Size))
	for i := range k {
		k[i] = 3
	}
	return k
}

// windows returns the table whose rows are the cells of so many channels under the
// kernel, for each position of the output.
func windows(size, kernel []int, stride int, circular bool, channels int) *ad.Table {
	h, w := plane(size, 1)
	kh, kw := plane(kernel, 1)
	var from [][]int
	for top := 0; top < h; top += stride {
		for left := 0; left < w; left += stride {
			row := make([]int, 0, kh*kw)
			for dy := range kh {
				for dx := range kw {
					row = append(row, cellAt(top+dy-kh/2, left+dx-kw/2, h, w, circular))
				}
			}
			from = append(from, row)
		}
	}
	return ad.NewTable(from, h*w, channels)
}

// cellAt returns the position (y, x) of h×w, −1 when it is outside.
func cellAt(y, x, h, w int, circular bool) int {
	if circular {
		y, x = (y%h+h)%h, (x%w+w)%w
	}
	if y < 0 || y >= h || x < 0 || x >= w {
		return -1
	}
	return y*w + x
}

// Validate implements Validator.
func (c Conv) Validate() error {
	if err := sizeError("Conv.Size", c.Size); err != nil {
		return err
	}
	return errors.Join(
		outError("Conv.Out", c.Out, c.Size),
		kernelError("Conv.Kernel", c.Kernel, c.Size),
		rangeError(c.Stride >= 0 && c.Stride <= mostColumns, "Conv.Stride", c.Stride, "a positive number up to 2²⁴, or 0 for 1"),
		optionalError("Conv.Init", c.Init),
		optionalError("Conv.Bias", c.Bias),
	)
}

// outError is the check of a number of channels at each position.
func outError(field string, n int, size []int) error {
	most := mostColumns / positionsOf(size)
	return rangeError(n > 0 && n <= most, field, n, fmt.Sprintf("a positive number up to %d, for 2²⁴ columns in all", most))
}

// kernelError is the check of a kernel on axes of these lengths.
func kernelError(field string, kernel, size []int) error {
	if kernel == nil {
		return nil
	}
	ok, cells := len(kernel) == len(size), positionsOf(size)
	for _, k := range kernel {
		if ok = ok && k > 0 && k%2 == 1 && k <= mostCells/cells; ok {
			cells *= k
		}
	}
	return rangeError(ok, field, kernel, fmt.Sprintf("odd positive numbers, one for each of %d axes, for 2²⁴ products at most", len(size)))
}

var (
	_ Module    = Conv{}
	_ Validator = Conv{}
)
