package nn

import (
	"cmp"
	"errors"
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// Attention lets every position of a sample look at all of them (Vaswani et al.
// 2017). With q = x W_q + b_q, and k and v likewise, of whose columns each head has a
// part of its own,
//
//	y = (head_1, head_2, …) W_o + b_o,   head = softmax(q kᵀ/√(columns of k)) v.
//
// It treats positions alike: what distinguishes them has to be in x, see Positions,
// or be Relative, when a number that is learned for every head and difference of
// positions is added to q kᵀ/√… (Shaw et al. 2018; Liu et al. 2021). With Causal a
// position looks at itself and those before it only, in the order in which they lie in
// a sample. The parameters are "weight" and "bias" in the scopes "query", "key",
// "value" and "output", and "relative" (1 × heads · differences, initially zero).
type Attention struct {
	Size     []int // lengths of the axes
	Heads    int   // divides the channels; zero means 1
	Relative bool
	Causal   bool
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
	part := func(name string) *ad.Expr {
		return ad.Gather(b.Scope(name).Apply(Linear{Out: channels, Init: LeCun{}}, x), b.table(apart{n, heads, channels / heads}))
	}
	logits := ad.RowMatMulT(ad.Scale(math.Sqrt(float64(heads)/float64(channels)), part("query")), part("key"), heads)
	if a.Relative {
		logits = ad.Regroup(ad.Add(ad.Regroup(logits, 1), a.biases(b, heads)), heads*n)
	}
	if a.Causal {
		logits = ad.Add(logits, ad.Gather(ad.Const(hidden), b.table(before{n, heads})))
	}
	y := ad.RowMatMul(ad.Softmax(logits), part("value"), heads)
	init := a.Init
	if init == nil {
		init = LeCun{}
	}
	return ad.Regroup(b.Scope("output").Apply(Linear{Out: channels, Init: init}, ad.Gather(y, b.table(together{n, heads, channels / heads}))), 1)
}

// apart is the layout that makes rows, head by head, of the heads that lie side by side
// at each of n positions.
type apart struct{ n, heads, channels int }

func (l apart) table() *ad.Table {
	from := make([][]int, 0, l.heads*l.n)
	for h := range l.heads {
		for i := range l.n {
			from = append(from, []int{i*l.heads + h})
		}
	}
	return ad.NewTable(from, l.n*l.heads, l.channels)
}

// together is the layout that puts the rows of the heads side by side again.
type together struct{ n, heads, channels int }

func (l together) table() *ad.Table {
	from := make([][]int, l.n)
	for i := range from {
		for h := range l.heads {
			from[i] = append(from[i], h*l.n+i)
		}
	}
	return ad.NewTable(from, l.n*l.heads, l.channels)
}

// biases returns what is added to the products of each head and two positions.
func (a Attention) biases(b *Build, heads int) *ad.Expr {
	h, w := plane(a.Size, 1)
	learned := b.Param("relative", 1, heads*(2*h-1)*(2*w-1), Zeros{})
	return ad.Gather(learned, b.table(differences{h, w, heads}))
}

// differences is the layout of a number for each head and difference of positions, as
// a row of those of all pairs of positions.
type differences struct{ h, w, heads int }

func (l differences) table() *ad.Table {
	n, each := l.h*l.w, (2*l.h-1)*(2*l.w-1)
	from := make([][]int, 1)
	for head := range l.heads {
		for i := range n {
			for j := range n {
				dy, dx := j/l.w-i/l.w+l.h-1, j%l.w-i%l.w+l.w-1
				from[0] = append(from[0], head*each+dy*(2*l.w-1)+dx)
			}
		}
	}
	return ad.NewTable(from, l.heads*each, 1)
}

// hidden is what is added to the logit of a position that may not be seen: its
// exponential is 0.
const hidden = -1e9

// before is the layout of zeros for the positions that each position of each head may
// see, itself and those before it, and of one number for the others.
type before struct{ n, heads int }

func (l before) table() *ad.Table {
	from := make([][]int, 0, l.heads*l.n)
	for range l.heads {
		for i := range l.n {
			row := make([]int, l.n)
			for j := range i + 1 {
				row[j] = -1
			}
			from = append(from, row)
		}
	}
	return ad.NewTable(from, 1, 1)
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
