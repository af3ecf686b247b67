package nn

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// MLP is a multilayer perceptron that is told the time, and other conditions,
// in every hidden layer:
//
//	h_0 = Features(x),   e = (Time(b.Time), b.Cond)
//	z_l = Norm(h_{l−1} W_l + b_l),  conditioned on e as Conditioning says
//	h_l = Activation(z_l)                       with dropout as b.Dropout says
//	F   = h_L W_out + b_out
//
// Hidden weights start as He, output weights as LeCun, biases at zero, and
// what multiplies e at zero: the network starts out unconditional, its signal
// of order one in every layer and not drowned by e. To embed b.Cond first, as
// labels have to be, put an Embedded around the MLP.
//
// With Ends the features and F are conditioned on e as well.
//
// Its parameters are "hidden0.weight", "hidden0.bias", …, "output.weight",
// "output.bias", and for conditioning "hidden0.scale" and "hidden0.shift"
// (FiLM) or "hidden0.condition" (Additive); those of the ends begin with "input" and
// "output".
type MLP struct {
	Hidden       []int  // the hidden layers' widths, up to 2²⁴
	Out          int    // columns of the output; zero means those of x
	Activation   Module // nil means SiLU
	Features     Module // of x; nil means x itself
	Time         Module // embedding of the time; nil means TimeFourier
	Norm         Module // of each hidden layer's W x + b; nil means none
	Conditioning Conditioning
	Ends         bool // condition Features(x) and F too, not the hidden layers only
}

// RecipeMLP returns the network whose defaults were found by experiment on
// data of d columns: three hidden layers with RMSNorm, SiLU, FiLM with four frequencies
// of time, and for d ≤ 3 sixteen gated Fourier features an axis, whose gates want a time
// of ¼ ln σ. It goes with optim.SOAP; Adam gains little by the norm, and in many columns
// loses.
func RecipeMLP(d, width int) MLP {
	m := plainMLP(d, width)
	m.Norm, m.Time = RMSNorm{}, TimeFourier{N: 4, Low: 0.5, High: 4}
	if d <= 3 {
		m.Features = Fourier{N: 16, Low: 1, High: 10, Gated: true}
	}
	return m
}

// plainMLP returns the network for Adam: without a norm, and for d ≤ 3 with waves that are
// always there.
func plainMLP(d, width int) MLP {
	m := MLP{
		Hidden:     []int{width, width, width},
		Activation: SiLU{},
		Time:       TimeFourier{N: 4, Low: 0.5, High: 8},
	}
	if d <= 3 {
		m.Features = Fourier{N: 16, Low: 1, High: 8}
	}
	return m
}

// RecipeColumns returns a network for a time in every column, as in a score.Model with
// ColumnLevels. It is RecipeMLP without the norm, with eight for the highest frequency of
// features, which have no gates, and of times: their waves go through a layer of 64 units with SiLU before they
// condition the layers, so that what a column does there may depend on the times
// of the others; and they condition the ends too: how much a column is worth as an
// input depends on its own time, and what is wanted of it on those of the others.
func RecipeColumns(d, width int) MLP {
	m := plainMLP(d, width)
	m.Time = Sequential{m.Time, Linear{Out: 64}, SiLU{}}
	m.Ends = true
	return m
}

// Apply implements Module.
func (m MLP) Apply(b *Build, x *ad.Expr) *ad.Expr {
	var act Module = SiLU{}
	if m.Activation != nil {
		act = m.Activation
	}
	h, e := m.features(b, x), embed(b, m.Time, nil)
	if e != nil && len(m.Hidden) == 0 {
		panic("nn: MLP without hidden layers cannot be conditioned")
	}
	if m.Ends {
		h = m.Conditioning.tell(b.Scope("input"), h, e)
	}
	for l, width := range m.Hidden {
		s := b.Scope("hidden" + strconv.Itoa(l))
		h = s.Scope("activation").Apply(act, m.hidden(s, h, e, width))
		h = s.Apply(Dropout{P: b.Dropout}, h)
	}
	out := b.Scope("output")
	f := out.Apply(Linear{Out: cmp.Or(m.Out, x.Cols()), Init: LeCun{}}, h)
	if m.Ends {
		f = m.Conditioning.tell(out, f, e)
	}
	return f
}

func (m MLP) features(b *Build, x *ad.Expr) *ad.Expr {
	if m.Features == nil {
		return x
	}
	return b.Scope("features").Apply(m.Features, x)
}

// hidden returns one layer's conditioned pre-activation.
func (m MLP) hidden(b *Build, h, e *ad.Expr, width int) *ad.Expr {
	if m.Norm != nil {
		z := b.Scope("norm").Apply(m.Norm, b.Apply(Linear{Out: width}, h))
		return m.Conditioning.tell(b, z, e)
	}
	if e == nil {
		return b.Apply(Linear{Out: width}, h)
	}
	switch m.Conditioning {
	case FiLM:
		return film(b, b.Apply(Linear{Out: width}, h), e)
	case Additive: // one product with h and e
		w := b.Weight("weight", h.Cols(), width, He{})
		bias := b.Bias("bias", w, Zeros{})
		return ad.Affine(h, w, ad.Affine(e, b.Weight("condition", e.Cols(), width, Zeros{}), bias))
	}
	panic(unknownConditioning(m.Conditioning))
}

// Validate implements Validator.
func (m MLP) Validate() error {
	errs := []error{
		rangeError(m.Out >= 0 && m.Out <= mostColumns, "MLP.Out", m.Out, "a positive number up to 2²⁴, or 0 for the columns of x"),
		conditioningError("MLP.Conditioning", m.Conditioning),
		optionalError("MLP.Activation", m.Activation),
		optionalError("MLP.Features", m.Features),
		optionalError("MLP.Time", m.Time),
		optionalError("MLP.Norm", m.Norm),
	}
	for l, width := range m.Hidden {
		errs = append(errs, widthError(fmt.Sprintf("MLP.Hidden[%d]", l), width))
	}
	return errors.Join(errs...)
}

var (
	_ Module    = MLP{}
	_ Validator = MLP{}
)
