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
	after               // once per Run, from sums over rows
)

// hoist gives every node its phase: values that need no row are computed once
// per Run ahead of the blocks, those that need a sum over rows once after
// them.
func (g *graph) hoist() {
	late := func(a *node) bool { return a.sums || a.phase == after }
	for _, n := range g.nodes {
		switch i := slices.IndexFunc(n.args, late); {
		case n.rows == 0 && i >= 0:
			panic(fmt.Sprintf("ad: Compile: %s, of each row, needs %s, a sum over the rows of the same program: "+
				"split the work into two programs, or keep rows independent", n.describe(), n.args[i].describe()))
		case n.rows == 0:
			n.phase = body
		case slices.ContainsFunc(n.args, func(a *node) bool { return a.rows == 0 }):
			n.phase, n.sums = body, true
		case i >= 0:
			n.phase = after
		}
	}
}
