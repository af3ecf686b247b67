package ad

import "slices"

// fuse folds a function of one variable into the instruction that makes its
// operand (a product with bias, then the activation in place) or into the
// product that uses it (an activation's derivative times a gradient), when
// nobody else needs the value in between.
func (g *graph) fuse() {
	for _, n := range g.nodes {
		switch {
		case n.op == opUnary && n.args[0].op == opMatMul && n.args[0].uses == 1 && n.args[0].phase == n.phase:
			m := n.args[0]
			m.into = n
			n.args, n.folded = m.args, m
		case n.op == opMul:
			for i, f := range n.args {
				v := n.args[1-i]
				if f.op == opUnary && f.folded == nil && f.uses == 1 && f.phase == n.phase &&
					sameShape(f.Expr, n.Expr) && sameShape(v.Expr, n.Expr) {
					f.into = n
					n.args, n.folded = []*node{v, f.args[0]}, f
					break
				}
			}
		}
	}
	g.fuseSlices()
	g.fuseScatters()
	g.nodes = slices.DeleteFunc(g.nodes, func(n *node) bool { return n.into != nil })
}

// fuseSlices folds the product g·wᵀ into the slices of it, when nobody needs more
// of it and these need not all: the columns of a slice are a product with the rows
// of w that belong to them.
func (g *graph) fuseSlices() {
	cut := make(map[*node][]*node)
	for _, n := range g.nodes {
		if m := n.args; n.op == opSlice && m[0].op == opMatMulT && m[0].phase == n.phase {
			cut[m[0]] = append(cut[m[0]], n)
		}
	}
	for m, users := range cut {
		cols := 0
		for _, n := range users {
			cols += n.cols
		}
		if len(users) < m.uses || cols >= m.cols {
			continue
		}
		m.into = users[0]
		for _, n := range users {
			n.args, n.folded = m.args, m
		}
	}
}
