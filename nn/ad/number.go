package ad

import (
	encode "encoding/binary"
	"math"
	"slices"
)

// node is one value of a program under construction. Where an Expr is what
// the caller wrote, nodes are numbered: equal values are one node.
type node struct {
	*Expr  // operation and shape; its args are not used
	id     int
	args   []*node
	uses   int      // by nodes and outputs
	phase  phase    // see hoist
	sums   bool     // a sum over the rows of the batch
	folded *node    // the operand computed within this instruction, see fuse
	into   *node    // the instruction that this node is folded into
	turned *Table   // of a product that is scattered: what is gathered instead, see turn
	elided bool     // not stored: a one-hot of which products read the labels, or a regrouped value
	home   location // see place
	out    int      // of a sum: 1 + the output in which it is formed, or 0
}

// graph is a program under construction, which the passes of Compile turn from
// expressions into instructions.
type graph struct {
	direction *Expr   // nil when there is none
	half      bool    // wide products are of bfloat16
	nodes     []*node // operands before their users
	outs      []*node
	layout    layout
	phases    [4][]instr
	// packings are the parameter matrices that products need in the kernels'
	// layout.
	packings []packing
	// plain are the parameters that are read as they are.
	plain []span
	// pieces are the sums over rows.
	pieces []piece
}

// numbering identifies equal values.
type numbering struct {
	count int
	known map[string]*node
	leaf  map[*Expr]int // identity of Input leaves
}

// number rebuilds the outputs bottom-up: every value is simplified and then
// identified with an equal one if there is one.
func number(out []*Expr) *graph {
	g := &numbering{known: make(map[string]*node), leaf: make(map[*Expr]int)}
	of := make(map[*Expr]*node)
	for _, e := range topological(out...) {
		args := make([]*node, len(e.args))
		for i, a := range e.args {
			args[i] = of[a]
		}
		of[e] = g.simplify(e, args)
	}
	outs := make([]*node, len(out))
	for i, e := range out {
		outs[i] = of[e]
	}
	return &graph{outs: outs}
}

// intern returns the node for an operation on args, a new one if need be.
func (g *numbering) intern(e *Expr, args []*node) *node {
	if e.op == opAdd || e.op == opMul { // these commute, to the bit
		if args[0].id > args[1].id {
			args = []*node{args[1], args[0]}
		}
	}
	key := make([]byte, 0, 64)
	for _, v := range []int{int(e.op), int(e.fn), e.rows, e.cols, e.index} {
		key = encode.AppendVarint(key, int64(v))
	}
	key = encode.BigEndian.AppendUint64(key, math.Float64bits(e.value))
	if e.op == opInput {
		if _, ok := g.leaf[e]; !ok {
			g.leaf[e] = len(g.leaf)
		}
		key = encode.AppendVarint(key, int64(g.leaf[e]))
	}
	if e.table != nil {
		key = append(key, e.table.key[:]...)
	}
	for _, a := range args {
		key = encode.AppendVarint(key, int64(a.id))
	}
	if n, ok := g.known[string(key)]; ok {
		return n
	}
	n := &node{Expr: e, id: g.count, args: args}
	g.count++
	g.known[string(key)] = n
	return n
}

// schedule lists the nodes that the outputs need, operands first, numbers them
// in that order and counts their uses; what no output needs is pruned. Outputs
// that need less come first, so that the gradient of a late layer is formed as
// soon as its operands are there.
func (g *graph) schedule() {
	height := make(map[*node]int)
	var rank func(n *node) int
	rank = func(n *node) int {
		h, ok := height[n]
		if !ok {
			for _, a := range n.args {
				h = max(h, rank(a)+1)
			}
			height[n] = h
		}
		return h
	}
	for _, n := range g.outs {
		rank(n)
	}
	byHeight := slices.Clone(g.outs)
	slices.SortStableFunc(byHeight, func(a, b *node) int { return height[a] - height[b] })
	seen := make(map[*node]bool)
	var visit func(n *node)
	visit = func(n *node) {
		n.uses++
		if seen[n] {
			return
		}
		seen[n] = true
		for _, a := range n.args {
			visit(a)
		}
		n.id = len(g.nodes)
		g.nodes = append(g.nodes, n)
	}
	for _, n := range byHeight {
		visit(n)
	}
}
