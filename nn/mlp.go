package nn

import (
	"cmp"
	"strconv"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// MLP is a multilayer perceptron that is told the time, and other conditions,
// in every hidden layer:
//
//	h_0 = Features(x),   e = (Time(b.Time), b.Cond)
//	z_l = h_{l−1} W_l + b_l,  conditioned on e as Conditioning says
//	h_l = Activation(z_l)
//	F   = h_L W_out + b_out
//
// Hidden weights start as He, output weights as LeCun, biases at zero, and
// what multiplies e at zero: the network starts out unconditional, its signal
// of order one in every layer and not drowned by e.
//
// Its parameters are "hidden0.weight", "hidden0.bias", …, "output.weight",
// "output.bias", and for conditioning "hidden0.scale" and "hidden0.shift"
// (FiLM) or "hidden0.condition" (Additive).
type MLP struct {
	Hidden       []int  // the hidden layers' widths
	Out          int    // columns of the output; zero means those of x
	Activation   Module // nil means SiLU
	Features     Module // of x; nil means x itself
	Time         Module // embedding of the time; nil means TimeFourier
	Conditioning Conditioning
}

// Conditioning says how e enters a hidden layer.
type Conditioning int

const (
	// FiLM scales and shifts, z ← z ⊙ (1 + e G_l) + e B_l (Perez et al. 2018).
	FiLM Conditioning = iota
	// Additive shifts, z ← z + e C_l.
	Additive
)

// RecipeMLP returns the network whose defaults were found by experiment on
// data of d columns: three hidden layers, SiLU, FiLM with four frequencies of
// time, and for d ≤ 3 sixteen Fourier features an axis.
func RecipeMLP(d, width int) MLP {
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

// Apply implements Module.
func (m MLP) Apply(b *Build, x *ad.Expr) *ad.Expr {
	var act Module = SiLU{}
	if m.Activation != nil {
		act = m.Activation
	}
	h, e := m.features(b, x), m.condition(b)
	if e != nil && len(m.Hidden) == 0 {
		panic("nn: MLP without hidden layers cannot be conditioned")
	}
	for l, width := range m.Hidden {
		s := b.Scope("hidden" + strconv.Itoa(l))
		h = act.Apply(s.Scope("activation"), m.hidden(s, h, e, width))
	}
	return Linear{Out: cmp.Or(m.Out, x.Cols()), Init: LeCun{}}.Apply(b.Scope("output"), h)
}

func (m MLP) features(b *Build, x *ad.Expr) *ad.Expr {
	if m.Features == nil {
		return x
	}
	return m.Features.Apply(b.Scope("features"), x)
}

// condition returns e, nil when there is nothing to depend on.
func (m MLP) condition(b *Build) *ad.Expr {
	if b.Time == nil {
		return b.Cond
	}
	var embed Module = TimeFourier{}
	if m.Time != nil {
		embed = m.Time
	}
	e := embed.Apply(b.Scope("time"), b.Time)
	if b.Cond != nil {
		e = ad.Concat(e, b.Cond)
	}
	return e
}

// hidden returns one layer's conditioned pre-activation.
func (m MLP) hidden(b *Build, h, e *ad.Expr, width int) *ad.Expr {
	if e == nil {
		return Linear{Out: width}.Apply(b, h)
	}
	switch m.Conditioning {
	case FiLM:
		z := Linear{Out: width}.Apply(b, h)
		scale := ad.MatMul(e, b.Param("scale", e.Cols(), width, Zeros{}))
		shift := ad.MatMul(e, b.Param("shift", e.Cols(), width, Zeros{}))
		return ad.Add(ad.Mul(z, ad.Shift(scale, 1)), shift)
	case Additive:
		w := b.Param("weight", h.Cols(), width, He{})
		bias := b.Param("bias", 1, width, Zeros{})
		return ad.Affine(h, w, ad.Affine(e, b.Param("condition", e.Cols(), width, Zeros{}), bias))
	}
	panic("nn: MLP: unknown Conditioning " + strconv.Itoa(int(m.Conditioning)))
}

var _ Module = MLP{}
