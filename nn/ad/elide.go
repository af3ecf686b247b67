package ad

import "slices"

// elide removes what is not stored: one-hots of which products read the labels, what
// products gather themselves, and regrouped values, which are what they regroup.
func (g *graph) elide() {
	stored := make(map[*node]bool)
	for _, n := range g.outs {
		stored[n] = true
	}
	for _, n := range g.nodes {
		for i, a := range n.args {
			if !n.makes(i) {
				stored[a] = true
			}
		}
	}
	for _, n := range g.nodes {
		n.elided = (n.op == opOneHot || n.op == opGather) && !stored[n] || n.op == opRegroup
	}
	g.nodes = slices.DeleteFunc(g.nodes, func(n *node) bool { return n.elided })
}

// makes reports whether n, a product, makes what it needs of operand i itself, if
// that is a one-hot or gathered. What all directions need is gathered once.
func (n *node) makes(i int) bool {
	a := n.args[i]
	if a.op != opGather {
		return n.multiplies(i)
	}
	switch {
	case a.phase != n.phase, a.rows == 1:
		return false
	case n.op == opMatMulT && i == 0:
		return true
	case n.op == opMatTMul && i == 1:
		return len(n.args) == 2 && n.args[0].op != opGather
	}
	return n.multiplies(i)
}

// multiplies reports whether operand i of n is the x of a product x·w or xᵀ·g.
func (n *node) multiplies(i int) bool {
	switch {
	case n.op == opMatTMul:
		return i < len(n.args)-1
	case n.op == opMatMul, n.op == opUnary && n.folded != nil:
		return i == 0
	}
	return false
}

// reads returns the stored values that n reads.
func (n *node) reads() []*node {
	stored := slices.Clone(n.args)
	for i, a := range stored {
		stored[i] = a.store()
	}
	return stored
}

// store returns the stored value from which n is read.
func (n *node) store() *node {
	for n.elided {
		n = n.args[0]
	}
	return n
}
