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
	b.params.oneUnit = true
	if k := c.kernel(); positionsOf(k) > 1 || c.Stride > 1 {
		h, w := plane(c.Size, 1)
		kh, kw := plane(k, 1)
		x = ad.Gather(x, b.table(windows{h, w, kh, kw, cmp.Or(c.Stride, 1), c.Circular, x.Cols()}))
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

// windows is the layout of what lies under a kernel at each position of the output.
type windows struct {
	h, w, kh, kw, stride int
	circular             bool
	channels             int
}

func (l windows) table() *ad.Table {
	var from [][]int
	for top := 0; top < l.h; top += l.stride {
		for left := 0; left < l.w; left += l.stride {
			row := make([]int, 0, l.kh*l.kw)
			for dy := range l.kh {
				for dx := range l.kw {
					row = append(row, l.cell(top+dy-l.kh/2, left+dx-l.kw/2))
				}
			}
			from = append(from, row)
		}
	}
	return ad.NewTable(from, l.h*l.w, l.channels)
}

// cell returns the position (y, x), −1 when it is outside.
func (l windows) cell(y, x int) int {
	if l.circular {
		y, x = (y%l.h+l.h)%l.h, (x%l.w+l.w)%l.w
	}
	if y < 0 || y >= l.h || x < 0 || x >= l.w {
		return -1
	}
	return y*l.w + x
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
