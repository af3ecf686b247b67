package nn

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// patched returns the patches of x as tokens of so many channels, how many there are
// on each axis, and the channels of the network's output.
func patched(b *Build, of string, x *ad.Expr, size []int, patch, width, out int) (tokens []int, h *ad.Expr, channels int) {
	x = positioned(of, x, size)
	b.params.oneUnit = true
	channels = cmp.Or(out, x.Cols())
	tokens, h = divided(size, cmp.Or(patch, 1)), x
	if patch > 1 {
		h = b.Apply(Resample{Size: size, Down: patch}, x)
	}
	h = b.Scope("patches").Apply(Linear{Out: width, Init: LeCun{}}, positioned(of, h, tokens))
	return tokens, ad.Regroup(h, 1), channels
}

// unpatched returns the output of so many channels, initially zero, that tokens make
// of their patches.
func unpatched(b *Build, h *ad.Expr, tokens []int, patch, channels int) *ad.Expr {
	fh, fw := plane([]int{cmp.Or(patch, 1), cmp.Or(patch, 1)}[:len(tokens)], 1)
	h = b.Scope("output").Apply(Linear{Out: channels * fh * fw, Init: Zeros{}}, h)
	if patch > 1 {
		h = b.Apply(Resample{Size: tokens, Up: patch}, h)
	}
	return ad.Regroup(h, 1)
}

// divided returns the lengths of axes divided by n.
func divided(size []int, n int) []int {
	d := make([]int, len(size))
	for i, k := range size {
		d[i] = k / n
	}
	return d
}

// conditioned returns the Build of layers that have the embedding
//
//	e = SiLU(SiLU((Time(b.Time), b.Cond) A_1 + a_1) A_2 + a_2)
//
// of so many columns as their only condition, if there is anything to depend on.
func conditioned(b *Build, time Module, width int) *Build {
	e := embed(b, time, nil)
	if e != nil {
		s := b.Scope("embedding")
		s.Time, s.Cond = nil, nil
		e = s.Apply(Sequential{Linear{Out: width}, SiLU{}, Linear{Out: width}, SiLU{}}, e)
	}
	inner := *b
	inner.Time, inner.Cond = nil, e
	return &inner
}

// numbered names the i-th of several parts.
func numbered(name string, i int) string { return name + strconv.Itoa(i) }

// patchError is the check of what networks of patches have in common.
func patchError(of string, size []int, patch, width, blocks, out int) error {
	if err := sizeError(of+".Size", size); err != nil {
		return err
	}
	if err := rangeError(divides(patch, size...), of+".Patch", patch, fmt.Sprintf("a number that divides %v, or 0 for 1", size)); err != nil {
		return err
	}
	return errors.Join(
		outError(of+".Width", width, divided(size, cmp.Or(patch, 1))),
		rangeError(blocks > 0 && blocks <= 1024, of+".Blocks", blocks, "a positive number up to 1024"),
		rangeError(out >= 0 && out <= mostColumns/positionsOf(size), of+".Out", out, "a positive number, or 0 for the channels of x, for 2²⁴ columns in all"),
	)
}

// divides reports whether n, with 0 for 1, divides all the numbers.
func divides(n int, numbers ...int) bool {
	for _, k := range numbers {
		if n < 0 || n > 0 && k%n != 0 {
			return false
		}
	}
	return true
}

// divisorError is the check of a number, with 0 for 1, that divides a width.
func divisorError(field string, n, width int) error {
	return rangeError(divides(n, width), field, n, fmt.Sprintf("a number that divides Width = %d, or 0 for 1", width))
}

// optionalWidthError is the check of a number of columns that has a default.
func optionalWidthError(field string, n int) error {
	return rangeError(n >= 0 && n <= mostColumns, field, n, "a positive number up to 2²⁴, or 0 for the default")
}
