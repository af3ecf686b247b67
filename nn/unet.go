package nn

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// UNet is a convolutional network for signals and pictures (Ronneberger et al. 2015; Ho
// et al. 2020). A stem makes channels of patches of x; down the levels blocks work on
// ever fewer positions, half as many on each axis, with more channels, and up again
// beside what was there before:
//
//	h_0 = Conv(patches(x))
//	h_l = blocks(h_{l−1}),  s_l = h_l,  h_l ← Resample{Down: 2}(h_l) W_l + b_l
//	at the lowest level blocks, Attention between them
//	h_l = blocks(Resample{Up: 2}(h_{l+1} V_l + v_l), s_l)
//	F = Conv(SiLU(GroupNorm(h_0)))
//
// of which a block is x + Conv(SiLU(norm2(Conv(SiLU(norm1(x)))))), both norms being
// GroupNorms that are conditioned on the embedding
//
//	e = SiLU(SiLU((Time(b.Time), b.Cond) A_1 + a_1) A_2 + a_2)
//
// of four times as many columns as the first level has channels. The last Conv of each
// block and of the network and the attention's W_o start at zero. Dropout is b.Dropout,
// ahead of the last Conv of each block.
type UNet struct {
	Size     []int  // lengths of the axes of x, divisible by Patch·2^(levels−1)
	Channels []int  // of each level, the first at the top
	Blocks   int    // at each level, down and up; zero means 1, up to 64
	Heads    int    // of the attention at the lowest level; zero means no attention
	Patch    int    // side of a patch; zero means 1
	Kernel   []int  // of all convolutions; nil means 3 each
	Circular bool   // the axes are closed to rings
	Out      int    // channels of the output; zero means those of x
	Time     Module // embedding of the time; nil means TimeFourier
}

// Apply implements Module. It panics when x has not numbers for each position.
func (u UNet) Apply(b *Build, x *ad.Expr) *ad.Expr {
	mustBeValid(u)
	x = positioned("UNet", x, u.Size)
	out, patch := cmp.Or(u.Out, x.Cols()), cmp.Or(u.Patch, 1)
	size := divided(u.Size, patch)
	if patch > 1 {
		x = b.Apply(Resample{Size: u.Size, Down: patch}, x)
	}
	inner := conditioned(b, u.Time, 4*u.Channels[0])
	h := u.conv(inner.Scope("stem"), x, size, u.Channels[0], LeCun{})
	h = u.level(inner, h, size, 0)
	h = ad.SiLU(inner.Scope("norm").Apply(GroupNorm{Size: size}, h))
	fh, fw := plane([]int{patch, patch}[:len(size)], 1)
	h = u.conv(inner.Scope("output"), h, size, out*fh*fw, Zeros{})
	if patch > 1 {
		h = b.Apply(Resample{Size: size, Up: patch}, h)
	}
	return h
}

// level is the network from a level down.
func (u UNet) level(b *Build, h *ad.Expr, size []int, l int) *ad.Expr {
	channels, s := u.Channels[l], b.Scope(numbered("level", l))
	h = u.blocks(s, "down", h, size, channels)
	if l == len(u.Channels)-1 {
		if u.Heads > 0 {
			norm := s.Scope("norm").Apply(GroupNorm{Size: size, Conditioned: true}, h)
			h = ad.Add(h, s.Scope("attention").Apply(Attention{Size: size, Heads: u.Heads, Init: Zeros{}}, norm))
		}
		return u.blocks(s, "up", h, size, channels)
	}
	half := divided(size, 2)
	low := s.Apply(Resample{Size: size, Down: 2}, h)
	low = s.Scope("shrink").Apply(Linear{Out: u.Channels[l+1], Init: LeCun{}}, positioned("UNet", low, half))
	low = positioned("UNet", u.level(b, ad.Regroup(low, 1), half, l+1), half)
	fh, fw := plane([]int{2, 2}[:len(size)], 1)
	low = s.Scope("grow").Apply(Linear{Out: channels * fh * fw, Init: LeCun{}}, low)
	low = positioned("UNet", s.Apply(Resample{Size: half, Up: 2}, low), size)
	return u.blocks(s, "up", ad.Concat(low, positioned("UNet", h, size)), size, channels)
}

// blocks applies the blocks of one level in one direction.
func (u UNet) blocks(b *Build, direction string, x *ad.Expr, size []int, channels int) *ad.Expr {
	norm := GroupNorm{Size: size, Conditioned: true}
	for i := range cmp.Or(u.Blocks, 1) {
		s := b.Scope(numbered(direction, i))
		h := u.conv(s.Scope("conv1"), ad.SiLU(s.Scope("norm1").Apply(norm, x)), size, channels, He{})
		h = ad.SiLU(s.Scope("norm2").Apply(norm, h))
		h = u.conv(s.Scope("conv2"), s.Apply(Dropout{P: b.Dropout}, h), size, channels, Zeros{})
		if x = positioned("UNet", x, size); x.Cols() != channels {
			x = s.Scope("shortcut").Apply(Linear{Out: channels, Bias: None{}, Init: LeCun{}}, x)
		}
		x = ad.Add(ad.Regroup(x, 1), h)
	}
	return x
}

func (u UNet) conv(b *Build, x *ad.Expr, size []int, out int, init Init) *ad.Expr {
	return b.Apply(Conv{Size: size, Out: out, Kernel: u.Kernel, Circular: u.Circular, Init: init}, x)
}

// Validate implements Validator.
func (u UNet) Validate() error {
	if err := sizeError("UNet.Size", u.Size); err != nil {
		return err
	}
	n, levels, patch := positionsOf(u.Size), len(u.Channels), cmp.Or(u.Patch, 1)
	if err := errors.Join(
		rangeError(levels > 0 && levels <= 24, "UNet.Channels", u.Channels, "those of 1 to 24 levels"),
		rangeError(patch > 0, "UNet.Patch", u.Patch, "a positive number, or 0 for 1"),
	); err != nil {
		return err
	}
	if err := rangeError(u.halves(), "UNet.Size", u.Size, fmt.Sprintf("multiples of Patch·2^(levels−1) for Patch = %d and %d levels", patch, levels)); err != nil {
		return err
	}
	errs := []error{
		rangeError(u.Blocks >= 0 && u.Blocks <= 64, "UNet.Blocks", u.Blocks, "a positive number up to 64, or 0 for 1"),
		rangeError(u.Heads >= 0 && divides(u.Heads, u.Channels[levels-1]), "UNet.Heads", u.Heads, fmt.Sprintf("a number that divides %d channels, or 0 for no attention", u.Channels[levels-1])),
		kernelError("UNet.Kernel", u.Kernel, u.Size),
		rangeError(u.Out >= 0 && u.Out <= mostColumns/n, "UNet.Out", u.Out, "a positive number, or 0 for the channels of x, for 2²⁴ columns in all"),
		optionalError("UNet.Time", u.Time),
	}
	if u.Heads > 0 {
		errs = append(errs, headsError("UNet.Heads", u.Heads, divided(u.Size, patch<<(levels-1))))
	}
	for l, c := range u.Channels {
		errs = append(errs, outError(fmt.Sprintf("UNet.Channels[%d]", l), c, divided(u.Size, patch<<l)))
	}
	return errors.Join(errs...)
}

// halves reports whether each level has whole halves of the positions of the one above.
func (u UNet) halves() bool {
	side := cmp.Or(u.Patch, 1)
	for range u.Channels {
		if side > mostColumns || !divides(side, u.Size...) {
			return false
		}
		side *= 2
	}
	return true
}

var (
	_ Module    = UNet{}
	_ Validator = UNet{}
)
