package nn

import (
	"fmt"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// OneHot turns a column of labels 0, 1, …, Classes−1 into indicator columns:
//
//	y_k = [k−½ < x ≤ k+½].
//
// A label outside, such as −1, gives zeros: it stands for no class, as when a
// condition is dropped. There is no derivative with respect to x.
type OneHot struct{ Classes int }

// Apply implements Module. It panics when x has more than one column.
func (o OneHot) Apply(_ *Build, x *ad.Expr) *ad.Expr {
	if x.Cols() != 1 || o.Classes < 1 {
		panic(fmt.Sprintf("nn: OneHot of %d columns and %d classes, want one column and at least one class", x.Cols(), o.Classes))
	}
	edges := make([]float64, o.Classes+1)
	for k := range edges {
		edges[k] = float64(k) - 0.5
	}
	above := ad.Step(ad.Sub(x, ad.Row(edges)))
	return ad.Sub(ad.Slice(above, 0, o.Classes), ad.Slice(above, 1, o.Classes+1))
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
		panic(fmt.Sprintf("nn: Embedding of %d columns, want one of labels or %d of weights", x.Cols(), e.Classes))
	}
	return ad.MatMul(x, b.Param("table", e.Classes, e.Out, init))
}

// Columns are the columns From, …, To−1 of its input.
type Columns struct{ From, To int }

// Apply implements Module. It panics when x has not these columns.
func (c Columns) Apply(_ *Build, x *ad.Expr) *ad.Expr { return ad.Slice(x, c.From, c.To) }

// Parallel applies each module to the same input, module i in scope "i", and
// puts the outputs side by side. With Columns it treats columns of different
// kinds, such as labels and numbers, each in its way.
type Parallel []Module

// Apply implements Module. It panics when there is no module.
func (p Parallel) Apply(b *Build, x *ad.Expr) *ad.Expr {
	parts := make([]*ad.Expr, len(p))
	for i, m := range p {
		parts[i] = m.Apply(b.Scope(fmt.Sprint(i)), x)
	}
	return ad.Concat(parts...)
}

var (
	_ Module = OneHot{}
	_ Module = Embedding{}
	_ Module = Columns{}
	_ Module = Parallel(nil)
)
