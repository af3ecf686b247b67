package ad

import "slices"

// simplify returns a node that equals e applied to args: a shorter one where
// a rule below applies. The rules remove what differentiation leaves behind,
// constants, factors of one, zeros, and repeat a value over rows or columns as
// late as they can, so that work on a repeated value is done once. They treat
// 0·x as 0.
func (g *numbering) simplify(e *Expr, args []*node) *node {
	switch e.op {
	case opAdd, opSub, opMul, opDiv:
		return g.arithmetic(e, args[0], args[1])
	case opScale, opShift, opUnary:
		return g.function(e, args[0])
	case opSpread:
		return g.spread(e, args[0])
	case opStop:
		return args[0]
	case opSumCols:
		switch x := args[0]; {
		case x.op == opConst:
			return g.constant(x.value*float64(x.cols), e)
		case x.op == opSpread && x.args[0].cols == 1:
			return g.scale(float64(x.cols), g.spread(e, x.args[0]))
		}
	case opRegroup, opSumGroups, opGather, opScatter, opRowMatMul, opRowMatMulT, opRowMatTMul:
		return g.withinSamples(e, args)
	case opRMSNorm:
		s := inverseRMS(e.args[0], e.value)
		return g.arithmetic(&Expr{op: opMul, rows: e.rows, cols: e.cols}, args[0], g.simplify(s, args))
	case opSoftmax, opInverseRMS:
		if u := g.least(args[0]); u.rows != e.rows {
			once := *e
			once.rows = u.rows
			return g.spread(e, g.intern(&once, []*node{u}))
		}
	case opSumRows:
		switch x := args[0]; {
		case x.op == opConst && x.rows > 0:
			return g.constant(x.value*float64(x.rows), e)
		case x.op == opScatter && x.table.size == 1 && !x.args[0].multiplied():
			row := &Expr{op: opSumRows, rows: 1, cols: x.args[0].columns()}
			sample := g.regroup(&Expr{rows: batch, cols: row.cols}, x.args[0])
			return g.moveOnce(x.Expr, g.simplify(row, []*node{sample})) // single numbers are slow to move
		}
	case opSlice:
		return g.slice(e, args[0])
	case opConcat:
		return g.concat(e, args)
	case opMatMul, opMatMulT:
		return g.multiply(e, args)
	case opMatTMul:
		if isZero(args[0]) || isZero(args[1]) {
			return g.constant(0, e)
		}
		if parts := g.parts(args[0]); parts != nil {
			args = append(parts, args[1])
		}
	}
	return g.intern(e, args)
}

func isConst(n *node, c float64) bool { return n.op == opConst && n.value == c }
func isZero(n *node) bool             { return isConst(n, 0) }

// constant returns the constant c in the shape of e.
func (g *numbering) constant(c float64, e *Expr) *node { return g.intern(full(c, e), nil) }

// scale returns c·x.
func (g *numbering) scale(c float64, x *node) *node { return g.simplify(Scale(c, x.Expr), []*node{x}) }

// spread returns x repeated to the shape of e.
func (g *numbering) spread(e *Expr, x *node) *node {
	switch {
	case sameShape(e, x.Expr):
		return x
	case x.op == opConst:
		return g.constant(x.value, e)
	case x.op == opSpread:
		return g.spread(e, x.args[0])
	case x.op == opOneHot && x.cols == e.cols:
		labels := g.spread(&Expr{rows: e.rows, cols: 1}, x.args[0])
		return g.intern(&Expr{op: opOneHot, rows: e.rows, cols: e.cols, index: x.index}, []*node{labels})
	}
	return g.intern(&Expr{op: opSpread, rows: e.rows, cols: e.cols}, []*node{x})
}

// unspread returns what x repeats.
func (g *numbering) unspread(x *node) *node {
	switch x.op {
	case opConst:
		return g.constant(x.value, &Expr{rows: 1, cols: 1})
	case opSpread:
		return x.args[0]
	}
	return x
}

// least returns the rows that the rows of x repeat: one, one for each sample, or
// all of them.
func (g *numbering) least(x *node) *node {
	if x.op == opOneHot {
		if labels := g.least(x.args[0]); labels.rows != x.rows {
			return g.intern(&Expr{op: opOneHot, rows: labels.rows, cols: x.cols, index: x.index}, []*node{labels})
		}
		return x
	}
	if u := g.unspread(x); u.rows != x.rows {
		return g.spread(&Expr{rows: u.rows, cols: x.cols}, u)
	}
	return x
}

// function simplifies a function of one variable. Those of constants are left
// to the kernels, which have the same bits everywhere.
func (g *numbering) function(e *Expr, x *node) *node {
	switch {
	case e.op == opScale && e.value == 1, e.op == opShift && e.value == 0:
		return x
	case e.op == opScale && e.value == 0:
		return g.constant(0, e)
	case e.op == opScale && x.op == opScale:
		return g.scale(e.value*x.value, x.args[0])
	case e.op == opScale && x.op == opConst:
		return g.constant(e.value*x.value, e)
	case e.op == opShift && x.op == opConst:
		return g.constant(x.value+e.value, e)
	}
	if x.op == opRegroup {
		inner := x.args[0]
		once := *e
		once.rows, once.cols = inner.rows, inner.cols
		return g.regroup(e, g.function(&once, inner))
	}
	if u := g.unspread(x); u != x {
		once := *e
		once.rows, once.cols = u.rows, u.cols
		return g.spread(e, g.function(&once, u))
	}
	return g.intern(e, []*node{x})
}

// arithmetic simplifies a op b on what the operands repeat: the kernels repeat
// operands of one row or column themselves.
func (g *numbering) arithmetic(e *Expr, a, b *node) *node {
	a, b = g.unspread(a), g.unspread(b)
	for _, p := range [2][2]*node{{a, b}, {b, a}} {
		if n := g.slope(e, p[0], p[1]); n != nil {
			return n
		}
	}
	shift := func(x *node, c float64) *node {
		return g.spread(e, g.simplify(Shift(x.Expr, c), []*node{x}))
	}
	negated := func(n *node) bool { return n.op == opScale && n.value == -1 }
	switch {
	case a.op == opConst && b.op == opConst:
		return g.constant(arithmeticOf(e.op)(a.value, b.value), e)
	case e.op == opMul && (isZero(a) || isZero(b)), e.op == opDiv && isZero(a):
		return g.constant(0, e)
	case e.op == opAdd && a.op == opConst:
		return shift(b, a.value)
	case e.op == opAdd && b.op == opConst:
		return shift(a, b.value)
	case e.op == opSub && b.op == opConst:
		return shift(a, -b.value)
	case e.op == opSub && isZero(a):
		return g.spread(e, g.scale(-1, b))
	case e.op == opMul && a.op == opConst:
		return g.spread(e, g.scale(a.value, b))
	case e.op == opMul && b.op == opConst:
		return g.spread(e, g.scale(b.value, a))
	case e.op == opDiv && b.op == opConst:
		return g.spread(e, g.scale(1/b.value, a))
	case e.op == opDiv && b.cols == 1 && e.cols > 1 && e.rows < batch:
		return g.arithmetic(Mul(e, e), a, g.simplify(Recip(b.Expr), []*node{b}))
	case e.op == opAdd && negated(b):
		return g.arithmetic(Sub(e, e), a, b.args[0])
	case e.op == opAdd && negated(a):
		return g.arithmetic(Sub(e, e), b, a.args[0])
	case e.op == opSub && negated(b):
		return g.arithmetic(Add(e, e), a, b.args[0])
	}
	return g.spread(e, g.intern(binary(e.op.String(), e.op, a.Expr, b.Expr), []*node{a, b}))
}

// slope returns the product of a and b when it is the derivative of a softmax or a norm.
func (g *numbering) slope(e *Expr, a, b *node) *node {
	if isSoftmaxSlope(e, a, b) {
		return g.intern(&Expr{op: opSoftmaxSlope, rows: e.rows, cols: e.cols}, []*node{b.args[0], a})
	}
	if v, y, ok := isNormSlope(e, a, b); ok {
		return g.intern(&Expr{op: opNormSlope, rows: e.rows, cols: e.cols}, []*node{v, y, a})
	}
	return nil
}

// multiply simplifies x·w, b + x·w and g·wᵀ: a row that repeats is multiplied
// once, and the kernels repeat an addend of one row themselves.
func (g *numbering) multiply(e *Expr, args []*node) *node {
	if e.op == opMatMul {
		if parts := g.parts(args[0]); len(parts) > 1 {
			return g.multiplyParts(e, parts, args)
		}
	}
	x, addend := args[0], args[2:]
	if len(addend) == 1 {
		if b := g.least(addend[0]); b.rows == 1 {
			addend = []*node{b}
		}
	} else if isZero(x) || isZero(args[1]) {
		return g.constant(0, e)
	}
	once := *e
	if u := g.least(x); len(addend) == 0 || addend[0].rows == 1 {
		x, once.rows = u, u.rows
	}
	return g.spread(e, g.intern(&once, append([]*node{x, args[1]}, addend...)))
}

// slice looks through what puts columns together.
func (g *numbering) slice(e *Expr, x *node) *node {
	within := func(x *node, from int) *node {
		if x.cols == e.cols {
			return g.spread(e, x)
		}
		return g.spread(e, g.slice(&Expr{op: opSlice, rows: x.rows, cols: e.cols, index: from}, x))
	}
	switch x.op {
	case opConst:
		return g.constant(x.value, e)
	case opSlice:
		return within(x.args[0], x.index+e.index)
	case opSpread:
		if u := x.args[0]; u.cols == 1 {
			return g.spread(e, u)
		}
		return within(x.args[0], e.index)
	case opOneHot:
		return g.spread(e, g.intern(&Expr{op: opOneHot, rows: x.rows, cols: e.cols, index: x.index + e.index}, x.args))
	case opConcat:
		at := 0
		for _, part := range x.args {
			if e.index >= at && e.index+e.cols <= at+part.cols {
				return within(part, e.index-at)
			}
			at += part.cols
		}
		if slices.ContainsFunc(x.args, sparse) {
			return g.sliceParts(e, x)
		}
	}
	return g.intern(e, []*node{x})
}

// concat flattens nested concatenations, keeps the least rows of parts whose rows
// repeat, and joins neighbouring equal constants, so that padding with zeros
// twice costs no more than once.
func (g *numbering) concat(e *Expr, args []*node) *node {
	var flat []*node
	once := Expr{op: opConcat, rows: 1, cols: e.cols}
	var add func(n *node)
	add = func(n *node) {
		if n.op == opConcat {
			for _, a := range n.args {
				add(a)
			}
			return
		}
		if n = g.least(n); spreadsTo(once.rows, n.rows) {
			once.rows = n.rows
		}
		if last := len(flat) - 1; last >= 0 && n.op == opConst && isConst(flat[last], n.value) {
			flat[last] = g.constant(n.value, &Expr{rows: 1, cols: flat[last].cols + n.cols})
			return
		}
		flat = append(flat, n)
	}
	for _, a := range args {
		add(a)
	}
	if len(flat) == 1 {
		return g.spread(e, flat[0])
	}
	return g.spread(e, g.intern(&once, flat))
}
