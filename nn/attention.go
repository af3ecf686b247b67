package nn

import (
	"cmp"
	"errors"
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// Attention lets every position of a sample look at all of them (Vaswani et al.
// 2017). Each of its heads has its own part q, k, v of the columns of x W + b, and
//
//	y = (head_1, head_2, …) W_o + b_o,   head = softmax(q kᵀ/√(columns of k)) v.
//
// It treats positions alike: what distinguishes them has to be in x, see Positions,
// or be Relative, when a number that is learned for every head and difference of
// positions is added to q kᵀ/√… (Shaw et al. 2018; Liu et al. 2021). The parameters
// are "qkv.weight" and "qkv.bias", "out.weight" and "out.bias", and "relative"
// (1 × heads · differences, initially zero).
type Attention struct {
	Size     []int // lengths of the axes
	Heads    int   // divides the channels; zero means 1
	Relative bool
	Init     Init // of W_o; nil means LeCun
}

// Apply implements Module. It panics when x has not numbers for each position or the
// heads do not divide the channels.
func (a Attention) Apply(b *Build, x *ad.Expr) *ad.Expr {
	mustBeValid(a)
	x = positioned("Attention", x, a.Size)
	n, channels, heads := x.Groups(), x.Cols(), cmp.Or(a.Heads, 1)
	if channels%heads != 0 {
		panic(fmt.Sprintf("nn: Attention: x is %s, want channels that %d heads divide", shape(x), heads))
	}
	qkv := b.Scope("qkv").Apply(Linear{Out: 3 * channels, Init: LeCun{}}, x)
	part := func(k int) *ad.Expr { return ad.Gather(qkv, headRows(n, heads, channels, k)) }
	logits := ad.Scale(math.Sqrt(float64(heads)/float64(channels)), ad.RowMatMulT(part(0), part(1), heads))
	if a.Relative {
		logits = ad.Regroup(ad.Add(ad.Regroup(logits, 1), a.biases(b, heads)), heads*n)
	}
	y := ad.RowMatMul(ad.Softmax(logits), part(2), heads)
	init := a.Init
	if init == nil {
		init = LeCun{}
	}
	return ad.Regroup(b.Scope("out").Apply(Linear{Out: channels, Init: init}, ad.Gather(y, joined(n, heads, channels))), 1)
}

// headRows returns the table that makes of the k-th of three parts of each position,
// in which the heads lie side by side, rows head by head.
func headRows(n, heads, channels, k int) *ad.Table {
	from := make([][]int, 0, heads*n)
	for h := range heads {
		for i := range n {
			from = append(from, []int{(3*i+k)*heads + h})
		}
	}
	return ad.NewTable(from, 3*n*heads, channels/heads)
}

// joined returns the table that puts the rows of the heads side by side.
func joined(n, heads, channels int) *ad.Table {
	from := make([][]int, n)
	for i := range from {
		for h := range heads {
			from[i] = append(from[i], h*n+i)
		}
	}
	return ad.NewTable(from, n*heads, channels/heads)
}

// biases returns what is added to the products of each head and two positions.
func (a Attention) biases(b *Build, heads int) *ad.Expr {
	h, w := plane(a.Size, 1)
	n, differences := h*w, (2*h-1)*(2*w-1)
	from := make([][]int, 1)
	for head := range heads {
		for i := range n {
			for j := range n {
				dy, dx := i/w-j/w+h-1, i%w-j%w+w-1
				from[0] = append(from[0], head*differences+dy*(2*w-1)+dx)
			}
		}
	}
	learned := b.Param("relative", 1, heads*differences, Zeros{})
	return ad.Gather(learned, ad.NewTable(from, heads*differences, 1))
}

// Validate implements Validator.
func (a Attention) Validate() error {
	if err := sizeError("Attention.Size", a.Size); err != nil {
		return err
	}
	return errors.Join(headsError("Attention.Heads", a.Heads, a.Size), optionalError("Attention.Init", a.Init))
}

// headsError is the check of a number of heads over positions of this size, of which
// each head has a square matrix.
func headsError(field string, heads int, size []int) error {
	n := positionsOf(size)
	ok := heads >= 0 && n <= mostCells/n && heads <= mostCells/(n*n)
	return rangeError(ok, field, heads, fmt.Sprintf("a number ≥ 0, 0 for the default, for 2²⁴ pairs of %d positions at most", n))
}

var (
	_ Module    = Attention{}
	_ Validator = Attention{}
)
