package ad

import (
	"fmt"
	"slices"
)

// space names the storage that holds a value while a program runs.
type space uint8

const (
	nowhere    space = iota
	inArena          // a worker's block of rows
	inOnce           // values computed once per Run
	inLane           // a sum over rows
	inWeights        // the packed parameters
	inInput          // what the caller passed in
	inOutput         // what the caller gets out
	inConstant       // one number
)

// location is a place in a space. In the arena at counts columns, for inputs
// and outputs it is an index, else it counts elements.
type location struct {
	space space
	at    int
}

// line is the number of elements to which sums over rows are aligned: a line of
// the cache, or two.
const line = 16

// layout is the storage that a program needs.
type layout struct {
	arena    int // columns of a worker's block
	piece    int // elements of rows that a worker gathers at a time
	once     int // elements
	lane     int // elements of the sums over rows
	constant []float64
}

// reserve makes room for a piece of the rows of a table or its parts, and for what
// its windows pass over.
func (l *layout) reserve(t *Table) {
	for _, half := range []bool{false, true} {
		l.piece = max(l.piece, t.pieceNumbers(half))
		for _, part := range t.parts {
			l.piece = max(l.piece, part.pieceNumbers(half))
		}
	}
	if t.windows != nil {
		l.piece = max(l.piece, t.windows.samples*t.windows.size)
	}
}

// place gives every node its home. Leaves live where the caller put them, a
// per-row output directly in the caller's slice, a sum that is an output too once
// its lanes are added, and the other per-row values in one arena in which a
// value's columns are reused after its last use.
func (g *graph) place(in []*Expr) {
	l := &g.layout
	for i, e := range in {
		for _, n := range g.nodes {
			if n.Expr == e {
				n.home = location{inInput, i}
			}
		}
	}
	for i, n := range g.outs {
		switch n = n.store(); {
		case n.PerRow() && n.home.space == nowhere && n.phase == body:
			n.home = location{inOutput, i}
		case n.sums && n.out == 0:
			n.out = 1 + i
		}
	}
	last := lastUses(g.nodes, g.outs)
	matrix := neededAsMatrix(g.nodes, g.outs)
	var free freeList
	for i, n := range g.nodes {
		elements := n.rows * n.cols
		switch {
		case n.op == opInput && n.home.space == nowhere && n.Expr != g.direction:
			panic(fmt.Sprintf("ad: Compile: the leaf %s is needed but not listed among the inputs", n.describe()))
		case n.home.space != nowhere:
		case n.op == opConst && !matrix[n]:
			n.home = location{inConstant, len(l.constant)}
			l.constant = append(l.constant, n.value)
		case n.op == opParam:
			n.home = location{inWeights, n.index}
		case n.sums:
			n.home = location{inLane, l.lane}
			g.pieces = append(g.pieces, piecesOf(l.lane, elements, n.out)...)
			l.lane += (elements + line - 1) / line * line
		case n.phase == before || n.phase == after:
			n.home = location{inOnce, l.once}
			l.once += elements
		default:
			if a := reusable(n, i, last); a != nil {
				n.home = a.home
			} else {
				n.home = location{inArena, free.take(n.columns())}
			}
		}
		for _, a := range uniq(n.reads()) {
			if a.home.space == inArena && last[a] == i && a.home != n.home {
				free.give(a.home.at, a.columns())
			}
		}
	}
	l.arena = free.end
}

// neededAsMatrix returns the nodes that are read as a whole matrix. Arithmetic
// reads a constant as one number instead.
func neededAsMatrix(nodes, outs []*node) map[*node]bool {
	matrix := make(map[*node]bool)
	for _, n := range nodes {
		for _, a := range n.reads() {
			if !n.arithmetic() {
				matrix[a] = true
			}
		}
	}
	for _, n := range outs {
		matrix[n.store()] = true
	}
	return matrix
}

// arithmetic reports whether n is one of the four operations on two values.
func (n *node) arithmetic() bool { return n.op >= opAdd && n.op <= opDiv && n.folded == nil }

// lastUses returns the index of the last node that reads each node. What the
// directions need of the rest is read again and again, and what is added up over
// them at the end of each.
func lastUses(nodes, outs []*node) map[*node]int {
	last := make(map[*node]int)
	for i, n := range nodes {
		last[n] = i
		for _, a := range n.reads() {
			last[a] = max(last[a], i)
			if n.phase == turns && a.phase != turns {
				last[a] = len(nodes)
			}
		}
	}
	for _, n := range outs {
		if n = n.store(); n.phase == turns {
			last[n] = len(nodes)
		}
	}
	return last
}

// reusable returns an operand whose storage the i-th node n may overwrite
// while it reads it: elementwise, of the same shape, and dead afterwards.
func reusable(n *node, i int, last map[*node]int) *node {
	if !n.elementwise() {
		return nil
	}
	for _, a := range n.args {
		if from := a.store(); from.home.space == inArena && last[from] == i && sameShape(a.Expr, n.Expr) {
			return from
		}
	}
	return nil
}

// elementwise reports whether entry (r, j) of n needs entry (r, j) only of an
// operand of n's shape, or row r, which softmaxes and norms read first, so that the two may
// share storage.
func (n *node) elementwise() bool {
	switch n.op {
	case opSoftmax, opSoftmaxSlope, opNormSlope, opAdd, opSub, opMul, opDiv, opScale, opShift:
		return true
	case opUnary:
		return n.folded == nil
	}
	return false
}

func uniq(nodes []*node) []*node {
	var u []*node
	for _, n := range nodes {
		if !slices.Contains(u, n) {
			u = append(u, n)
		}
	}
	return u
}

// freeList hands out intervals of columns, first fit.
type freeList struct {
	holes []hole // sorted, apart from each other
	end   int
}

type hole struct{ at, size int }

func (f *freeList) take(size int) int {
	for i := range f.holes {
		h := &f.holes[i]
		if h.size >= size {
			at := h.at
			h.at += size
			h.size -= size
			if h.size == 0 {
				f.holes = slices.Delete(f.holes, i, i+1)
			}
			return at
		}
	}
	at := f.end
	if k := len(f.holes) - 1; k >= 0 && f.holes[k].at+f.holes[k].size == f.end {
		at = f.holes[k].at
		f.holes = f.holes[:k]
	}
	f.end = at + size
	return at
}

func (f *freeList) give(at, size int) {
	i, _ := slices.BinarySearchFunc(f.holes, at, func(h hole, at int) int { return h.at - at })
	f.holes = slices.Insert(f.holes, i, hole{at, size})
	if i+1 < len(f.holes) && at+size == f.holes[i+1].at {
		f.holes[i].size += f.holes[i+1].size
		f.holes = slices.Delete(f.holes, i+1, i+2)
	}
	if i > 0 && f.holes[i-1].at+f.holes[i-1].size == at {
		f.holes[i-1].size += f.holes[i].size
		f.holes = slices.Delete(f.holes, i, i+1)
	}
}
