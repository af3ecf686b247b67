package ad

import (
	"fmt"
	"slices"
)

// A one-hot matrix is a value like any other, but products do not need it: x·w
// gathers rows of w, xᵀ·g adds rows of g to those of a sum. So where a product
// reads it, alone or as a wide part of a concatenation, its labels are read
// instead and the matrix is not stored. Since a product adds its terms in order
// and those with a factor 0 change nothing, the result has the bits of the whole
// matrix, as far as parameters and adjoints are finite.

// MostClasses is the largest number of classes, the whole numbers that float32 has.
const MostClasses = 1 << 24

// OneHot returns the indicators of a column of labels 0, 1, …, classes−1,
//
//	y_k = [k−½ < label ≤ k+½].
//
// A label outside, such as −1, and NaN give zeros. The derivative with respect to
// the labels is 0. Memory and time of its products do not grow with rows·classes,
// also as a part of a Concat; any other operation makes the whole matrix. OneHot
// panics when labels has not one column or classes is not 1, …, MostClasses.
func OneHot(labels *Expr, classes int) *Expr {
	mustBePositive("OneHot", "classes", classes)
	if classes > MostClasses {
		panic(fmt.Sprintf("ad: OneHot: classes = %d, want at most %d", classes, MostClasses))
	}
	if labels.cols != 1 {
		panic(fmt.Sprintf("ad: OneHot: labels is %s, want one column", labels.shape()))
	}
	return &Expr{op: opOneHot, args: []*Expr{labels}, rows: labels.rows, cols: classes}
}

// handsOn reports whether e hands its adjoints on one by one, not their sum: what
// products do not store, a sum would. A part of a concatenation gets slices of
// products g·wᵀ, of which no more is computed, and such a product, whose slices
// have adjoints that are zero elsewhere, one of them at a time.
func handsOn(e, g *Expr) bool {
	return e.op == opConcat && holdsSparse(e) || e.op == opMatMulT && holdsSparse(g)
}

// holdsSparse reports whether e is sparse or a concatenation with a part that is.
func holdsSparse(e *Expr) bool {
	return e.op == opConcat && slices.ContainsFunc(e.args, holdsSparse) ||
		e.cols >= wide && (e.op == opOneHot || e.op == opConst && e.value == 0)
}

// wide is the number of columns from which a one-hot or zeros in a concatenation
// are kept apart. For fewer one product with the whole is faster than two with the
// parts.
const wide = 32

// sparse reports whether n is a wide one-hot or wide zeros.
func sparse(n *node) bool { return n.op != opConcat && holdsSparse(n.Expr) }

// parts returns what products read of x in place of a concatenation with sparse
// parts: these, zeros as the one-hot of no class, and what is between them as one.
// It returns x for a one-hot, nil for what products read as a whole.
func (g *numbering) parts(x *node) []*node {
	whole := x
	if x.op == opSpread && x.args[0].cols == x.cols {
		whole = x.args[0]
	}
	switch {
	case x.op == opOneHot:
		return []*node{x}
	case whole.op != opConcat || !slices.ContainsFunc(whole.args, sparse):
		return nil
	}
	var parts, run []*node
	add := func(n *node) { parts = append(parts, g.spread(&Expr{rows: x.rows, cols: n.cols}, n)) }
	flush := func() {
		cols := 0
		for _, n := range run {
			cols += n.cols
		}
		if cols > 0 {
			add(g.concat(&Expr{op: opConcat, rows: whole.rows, cols: cols}, run))
		}
		run = nil
	}
	for _, n := range whole.args {
		switch {
		case !sparse(n):
			run = append(run, n)
		case n.op == opOneHot:
			flush()
			add(n)
		default:
			flush()
			add(g.intern(OneHot(Const(-1), n.cols), []*node{g.constant(-1, Const(-1))}))
		}
	}
	flush()
	return parts
}

// multiplyParts is multiply for the parts of x: each product is accumulated onto
// the one before, with the rows of w that belong to it.
func (g *numbering) multiplyParts(e *Expr, parts []*node, args []*node) *node {
	w, sum, at := args[1], args[2:], 0
	for _, x := range parts {
		if none := x.op == opOneHot && isConst(g.unspread(x.args[0]), -1); !none {
			term := &Expr{op: opMatMul, rows: e.rows, cols: e.cols, index: e.index + at}
			sum = []*node{g.multiply(term, append([]*node{x, w}, sum...))}
		}
		at += x.cols
	}
	if len(sum) == 0 {
		return g.constant(0, e)
	}
	return g.spread(e, sum[0])
}

// sliceParts returns the columns of e of a concatenation with sparse parts.
func (g *numbering) sliceParts(e *Expr, x *node) *node {
	var parts []*node
	at := 0
	for _, n := range x.args {
		cols := n.cols
		if from, to := max(e.index, at), min(e.index+e.cols, at+cols); from < to {
			if to-from < cols {
				n = g.slice(&Expr{op: opSlice, rows: n.rows, cols: to - from, index: from - at}, n)
			}
			parts = append(parts, n)
		}
		at += cols
	}
	return g.concat(e, parts)
}
