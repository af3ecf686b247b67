package nn

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// ErrShape is wrapped by errors about layers that do not fit together.
var ErrShape = errors.New("shape mismatch")

// Try is Apply for a network that comes from outside: it returns an error that
// wraps ErrRange when m is nil or not valid, see Validate, or has random leaves although
// b.Train is not set, and one that wraps ErrShape when a layer of m cannot be applied,
// naming its scope, its type, its input's shape and what it says: any panic of a module
// with a string or an error in it that is not of the Go runtime. Parameters that were
// added before remain.
func (b *Build) Try(m Module, x *ad.Expr) (y *ad.Expr, err error) {
	if err := partError("Module", m); err != nil {
		return nil, err
	}
	b.common.broken = ""
	defer func() {
		if p := recover(); p != nil {
			text, known := complaint(p)
			if !known {
				panic(p)
			}
			y, err = nil, fmt.Errorf("nn: %w: %s: %s", ErrShape, b.common.broken, text)
		}
	}()
	before := len(b.common.loose)
	y = b.Apply(m, x)
	if loose := b.common.loose[before:]; len(loose) > 0 {
		of := fmt.Sprintf("%T", m)
		if loose[0] != "" {
			of = fmt.Sprintf("layer %q", loose[0])
		}
		return nil, fmt.Errorf("nn: Module: %s draws random numbers where Build.Train is false, want them in training only: %w", of, ErrRange)
	}
	return y, nil
}

// complaint returns what a module says in a panic.
func complaint(p any) (text string, known bool) {
	switch p := p.(type) {
	case string:
		return p, true
	case runtime.Error:
		return "", false
	case error:
		return p.Error(), true
	}
	return "", false
}

// shape prints the shape of an expression, r for the samples of the batch.
func shape(x *ad.Expr) string {
	switch {
	case x == nil:
		return "nothing"
	case x.Groups() > 1:
		return fmt.Sprintf("r·%d×%d", x.Groups(), x.Cols())
	case x.PerRow():
		return fmt.Sprintf("r×%d", x.Cols())
	}
	return fmt.Sprintf("%d×%d", x.Rows(), x.Cols())
}

// Check builds m for rows of in columns, with a time a row and cond columns of
// conditions, and returns its parameters. Errors are those of Build.Try, and one
// wrapping ErrShape when the output has not out columns a row or there is nothing
// to be learned.
func Check(m Module, in, cond, out int) (*Params, error) {
	p := &Params{}
	b := NewBuild(p)
	b.Time = ad.Input("time", 1)
	if cond > 0 {
		b.Cond = ad.Input("cond", cond)
	}
	y, err := b.Try(m, ad.Input("x", in))
	switch {
	case err != nil:
		return nil, err
	case !y.PerRow():
		return nil, fmt.Errorf("nn: %w: the output of %T does not depend on its input", ErrShape, m)
	case y.Cols() != out || y.Groups() > 1:
		return nil, fmt.Errorf("nn: %w: the output of %T is %s, want r×%d", ErrShape, m, shape(y), out)
	case p.Len() == 0:
		return nil, fmt.Errorf("nn: %w: %T has no parameters", ErrShape, m)
	}
	return p, nil
}
