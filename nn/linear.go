package nn

import (
	"errors"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// Linear is the layer
//
//	y = x W + b
//
// with parameters "weight" (columns of x × Out) and "bias" (1×Out, initially
// zero).
type Linear struct {
	Out    int
	NoBias bool
	Init   Init // of the weights; nil means He
}

// Apply implements Module.
func (l Linear) Apply(b *Build, x *ad.Expr) *ad.Expr {
	init := l.Init
	if init == nil {
		init = He{}
	}
	w := b.Param("weight", x.Cols(), l.Out, init)
	if l.NoBias {
		return ad.MatMul(x, w)
	}
	return ad.Affine(x, w, b.Param("bias", 1, l.Out, Zeros{}))
}

// Validate implements Validator.
func (l Linear) Validate() error {
	return errors.Join(positiveError("Linear.Out", l.Out), optionalError("Linear.Init", l.Init))
}

var (
	_ Module    = Linear{}
	_ Validator = Linear{}
)
