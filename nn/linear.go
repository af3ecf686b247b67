package nn

import (
	"errors"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// Linear is the layer
//
//	y = x W + b
//
// with parameters "weight" (columns of x × Out) and "bias" (1×Out).
type Linear struct {
	Out  int  // up to 2²⁴
	Init Init // of the weights; nil means He
	Bias Init // of the bias; nil means Zeros, None is a layer without
}

// Apply implements Module.
func (l Linear) Apply(b *Build, x *ad.Expr) *ad.Expr {
	init := l.Init
	if init == nil {
		init = He{}
	}
	w := b.Weight("weight", x.Cols(), l.Out, init)
	switch l.Bias.(type) {
	case None:
		return ad.MatMul(x, w)
	case nil:
		l.Bias = Zeros{}
	}
	return ad.Affine(x, w, b.Bias("bias", w, l.Bias))
}

// Validate implements Validator.
func (l Linear) Validate() error {
	return errors.Join(widthError("Linear.Out", l.Out), optionalError("Linear.Init", l.Init), optionalError("Linear.Bias", l.Bias))
}

var (
	_ Module    = Linear{}
	_ Validator = Linear{}
)
