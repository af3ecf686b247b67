package nn

import (
	"fmt"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// mostCells is how many cells a table or a matrix within a sample may have: more come
// from a mistake, and are refused before they ask for memory.
const mostCells = 1 << 24

// sizeError is the check of the lengths of a sample's axes.
func sizeError(field string, size []int) error {
	ok, n := len(size) == 1 || len(size) == 2, 1
	for _, k := range size {
		if ok = ok && k > 0 && k <= mostColumns/n; ok {
			n *= k
		}
	}
	return rangeError(ok, field, size, "one or two positive numbers, of a product up to 2²⁴")
}

// positionsOf returns the number of positions on axes of these lengths.
func positionsOf(size []int) int {
	n := 1
	for _, k := range size {
		n *= k
	}
	return n
}

// plane returns one or two numbers by axis as two, first for an axis that is not there.
func plane(axes []int, first int) (h, w int) {
	if len(axes) == 1 {
		return first, axes[0]
	}
	return axes[0], axes[1]
}

// positioned returns x with a row for each position, its channels. It panics when a
// sample's numbers are not those of so many positions.
func positioned(of string, x *ad.Expr, size []int) *ad.Expr {
	n := positionsOf(size)
	if columnsOf(x)%n != 0 {
		panic(fmt.Sprintf("nn: %s: x is %s, want numbers for each of %d positions of Size %v", of, shape(x), n, size))
	}
	return ad.Regroup(x, n)
}

// layout says which numbers of a sample a layer takes from where. It is a comparable
// value, of which a Build makes the table once.
type layout interface{ table() *ad.Table }

// table returns the table of l.
func (b *Build) table(l layout) *ad.Table {
	t := b.common.tables[l]
	if t == nil {
		t = l.table()
		b.common.tables[l] = t
	}
	return t
}

// columnsOf returns how many numbers a sample of x has.
func columnsOf(x *ad.Expr) int { return x.Cols() * max(1, x.Groups()) }

// mustBeValid panics with what is wrong with a module.
func mustBeValid(v Validator) {
	if err := v.Validate(); err != nil {
		panic(err.Error())
	}
}

// Pointwise applies Body to each position of a sample as to a row of its own: its
// layers have the same weights at all positions, and the time and the conditions of
// the sample. Linear is a convolution of one point there, LayerNorm the norm of a
// token, Condition scales and shifts channels.
type Pointwise struct {
	Size []int // lengths of the axes
	Body Module
}

// Apply implements Module.
func (p Pointwise) Apply(b *Build, x *ad.Expr) *ad.Expr {
	mustBeValid(p)
	x = positioned("Pointwise", x, p.Size)
	return ad.Regroup(b.Scope("body").Apply(p.Body, x), 1)
}

// Validate implements Validator.
func (p Pointwise) Validate() error {
	if err := sizeError("Pointwise.Size", p.Size); err != nil {
		return err
	}
	return partError("Pointwise.Body", p.Body)
}

// Positions adds to each number of a sample one that is learned and the same for all
// samples,
//
//	y = x + p,
//
// so that a layer which treats positions alike can tell them from each other (Vaswani
// et al. 2017). It begins as large as an x of mean square 1: one far smaller is hardly seen
// by what comes after a norm. The parameter is "positions", 1 × the numbers of a sample.
type Positions struct {
	Init Init // nil means Normal{1}
}

// Apply implements Module.
func (p Positions) Apply(b *Build, x *ad.Expr) *ad.Expr {
	init := p.Init
	if init == nil {
		init = Normal{Std: 1}
	}
	return ad.Add(ad.Regroup(x, 1), b.Param("positions", 1, columnsOf(x), init))
}

// Validate implements Validator.
func (p Positions) Validate() error { return optionalError("Positions.Init", p.Init) }

var (
	_ Module    = Pointwise{}
	_ Module    = Positions{}
	_ Validator = Pointwise{}
	_ Validator = Positions{}
)
