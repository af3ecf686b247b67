package nn

import (
	"math"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// Dropout sets each element to zero with probability P while a network is built
// for training, and scales the others up so that the mean stays (Srivastava et
// al. 2014):
//
//	y = x ⊙ [u ≥ P]/(1−P),   u uniform on [0, 1).
//
// u is a random leaf of the Build: addressed by row, column and leaf, so the
// masks do not depend on how rows are shared among goroutines. Every Apply has a
// mask of its own. P is rounded to a multiple of 2⁻²⁴, to which the masks keep
// exactly. In networks of which derivatives are the loss, such as an Energy, the
// mask is part of the function that is differentiated.
type Dropout struct {
	P float64 // on [0, 1); zero means none
}

// Apply implements Module. It panics when P is not on [0, 1).
func (d Dropout) Apply(b *Build, x *ad.Expr) *ad.Expr {
	if err := d.Validate(); err != nil {
		panic(err.Error())
	}
	const grid = 1 << 24
	p := min(math.Round(d.P*grid), grid-1) / grid
	if !b.Train || p == 0 {
		return x
	}
	// p − u is exact in float32, too.
	g := max(1, x.Groups())
	dropped := ad.Step(ad.Shift(ad.Neg(ad.Regroup(b.Random(g*x.Cols()), g)), p))
	factor := 1 / (1 - p)
	return ad.Mul(x, ad.Shift(ad.Scale(-factor, dropped), factor))
}

// Validate implements Validator.
func (d Dropout) Validate() error {
	return rangeError(d.P >= 0 && d.P < 1, "Dropout.P", d.P, "a number on [0, 1)")
}

var (
	_ Module    = Dropout{}
	_ Validator = Dropout{}
)
