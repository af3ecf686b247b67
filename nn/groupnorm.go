package nn

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// GroupNorm gives groups of channels mean 0 and variance 1 over all positions of a
// sample before it scales and shifts the channels (Wu & He 2018). Channel k of group
// g(k) becomes
//
//	y_pk = (x_pk − μ_g(k))/√(s²_g(k) + Epsilon) · γ_k + β_k
//
// with the parameters "gain" g (initially one) and "bias" b (initially zero), 1 ×
// channels, γ = g and β = b. If Conditioned it also depends on the embedding e of the
// time and the conditions, as Condition does,
//
//	γ = g ⊙ (1 + e G),   β = b + e B,
//
// with "scale" and "shift", initially zero.
type GroupNorm struct {
	Size        []int   // lengths of the axes
	Groups      int     // divides the channels; zero means the largest divisor of 8 that does
	Epsilon     float64 // positive; zero means 1e-5
	Conditioned bool
}

// Apply implements Module. It panics when x has not numbers for each position, the
// groups do not divide the channels, or a group is a single number.
func (n GroupNorm) Apply(b *Build, x *ad.Expr) *ad.Expr {
	mustBeValid(n)
	x = positioned("GroupNorm", x, n.Size)
	channels := x.Cols()
	groups := n.Groups
	if groups == 0 {
		groups = gcd(8, channels)
	}
	if channels%groups != 0 || channels/groups*x.Groups() == 1 {
		panic(fmt.Sprintf("nn: GroupNorm: x is %s, want channels that %d groups divide, and two numbers or more in each", shape(x), groups))
	}
	mean := func(x *ad.Expr) *ad.Expr { // of each channel's group: one row a sample
		sum := ad.SumCols(ad.Regroup(ad.SumGroups(x), groups))
		mean := ad.Scale(float64(groups)/float64(columnsOf(x)), sum)
		return ad.Regroup(ad.Mul(mean, ad.ConstRow(1, channels/groups)), 1)
	}
	centred := ad.Sub(x, mean(x))
	gain := ad.Div(b.Gain("gain", channels, Ones{}), ad.Sqrt(ad.Shift(mean(ad.Square(centred)), cmp.Or(n.Epsilon, 1e-5))))
	bias := b.Param("bias", 1, channels, Zeros{})
	if e := n.embedding(b); e != nil {
		gain = ad.Mul(gain, ad.Shift(ad.MatMul(e, b.Weight("scale", e.Cols(), channels, Zeros{})), 1))
		bias = ad.Affine(e, b.Weight("shift", e.Cols(), channels, Zeros{}), bias)
	}
	return ad.Regroup(ad.Add(ad.Mul(centred, gain), bias), 1)
}

// embedding returns what the norm is conditioned on, nil for nothing.
func (n GroupNorm) embedding(b *Build) *ad.Expr {
	if !n.Conditioned {
		return nil
	}
	return embed(b, nil, nil)
}

func gcd(a, b int) int {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}

// Validate implements Validator.
func (n GroupNorm) Validate() error {
	return errors.Join(
		sizeError("GroupNorm.Size", n.Size),
		rangeError(n.Groups >= 0 && n.Groups <= mostColumns, "GroupNorm.Groups", n.Groups, "a positive number up to 2²⁴, or 0 for the default"),
		epsilonError("GroupNorm.Epsilon", n.Epsilon),
	)
}

var (
	_ Module    = GroupNorm{}
	_ Validator = GroupNorm{}
)
