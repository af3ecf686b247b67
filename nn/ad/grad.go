package ad

import (
	"fmt"
	"slices"
)

// Grad returns, for each of wrt, the gradient of the sum of all entries of y:
// ∂(Σ y)/∂w in the shape of w. Since rows do not interact, the gradient of a
// one-column y with respect to a per-row x is the gradient of each row of y.
// The result is an expression like any other, so that Grad and JVP nest to
// any order. A w that y does not depend on gives zeros.
func Grad(y *Expr, wrt ...*Expr) []*Expr {
	order := topological(y)
	active := dependents(order, wrt)
	adjoint := make(map[*Expr]*Expr)
	var give func(e, g *Expr)
	give = func(e, g *Expr) {
		if g == nil {
			return
		}
		if !sameShape(e, g) {
			panic(fmt.Sprintf("ad: internal: adjoint of %s %s has shape %s", e.op, e.shape(), g.shape()))
		}
		if handsOn(e, g) && !slices.Contains(wrt, e) {
			pull(e, g, active, give)
			return
		}
		if have := adjoint[e]; have != nil {
			g = Add(have, g)
		}
		adjoint[e] = g
	}
	if active[y] {
		give(y, full(1, y))
	}
	for i := len(order) - 1; i >= 0; i-- {
		e := order[i]
		if g := adjoint[e]; g != nil {
			pull(e, g, active, give)
		}
	}
	grads := make([]*Expr, len(wrt))
	for i, w := range wrt {
		if grads[i] = adjoint[w]; grads[i] == nil {
			grads[i] = full(0, w)
		}
	}
	return grads
}

// pull hands g = ∂/∂e on to the operands of e that are active.
func pull(e, g *Expr, active map[*Expr]bool, give func(e, g *Expr)) {
	arg := func(i int) *Expr { return e.args[i] }
	to := func(i int, g func() *Expr) {
		if active[arg(i)] {
			give(arg(i), g())
		}
	}
	switch e.op {
	case opInput, opParam, opRandom, opConst, opOneHot, opMaxCols:
	case opMatMul:
		to(0, func() *Expr { return MatMulT(g, arg(1)) })
		to(1, func() *Expr { return MatTMul(arg(0), g) })
		if len(e.args) == 3 {
			to(2, func() *Expr { return sumTo(arg(2), g) })
		}
	case opMatMulT:
		to(0, func() *Expr { return MatMul(g, arg(1)) })
		to(1, func() *Expr { return MatTMul(g, arg(0)) })
	case opMatTMul:
		to(0, func() *Expr { return MatMulT(arg(1), g) })
		to(1, func() *Expr { return MatMul(arg(0), g) })
	case opAdd:
		to(0, func() *Expr { return sumTo(arg(0), g) })
		to(1, func() *Expr { return sumTo(arg(1), g) })
	case opSub:
		to(0, func() *Expr { return sumTo(arg(0), g) })
		to(1, func() *Expr { return sumTo(arg(1), Neg(g)) })
	case opMul:
		to(0, func() *Expr { return sumTo(arg(0), Mul(g, arg(1))) })
		to(1, func() *Expr { return sumTo(arg(1), Mul(g, arg(0))) })
	case opDiv:
		to(0, func() *Expr { return sumTo(arg(0), Div(g, arg(1))) })
		to(1, func() *Expr { return sumTo(arg(1), Neg(Mul(g, Div(e, arg(1))))) })
	case opScale:
		to(0, func() *Expr { return Scale(e.value, g) })
	case opShift:
		to(0, func() *Expr { return g })
	case opSumCols:
		to(0, func() *Expr { return spreadCols(g, arg(0).cols) })
	case opSumRows:
		to(0, func() *Expr { return spreadRows(g, arg(0).rows) })
	case opSpread:
		to(0, func() *Expr { return sumTo(arg(0), g) })
	case opConcat:
		at := 0
		for i, a := range e.args {
			from := at
			to(i, func() *Expr { return sumTo(a, Slice(g, from, from+a.cols)) })
			at += a.cols
		}
	case opSlice:
		to(0, func() *Expr { return pad(g, e.index, arg(0).cols) })
	case opUnary:
		to(0, func() *Expr { return mulSlope(g, e) })
	case opSoftmax:
		to(0, func() *Expr { return softmaxSlope(g, e) })
	case opRMSNorm:
		to(0, func() *Expr { return normSlope(g, e) })
	case opInverseRMS:
		to(0, func() *Expr { return Mul(g, inverseRMSSlope(e)) })
	case opRegroup:
		to(0, func() *Expr { return Regroup(g, arg(0).Groups()) })
	case opSumGroups:
		to(0, func() *Expr { return spreadRows(g, arg(0).rows) })
	case opGather:
		to(0, func() *Expr { return Regroup(Scatter(g, e.table), arg(0).Groups()) })
	case opScatter:
		to(0, func() *Expr { return Regroup(Gather(g, e.table), arg(0).Groups()) })
	case opRowMatMul:
		to(0, func() *Expr { return RowMatMulT(g, arg(1), e.index) })
		to(1, func() *Expr { return RowMatTMul(arg(0), g, e.index) })
	case opRowMatMulT:
		to(0, func() *Expr { return RowMatMul(g, arg(1), e.index) })
		to(1, func() *Expr { return RowMatTMul(g, arg(0), e.index) })
	case opRowMatTMul:
		to(0, func() *Expr { return RowMatMulT(arg(1), g, e.index) })
		to(1, func() *Expr { return RowMatMul(arg(0), g, e.index) })
	}
}

// mulSlope returns v ⊙ fn′(x) for e = fn(x), nil when the derivative is 0.
func mulSlope(v, e *Expr) *Expr {
	if s := slope(e); s != nil {
		return Mul(v, s)
	}
	return nil
}

// sumTo adds g over the dimensions in which e was spread.
func sumTo(e, g *Expr) *Expr {
	if e.cols == 1 {
		g = SumCols(g)
	}
	switch e.rows {
	case 1:
		g = SumRows(g)
	case batch:
		g = SumGroups(g)
	}
	return g
}

// pad puts g at column from of a row of cols zeros.
func pad(g *Expr, from, cols int) *Expr {
	var parts []*Expr
	if from > 0 {
		parts = append(parts, ConstRow(0, from))
	}
	parts = append(parts, g)
	if rest := cols - from - g.cols; rest > 0 {
		parts = append(parts, ConstRow(0, rest))
	}
	return Concat(parts...)
}
