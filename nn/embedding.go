package nn

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// OneHot turns a column of labels 0, 1, …, Classes−1 into indicator columns:
//
//	y_k = [k−½ < x ≤ k+½].
//
// A label outside, such as −1, gives zeros: it stands for no class, as when a
// condition is dropped. There is no derivative with respect to x. The columns
// exist as numbers only where they are used otherwise than in a product, such as
// that of Linear, Embedding or MLP: see ad.OneHot.
type OneHot struct{ Classes int }

// Apply implements Module. It panics when x has more than one column.
func (o OneHot) Apply(_ *Build, x *ad.Expr) *ad.Expr {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	if x.Cols() != 1 {
		panic(fmt.Sprintf("nn: OneHot: x is %s, want r×1", shape(x)))
	}
	return ad.OneHot(x, o.Classes)
}

// Validate implements Validator.
func (o OneHot) Validate() error { return classesError("OneHot.Classes", o.Classes) }

// classesError checks a number of classes, whose labels float32 has to hold.
func classesError(field string, n int) error {
	return rangeError(n > 0 && n <= ad.MostClasses, field, n, "a positive number up to 2²⁴")
}

// Embedding gives each class a row of the parameter "table" (Classes×Out). Its
// input is a column of labels, see OneHot, or Classes columns of weights, of
// which indicators are one kind:
//
//	y = Σ_k w_k table_k.
//
// No class has the embedding zero. The table may not start at zero where what
// multiplies the embedding does, as in Condition: neither would ever move.
type Embedding struct {
	Classes, Out int
	Init         Init // nil means Normal{1}
}

// Apply implements Module. It panics when x has neither one nor Classes columns.
func (e Embedding) Apply(b *Build, x *ad.Expr) *ad.Expr {
	init := e.Init
	if init == nil {
		init = Normal{Std: 1}
	}
	switch x.Cols() {
	case 1:
		x = OneHot{Classes: e.Classes}.Apply(b, x)
	case e.Classes:
	default:
		panic(fmt.Sprintf("nn: Embedding: x is %s, want r×1, labels, or r×%d, weights of the classes", shape(x), e.Classes))
	}
	return ad.MatMul(x, b.Table("table", e.Classes, e.Out, init))
}

// Validate implements Validator.
func (e Embedding) Validate() error {
	return errors.Join(
		classesError("Embedding.Classes", e.Classes),
		widthError("Embedding.Out", e.Out),
		optionalError("Embedding.Init", e.Init),
	)
}

// Columns are the columns From, …, To−1 of its input.
type Columns struct{ From, To int }

// Apply implements Module. It panics when x has not these columns.
func (c Columns) Apply(_ *Build, x *ad.Expr) *ad.Expr {
	if c.From < 0 || c.From >= c.To || c.To > x.Cols() {
		panic(fmt.Sprintf("nn: Columns: x is %s, want columns %d to %d of it", shape(x), c.From, c.To-1))
	}
	return ad.Slice(x, c.From, c.To)
}

// Validate implements Validator.
func (c Columns) Validate() error {
	return errors.Join(
		rangeError(c.From >= 0, "Columns.From", c.From, "a number ≥ 0"),
		rangeError(c.To > c.From, "Columns.To", c.To, fmt.Sprintf("more than From = %d", c.From)),
	)
}

// Parallel applies each module to the same input, module i in scope "i", and
// puts the outputs side by side. With Columns it treats columns of different
// kinds, such as labels and numbers, each in its way.
type Parallel []Module

// Apply implements Module. It panics when there is no module.
func (p Parallel) Apply(b *Build, x *ad.Expr) *ad.Expr {
	if len(p) == 0 {
		panic("nn: Parallel: has no modules, want at least one")
	}
	parts := make([]*ad.Expr, len(p))
	for i, m := range p {
		parts[i] = b.Scope(strconv.Itoa(i)).Apply(m, x)
	}
	return ad.Concat(parts...)
}

// Validate implements Validator.
func (p Parallel) Validate() error {
	return errors.Join(rangeError(len(p) > 0, "Parallel", p, "at least one Module"), partsError("Parallel", p))
}

var (
	_ Module    = OneHot{}
	_ Module    = Embedding{}
	_ Module    = Columns{}
	_ Module    = Parallel(nil)
	_ Validator = OneHot{}
	_ Validator = Embedding{}
	_ Validator = Columns{}
	_ Validator = Parallel(nil)
)
