package nn

import (
	"cmp"
	"errors"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// TransformerBlock is attention and a layer for each position by itself, both added
// to their input and norm-first (Vaswani et al. 2017; Xiong et al. 2020):
//
//	y = x + Attention(norm1(x)),   z = y + Activation(norm2(y) W_1 + b_1) W_2 + b_2.
//
// Both norms are LayerNorms of a position's channels followed by a Condition, so that
// time and conditions scale and shift them (Peebles & Xie 2023). The parameters are in
// the scopes "norm1", "attention", "norm2", "hidden" and "output"; W_o of the attention
// and W_2 start at zero, so that a block starts out as the identity.
type TransformerBlock struct {
	Size       []int  // lengths of the axes
	Heads      int    // divides the channels; zero means 1
	Hidden     int    // columns of W_1; zero means four times the channels
	Relative   bool   // of the attention
	Causal     bool   // of the attention
	Activation Module // nil means GELU
}

// Apply implements Module. It panics when x has not numbers for each position or the
// heads do not divide the channels.
func (t TransformerBlock) Apply(b *Build, x *ad.Expr) *ad.Expr {
	mustBeValid(t)
	x = positioned("TransformerBlock", x, t.Size)
	attention := Attention{Size: t.Size, Heads: t.Heads, Relative: t.Relative, Causal: t.Causal, Init: Zeros{}}
	h := b.Scope("attention").Apply(attention, conditionedNorm(b.Scope("norm1"), x))
	x = ad.Add(x, ad.Regroup(h, x.Groups()))
	hidden := cmp.Or(t.Hidden, 4*x.Cols())
	return ad.Regroup(ad.Add(x, feedForward(b, conditionedNorm(b.Scope("norm2"), x), hidden, t.Activation)), 1)
}

// conditionedNorm is the norm of each position's channels, scaled and shifted by the
// time and the conditions.
func conditionedNorm(b *Build, x *ad.Expr) *ad.Expr {
	return b.Apply(Condition{}, b.Apply(LayerNorm{}, x))
}

// feedForward is a hidden layer and an output of as many columns as x, initially zero.
func feedForward(b *Build, x *ad.Expr, hidden int, activation Module) *ad.Expr {
	if activation == nil {
		activation = GELU{}
	}
	h := b.Scope("hidden").Apply(Linear{Out: hidden}, x)
	h = b.Apply(Dropout{P: b.Dropout}, b.Scope("activation").Apply(activation, h))
	return b.Scope("output").Apply(Linear{Out: x.Cols(), Init: Zeros{}}, h)
}

// Validate implements Validator.
func (t TransformerBlock) Validate() error {
	if err := sizeError("TransformerBlock.Size", t.Size); err != nil {
		return err
	}
	return errors.Join(
		headsError("TransformerBlock.Heads", t.Heads, t.Size),
		optionalWidthError("TransformerBlock.Hidden", t.Hidden),
		optionalError("TransformerBlock.Activation", t.Activation),
	)
}

// Transformer is a network of attention for signals, pictures and words (Dosovitskiy
// et al. 2021; Peebles & Xie 2023). It cuts a sample into patches, the tokens,
//
//	h_0 = patches(x) W + b + p,   h_l = TransformerBlock(h_{l−1}),   F = norm(h_L) W_out + b_out,
//
// puts the patches of F together again, and tells all norms of it the embedding of
// the time and the conditions,
//
//	e = SiLU(SiLU((Time(b.Time), b.Cond) A_1 + a_1) A_2 + a_2).
//
// p is learned, a row for each token; with Relative there is none, and the attention
// learns from differences of positions. With Causal output i depends on the tokens up to
// i only, as what predicts the next word wants. W_out starts at zero, what multiplies e
// likewise. Dropout is b.Dropout, in the blocks' hidden layers.
type Transformer struct {
	Size       []int // lengths of the axes of x
	Patch      int   // side of a patch, divides them; zero means 1
	Width      int   // channels of a token
	Blocks     int   // how many; up to 1024
	Heads      int   // divides Width; zero means 1
	Hidden     int   // columns of the blocks' hidden layers; zero means 4·Width
	Out        int   // channels of the output; zero means those of x
	Relative   bool
	Causal     bool   // a token looks at itself and those before it only
	Activation Module // nil means GELU
	Time       Module // embedding of the time; nil means TimeFourier
}

// Apply implements Module. It panics when x has not numbers for each position.
func (t Transformer) Apply(b *Build, x *ad.Expr) *ad.Expr {
	mustBeValid(t)
	tokens, h, out := patched(b, "Transformer", x, t.Size, t.Patch, t.Width, t.Out)
	if !t.Relative {
		h = b.Apply(Positions{}, h)
	}
	b = conditioned(b, t.Time, t.Width)
	block := TransformerBlock{Size: tokens, Heads: t.Heads, Hidden: t.Hidden, Relative: t.Relative, Causal: t.Causal, Activation: t.Activation}
	for l := range t.Blocks {
		h = b.Scope(numbered("block", l)).Apply(block, h)
	}
	h = conditionedNorm(b.Scope("norm"), positioned("Transformer", h, tokens))
	return unpatched(b, h, tokens, t.Patch, out)
}

// Validate implements Validator.
func (t Transformer) Validate() error {
	if err := patchError("Transformer", t.Size, t.Patch, t.Width, t.Blocks, t.Out); err != nil {
		return err
	}
	tokens := divided(t.Size, cmp.Or(t.Patch, 1))
	return errors.Join(
		headsError("Transformer.Heads", t.Heads, tokens),
		divisorError("Transformer.Heads", t.Heads, t.Width),
		optionalWidthError("Transformer.Hidden", t.Hidden),
		optionalError("Transformer.Activation", t.Activation),
		optionalError("Transformer.Time", t.Time),
	)
}

var (
	_ Module    = TransformerBlock{}
	_ Module    = Transformer{}
	_ Validator = TransformerBlock{}
	_ Validator = Transformer{}
)
