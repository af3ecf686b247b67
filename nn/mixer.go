package nn

import (
	"cmp"
	"errors"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// Mixer is a network of hidden layers alone (Tolstikhin et al. 2021): each block has
// one across the tokens, the same for all channels, and one across the channels, the
// same for all tokens,
//
//	y = x + (f_1(norm1(x)ᵀ))ᵀ,   z = y + f_2(norm2(y)),   f_k(h) = Activation(h W_k + b_k) V_k + v_k.
//
// Patches, embedding, norms, output and initial weights are those of Transformer. The
// blocks' parameters are in the scopes "norm1", "tokens", "norm2" and "channels".
type Mixer struct {
	Size       []int  // lengths of the axes of x
	Patch      int    // side of a patch, divides them; zero means 1
	Width      int    // channels of a token
	Blocks     int    // how many; up to 1024
	Tokens     int    // columns of W_1; zero means Width/2
	Hidden     int    // columns of W_2; zero means 4·Width
	Out        int    // channels of the output; zero means those of x
	Activation Module // nil means GELU
	Time       Module // embedding of the time; nil means TimeFourier
}

// Apply implements Module. It panics when x has not numbers for each position.
func (m Mixer) Apply(b *Build, x *ad.Expr) *ad.Expr {
	mustBeValid(m)
	tokens, h, out := patched(b, "Mixer", x, m.Size, m.Patch, m.Width, m.Out)
	n := positionsOf(tokens)
	h = ad.Regroup(h, n)
	b = conditioned(b, m.Time, m.Width)
	for l := range m.Blocks {
		s := b.Scope(numbered("block", l))
		mixed := ad.Gather(conditionedNorm(s.Scope("norm1"), h), b.table(transposition{n, m.Width}))
		mixed = feedForward(s.Scope("tokens"), mixed, cmp.Or(m.Tokens, (m.Width+1)/2), m.Activation)
		h = ad.Add(h, ad.Gather(mixed, b.table(transposition{m.Width, n})))
		h = ad.Add(h, feedForward(s.Scope("channels"), conditionedNorm(s.Scope("norm2"), h), cmp.Or(m.Hidden, 4*m.Width), m.Activation))
	}
	return unpatched(b, conditionedNorm(b.Scope("norm"), h), tokens, m.Patch, out)
}

// transposition is the layout that makes rows of the columns of rows×cols numbers.
type transposition struct{ rows, cols int }

func (l transposition) table() *ad.Table {
	from := make([][]int, l.cols)
	for j := range from {
		for i := range l.rows {
			from[j] = append(from[j], i*l.cols+j)
		}
	}
	return ad.NewTable(from, l.rows*l.cols, 1)
}

// Validate implements Validator.
func (m Mixer) Validate() error {
	if err := patchError("Mixer", m.Size, m.Patch, m.Width, m.Blocks, m.Out); err != nil {
		return err
	}
	return errors.Join(
		optionalWidthError("Mixer.Tokens", m.Tokens),
		optionalWidthError("Mixer.Hidden", m.Hidden),
		optionalError("Mixer.Activation", m.Activation),
		optionalError("Mixer.Time", m.Time),
	)
}

var (
	_ Module    = Mixer{}
	_ Validator = Mixer{}
)
