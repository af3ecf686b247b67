package ad

// withinSamples simplifies what works sample by sample.
func (g *numbering) withinSamples(e *Expr, args []*node) *node {
	x := args[0]
	switch {
	case isZero(x), len(args) > 1 && isZero(args[1]):
		return g.constant(0, e)
	case e.op == opRegroup:
		return g.regroup(e, x)
	case e.op == opSumGroups && x.op == opConst:
		return g.constant(x.value*float64(x.Groups()), e)
	case e.op == opSumGroups && x.op == opSpread:
		if u := g.least(x); u.rows != x.rows {
			return g.scale(float64(x.Groups()), g.spread(e, u))
		}
	case (e.op == opGather || e.op == opScatter) && x.op == opRegroup:
		return g.withinSamples(e, x.args) // tables know samples, not rows
	case e.op == opScatter && x.op != opSpread:
		if t := e.table.inverse(); t != nil {
			return g.intern(&Expr{op: opGather, rows: batch, cols: e.cols, table: t}, args)
		}
	case (e.op == opGather || e.op == opScatter) && x.op == opSpread && x.args[0].rows == 1 && (x.rows == batch || x.args[0].cols == 1):
		u := g.spread(&Expr{rows: 1, cols: x.columns()}, x.args[0])
		return g.regroup(e, g.spread(&Expr{rows: batch, cols: e.columns()}, g.moveOnce(e, u)))
	}
	return g.intern(e, args)
}

// multiplied reports whether n is a product, which a Scatter of it makes for itself.
func (n *node) multiplied() bool { return n.op == opMatMul || n.op == opMatMulT }

// moveOnce returns the Gather or Scatter e of a row that all samples have, a row that
// all of them have.
func (g *numbering) moveOnce(e *Expr, row *node) *node {
	return g.intern(&Expr{op: e.op, rows: 1, cols: e.columns(), table: e.table}, []*node{row})
}

// regroup looks through values whose numbers are the same in any number of rows.
func (g *numbering) regroup(e *Expr, x *node) *node {
	switch {
	case sameShape(e, x.Expr):
		return x
	case x.op == opConst:
		return g.constant(x.value, e)
	case x.op == opRegroup:
		return g.regroup(e, x.args[0])
	case x.op == opGather:
		if t := x.table.inRows(e.Groups()); t != nil {
			return g.intern(&Expr{op: opGather, rows: e.rows, cols: e.cols, table: t}, x.args)
		}
	case x.op == opSpread && x.args[0].cols == 1 && spreadsTo(x.args[0].rows, batch):
		return g.spread(e, x.args[0]) // one number for each sample
	}
	return g.intern(&Expr{op: opRegroup, rows: e.rows, cols: e.cols}, []*node{x})
}
