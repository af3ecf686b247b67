package nn

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// TabularTransformer is a network for tables, whose tokens are the columns (Gorishniy
// et al. 2021). Column j with the value x_j and the time c_j, which b.Time has for each
// column or for all of them, begins as
//
//	h_j = x_j w_j + b_j + e_j A,   e_j = SiLU(SiLU((Time(c_j), b.Cond) A_1 + a_1) A_2 + a_2)
//
// and ends, after blocks of attention between the columns whose norms are conditioned
// on its e_j, as
//
//	F_j = norm(h_j) · v_j + u_j.
//
// w_j and b_j, v_j and u_j belong to the column, all else to the network. With a time in every
// column, as in a score.Model with ColumnLevels, a column that is known tells so by
// its e_j. w and b start as N(0, 1), A as in LeCun, v and u at zero.
type TabularTransformer struct {
	Width  int    // channels of a column
	Blocks int    // how many; up to 1024
	Heads  int    // divides Width; zero means 1
	Hidden int    // columns of the blocks' hidden layers; zero means 4·Width
	Time   Module // embedding of a time; nil means TimeFourier
}

// Apply implements Module. It panics when b.Time has neither one column nor those of x.
func (t TabularTransformer) Apply(b *Build, x *ad.Expr) *ad.Expr {
	mustBeValid(t)
	d := columnsOf(x)
	if err := headsError("TabularTransformer.Heads", t.Heads, []int{d}); err != nil {
		panic(err.Error())
	}
	if d > mostColumns/t.Width {
		panic(fmt.Sprintf("nn: TabularTransformer: x is %s, want at most %d columns for Width = %d", shape(x), mostColumns/t.Width, t.Width))
	}
	if b.Time != nil && b.Time.Cols() != 1 {
		if b.Time.Cols() != d {
			panic(fmt.Sprintf("nn: TabularTransformer: b.Time is %s, want one column or %d", shape(b.Time), d))
		}
		own := *b
		b, own.Time = &own, ad.Regroup(b.Time, d)
	}
	own := func(name string, init Init) *ad.Expr { return b.Param(name, 1, d*t.Width, init) }
	repeated := ad.Mul(ad.Regroup(x, d), ad.ConstRow(1, t.Width))
	h := ad.Add(ad.Mul(ad.Regroup(repeated, 1), own("values", Normal{Std: 1})), own("columns", Normal{Std: 1}))
	inner := conditioned(b, t.Time, t.Width)
	if h = ad.Regroup(h, d); inner.Cond != nil {
		h = ad.Add(h, inner.Scope("level").Apply(Linear{Out: t.Width, Bias: None{}, Init: LeCun{}}, inner.Cond))
	}
	for l := range t.Blocks {
		block := TransformerBlock{Size: []int{d}, Heads: t.Heads, Hidden: t.Hidden}
		h = ad.Regroup(inner.Scope(numbered("block", l)).Apply(block, h), d)
	}
	h = ad.Mul(ad.Regroup(conditionedNorm(inner.Scope("norm"), h), 1), own("output.weight", Zeros{}))
	return ad.Add(ad.Regroup(ad.SumCols(ad.Regroup(h, d)), 1), b.Param("output.bias", 1, d, Zeros{}))
}

// Validate implements Validator.
func (t TabularTransformer) Validate() error {
	return errors.Join(
		patchError("TabularTransformer", []int{1}, 0, t.Width, t.Blocks, 0),
		divisorError("TabularTransformer.Heads", cmp.Or(t.Heads, 1), t.Width),
		optionalWidthError("TabularTransformer.Hidden", t.Hidden),
		optionalError("TabularTransformer.Time", t.Time),
	)
}

var (
	_ Module    = TabularTransformer{}
	_ Validator = TabularTransformer{}
)
