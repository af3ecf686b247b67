package nn

import (
	"cmp"
	"errors"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// Residual adds to its input what Body, in scope "body", makes of it (He et al.
// 2016):
//
//	y = Scale · (x + Body(x)).
//
// When Body gives another number of columns, x goes through a Linear without
// bias, in scope "shortcut". A block that starts out as the identity ends its
// Body with Linear{Out: …, Init: Zeros{}}.
type Residual struct {
	Body  Module
	Scale float64 // on [−10⁶, 10⁶]; zero means 1; 1/√2 keeps the size of the signal
}

// Apply implements Module.
func (r Residual) Apply(b *Build, x *ad.Expr) *ad.Expr {
	y := b.Scope("body").Apply(r.Body, x)
	if y.Cols() != x.Cols() {
		x = b.Scope("shortcut").Apply(Linear{Out: y.Cols(), Bias: None{}, Init: LeCun{}}, x)
	}
	return ad.Scale(cmp.Or(r.Scale, 1), ad.Add(x, y))
}

// Validate implements Validator.
func (r Residual) Validate() error {
	return errors.Join(partError("Residual.Body", r.Body), finiteError("Residual.Scale", r.Scale))
}

var (
	_ Module    = Residual{}
	_ Validator = Residual{}
)
