package ad

import (
	"fmt"
	"slices"
)

// phase says when a value is computed.
type phase uint8

const (
	before phase = iota // once per Run, ahead of the rows: needs no row
	body                // block by block
	turns               // in each block, once for each direction
	after               // once per Run, from sums over rows
)

// hoist gives every node its phase: values that need no row are computed once
// per Run ahead of the blocks, those that need a sum over rows once after
// them. What depends on a direction is done for each, after the rest of the
// block.
func (g *graph) hoist() {
	late := func(a *node) bool { return a.sums || a.phase == after }
	turning := func(a *node) bool { return a.phase == turns }
	for _, n := range g.nodes {
		if n.Expr == g.direction || slices.ContainsFunc(n.args, turning) {
			n.phase = turns
			if n.rows > 0 && slices.ContainsFunc(n.args, func(a *node) bool { return a.PerRow() }) {
				panic(fmt.Sprintf("ad: CompileOver: %s, a sum over the rows, depends on the direction", n.describe()))
			}
			continue
		}
		switch i := slices.IndexFunc(n.args, late); {
		case n.PerRow() && i >= 0:
			panic(fmt.Sprintf("ad: Compile: %s, of each row, needs %s, a sum over the rows of the same program: "+
				"split the work into two programs, or keep rows independent", n.describe(), n.args[i].describe()))
		case n.PerRow():
			n.phase = body
		case slices.ContainsFunc(n.args, func(a *node) bool { return a.PerRow() }):
			n.phase, n.sums = body, true
		case i >= 0:
			n.phase = after
		}
	}
	for i, n := range g.outs {
		if n.phase == turns && n.rows > 0 {
			panic(fmt.Sprintf("ad: CompileOver: output %d, %s, depends on the direction and is not of each row", i, n.describe()))
		}
	}
	slices.SortStableFunc(g.nodes, func(a, b *node) int { return count(turning(a)) - count(turning(b)) })
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}
