package nn

import (
	"cmp"
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// LayerNorm gives each row mean 0 and variance 1 before it scales and shifts
// the columns (Ba, Kiros & Hinton 2016):
//
//	y = g ⊙ (x − μ)/√(s² + Epsilon) + b,   μ = mean_j x_j,   s² = mean_j (x_j − μ)²
//
// with parameters "gain" (initially one) and "bias" (initially zero), 1 × the
// columns of x each.
type LayerNorm struct {
	Epsilon float64 // positive; zero means 1e-5
	Plain   bool    // no gain and bias, as where Condition follows
}

// Apply implements Module. It panics when x has one column, of which nothing
// would be left.
func (l LayerNorm) Apply(b *Build, x *ad.Expr) *ad.Expr {
	if x.Cols() == 1 {
		panic(fmt.Sprintf("nn: LayerNorm: x is %s, want two columns or more", shape(x)))
	}
	n := float64(x.Cols())
	centred := ad.Sub(x, ad.Scale(1/n, ad.SumCols(x)))
	variance := ad.Scale(1/n, ad.SumCols(ad.Square(centred)))
	y := ad.Div(centred, ad.Sqrt(ad.Shift(variance, cmp.Or(l.Epsilon, 1e-5))))
	if l.Plain {
		return y
	}
	return ad.Add(ad.Mul(y, b.Gain("gain", x.Cols(), Ones{})), b.Param("bias", 1, x.Cols(), Zeros{}))
}

// Validate implements Validator.
func (l LayerNorm) Validate() error { return epsilonError("LayerNorm.Epsilon", l.Epsilon) }

// RMSNorm divides each row by its root mean square (Zhang & Sennrich 2019, without
// their gain):
//
//	y = x/√(mean_j x_j² + Epsilon).
//
// It has no parameters. What follows sees the direction of x and not its length; of one
// column it sees the sign.
type RMSNorm struct {
	Epsilon float64 // positive; zero means 1e-5
}

// Apply implements Module.
func (r RMSNorm) Apply(_ *Build, x *ad.Expr) *ad.Expr {
	return ad.RMSNorm(x, cmp.Or(r.Epsilon, 1e-5))
}

// Validate implements Validator.
func (r RMSNorm) Validate() error { return epsilonError("RMSNorm.Epsilon", r.Epsilon) }

// epsilonError checks what a norm adds to a mean square. One that float32 does not hold
// would be none.
func epsilonError(field string, v float64) error {
	ok := v == 0 || v >= least && v <= math.MaxFloat32
	return rangeError(ok, field, v, "a positive number, or 0 for the default")
}

var (
	_ Module    = LayerNorm{}
	_ Module    = RMSNorm{}
	_ Validator = LayerNorm{}
	_ Validator = RMSNorm{}
)
