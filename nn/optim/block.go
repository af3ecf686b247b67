package optim

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// Block is a part of θ that an optimiser of matrices treats as one: a parameter of role
// nn.Weight, row-major from Offset on, with its nn.Bias as a further row, or numbers
// each for itself, Cols of them in one row.
type Block struct {
	Rows, Cols int  // the row of the bias included
	Offset     int  // of the first number
	Bias       int  // offset of the bias's row, 0 for none
	Matrix     bool // a Weight
}

// Blocks returns the parts of θ in the order of their offsets. Neighbours of other roles
// are taken together, up to 8,192 numbers.
func Blocks(p *nn.Params) []Block {
	entries := p.Entries()
	biases := make(map[int]int) // offsets, by the index of the weight
	for _, e := range entries {
		if e.Role == nn.Bias {
			biases[e.Of] = e.Offset
		}
	}
	var all []Block
	for i, e := range entries {
		switch b := (Block{Rows: e.Rows, Cols: e.Cols, Offset: e.Offset, Matrix: true}); e.Role {
		case nn.Weight:
			if at, ok := biases[i]; ok {
				b.Bias = at
				b.Rows++
			}
			all = append(all, b)
		case nn.Bias:
		default:
			all = appendNumbers(all, e.Offset, e.Offset+e.Rows*e.Cols)
		}
	}
	return all
}

// appendNumbers appends numbers each for itself, to the last block where they follow it.
func appendNumbers(all []Block, from, to int) []Block {
	if k := len(all) - 1; k >= 0 && !all[k].Matrix && all[k].end() == from {
		more := min(to-from, stretch-all[k].Cols)
		all[k].Cols += more
		from += more
	}
	for ; from < to; from += stretch {
		all = append(all, Block{Rows: 1, Cols: min(stretch, to-from), Offset: from})
	}
	return all
}

// Cuts returns the offsets that no block, from its first number to its last, lies
// across: those of Blockwise. Blocks are in the order of their offsets.
func Cuts(blocks []Block) []int {
	var cuts []int
	end := 0
	for _, b := range blocks {
		if b.Offset >= end && b.Offset > 0 {
			cuts = append(cuts, b.Offset)
		}
		end = max(end, b.end())
	}
	return cuts
}

// Len returns how many numbers the block has.
func (b Block) Len() int { return b.Rows * b.Cols }

// rows returns the rows that begin at the offset, all but a bias's.
func (b Block) rows() int {
	if b.Bias > 0 {
		return b.Rows - 1
	}
	return b.Rows
}

// end returns the offset behind the last number.
func (b Block) end() int {
	end := b.Offset + b.rows()*b.Cols
	if b.Bias > 0 {
		end = max(end, b.Bias+b.Cols)
	}
	return end
}

// within returns the blocks that begin in the n elements from at on. It panics when one
// of them is cut.
func within(blocks []Block, at, n int) (first, last int) {
	first = sort.Search(len(blocks), func(i int) bool { return blocks[i].Offset >= at })
	for last = first; last < len(blocks) && blocks[last].Offset < at+n; last++ {
		if blocks[last].end() > at+n {
			break
		}
	}
	count := 0
	for _, b := range blocks[first:last] {
		count += b.Len()
	}
	if count != n {
		panic(fmt.Sprintf("optim: Update of the elements %d to %d cuts a block", at, at+n-1))
	}
	return first, last
}

// gather copies a block out of the elements of v, of which the first has the offset at,
// each between −limit and limit.
func gather[T ad.Float](b Block, dst, v []T, at int, limit T) {
	n := copy(dst, v[b.Offset-at:][:b.rows()*b.Cols])
	if b.Bias > 0 {
		copy(dst[n:], v[b.Bias-at:][:b.Cols])
	}
	if kernel.SumSquares(dst) <= float64(limit)*float64(limit) {
		return
	}
	for i, x := range dst {
		dst[i] = max(-limit, min(limit, x))
	}
}

// move makes θ ← keep θ + u of a block, of the elements of theta, of which the first has
// the offset at.
func move[T ad.Float](b Block, theta, u []T, at int, keep T) {
	weight := theta[b.Offset-at:][:b.rows()*b.Cols]
	shift(weight, u, keep)
	if b.Bias > 0 {
		shift(theta[b.Bias-at:][:b.Cols], u[len(weight):], keep)
	}
}

// adam moves a block by Adam.
func adam[T ad.Float](b Block, theta, m, v, grad []T, at int, k kernel.AdamStep) {
	n := b.rows() * b.Cols
	kernel.Adam(theta[b.Offset-at:][:n], m[:n], v[:n], grad[b.Offset-at:][:n], k)
	if b.Bias > 0 {
		kernel.Adam(theta[b.Bias-at:][:b.Cols], m[n:], v[n:], grad[b.Bias-at:][:b.Cols], k)
	}
}

func shift[T ad.Float](theta, u []T, keep T) {
	if keep != 1 {
		kernel.Scale(theta, theta, keep)
	}
	kernel.Add(theta, u[:len(theta)])
}

// limitOf bounds the elements of a gradient whose products are summed: 2²⁴ squares of
// 2⁵⁰ are less than the largest float32.
func limitOf[T ad.Float]() T {
	huge := 0x1p490
	if limit := T(huge); !math.IsInf(float64(limit), 1) {
		return limit
	}
	return T(0x1p50)
}

// bound is what an optimiser of blocks knows of the parameters.
type bound struct {
	blocks []Block
	cuts   []int
	length int
	known  bool
}

func (p *bound) bind(params *nn.Params) {
	p.blocks, p.length, p.known = Blocks(params), params.Len(), true
	p.cuts = slices.Clip(Cuts(p.blocks))
}

// mustSuit panics before Bind and when θ has another length.
func (p *bound) mustSuit(of string, n int) {
	if !p.known {
		panic("optim: " + of + ": Bind has not been called")
	}
	if n != p.length {
		mustHaveLength(of+": theta", n, p.length)
	}
}
