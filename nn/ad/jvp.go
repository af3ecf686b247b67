package ad

import "fmt"

// JVP returns the derivative of y along v: the tangent of y when x moves with
// velocity v, row by row. v has the shape of x, or spreads to it. The result
// is an expression in the shape of y, so that Grad and JVP nest to any order.
func JVP(y, x, v *Expr) *Expr {
	if !spreadsTo(v.cols, x.cols) || !spreadsTo(v.rows, x.rows) {
		mismatch("JVP", "x", x, "v", v, "the shape of x, or what spreads to it")
	}
	order := topological(y)
	active := dependents(order, []*Expr{x})
	tangent := map[*Expr]*Expr{x: spreadRows(spreadCols(v, x.cols), x.rows)}
	for _, e := range order {
		if e == x || !active[e] {
			continue
		}
		t := push(e, func(i int) *Expr { return tangent[e.args[i]] })
		if t != nil && !sameShape(e, t) {
			panic(fmt.Sprintf("ad: internal: tangent of %s %s has shape %s", e.op, e.shape(), t.shape()))
		}
		tangent[e] = t
	}
	if t := tangent[y]; t != nil {
		return t
	}
	return full(0, y)
}

// push returns the tangent of e given those of its operands; nil is 0.
func push(e *Expr, dot func(i int) *Expr) *Expr {
	arg := func(i int) *Expr { return e.args[i] }
	spread := func(t *Expr) *Expr { // to the shape of e
		if t == nil {
			return nil
		}
		return spreadRows(spreadCols(t, e.cols), e.rows)
	}
	switch e.op {
	case opMatMul:
		t := sum(product(MatMul, dot(0), arg(1)), product(MatMul, arg(0), dot(1)))
		if len(e.args) == 3 {
			t = sum(t, spread(dot(2)))
		}
		return t
	case opMatMulT:
		return sum(product(MatMulT, dot(0), arg(1)), product(MatMulT, arg(0), dot(1)))
	case opMatTMul:
		return sum(product(MatTMul, dot(0), arg(1)), product(MatTMul, arg(0), dot(1)))
	case opRowMatMul, opRowMatMulT, opRowMatTMul:
		multiply := func(a, b *Expr) *Expr { return rowProduct[e.op-opRowMatMul](a, b, e.index) }
		return sum(product(multiply, dot(0), arg(1)), product(multiply, arg(0), dot(1)))
	case opAdd:
		return sum(spread(dot(0)), spread(dot(1)))
	case opSub:
		return sum(spread(dot(0)), spread(negative(dot(1))))
	case opMul:
		return sum(product(Mul, dot(0), arg(1)), product(Mul, arg(0), dot(1)))
	case opDiv:
		return sum(product(Div, dot(0), arg(1)), negative(product(Mul, product(Div, e, arg(1)), dot(1))))
	case opOneHot, opMaxCols:
		return nil
	case opConcat:
		parts := make([]*Expr, len(e.args))
		for i, a := range e.args {
			if parts[i] = dot(i); parts[i] == nil {
				parts[i] = ConstRow(0, a.cols)
			}
		}
		return spread(Concat(parts...))
	}
	v := dot(0)
	if v == nil {
		return nil
	}
	switch e.op {
	case opScale:
		return Scale(e.value, v)
	case opShift:
		return v
	case opSumCols:
		return SumCols(v)
	case opSumRows:
		return SumRows(v)
	case opSpread:
		return spread(v)
	case opSlice:
		return Slice(v, e.index, e.index+e.cols)
	case opUnary:
		return mulSlope(v, e)
	case opSoftmax:
		return softmaxSlope(v, e)
	case opRMSNorm:
		return normSlope(v, e)
	case opInverseRMS:
		return SumCols(Mul(v, inverseRMSSlope(e)))
	case opRegroup:
		return Regroup(v, e.Groups())
	case opSumGroups:
		return SumGroups(v)
	case opGather:
		return Gather(v, e.table)
	case opScatter:
		return Scatter(v, e.table)
	}
	panic("ad: no derivative rule for " + e.op.String())
}

var rowProduct = [...]func(a, b *Expr, h int) *Expr{RowMatMul, RowMatMulT, RowMatTMul}

// sum adds tangents, product applies a bilinear operation; nil stands for 0.
func sum(a, b *Expr) *Expr {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	return Add(a, b)
}

func product(op func(a, b *Expr) *Expr, a, b *Expr) *Expr {
	if a == nil || b == nil {
		return nil
	}
	return op(a, b)
}

func negative(a *Expr) *Expr {
	if a == nil {
		return nil
	}
	return Neg(a)
}
