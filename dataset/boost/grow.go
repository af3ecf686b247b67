package boost

import (
	"math"
	"slices"
)

// minHessian is the smallest sum of second derivatives in a leaf: without it the
// step of a leaf of rows that are all but certain of their class has no bound.
const minHessian = 1e-3

// cell is the sum over rows of a leaf, or over those of one bin.
type cell struct {
	g, h float64
	n    int
}

func (a cell) minus(b cell) cell {
	return cell{a.g - b.g, a.h - b.h, a.n - b.n}
}

// split is the best way found to part the rows of a leaf. A gain of 0 means none.
type split struct {
	gain         float64
	column, bin  int
	missingRight bool
	left         cell
}

// leaf is a node of the tree that may be split.
type leaf struct {
	node, depth int
	lo, hi      int // its rows are order[lo:hi]
	sum         cell
	sums        []cell // of the bins of all columns, when it may be split
	best        split
}

// grower grows trees on rows with derivatives g and h of the loss. It is used for
// one tree after the other.
type grower struct {
	*Bins  // of the rows
	s      Settings
	first  []int // index of the cell of each column's first bin
	order  []int32
	right  []int32
	g, h   []float64 // of the rows in order, where they are summed
	bests  []split   // by column, of two leaves
	free   [][]cell
	leaves []leaf
	tree   tree
}

func newGrower(b *Bins, s Settings) *grower {
	w := &grower{Bins: b, s: s,
		first: make([]int, len(b.edges)+1),
		order: make([]int32, b.rows), right: make([]int32, b.rows),
		g: make([]float64, b.rows), h: make([]float64, b.rows),
		bests: make([]split, 2*len(b.edges)),
	}
	for j, e := range b.edges {
		w.first[j+1] = w.first[j] + len(e) + 2
	}
	return w
}

// grow returns a tree fitted to the derivatives g and h of the rows, h = nil for
// ones, and adds its values to f. Each sum runs in the order of the rows.
func (w *grower) grow(f, g, h []float64) tree {
	for i := range w.order {
		w.order[i] = int32(i)
	}
	root := leaf{hi: w.rows, sum: cell{n: w.rows}}
	for i, v := range g {
		root.sum.g += v
		if h != nil {
			root.sum.h += h[i]
		}
	}
	if h == nil {
		root.sum.h = float64(w.rows)
	}
	w.tree = append(w.tree[:0], node{column: -1})
	w.leaves = append(w.leaves[:0], root)
	w.search(&w.leaves[0], nil, nil, g, h)
	for len(w.leaves) < w.s.Leaves {
		at := 0
		for i := range w.leaves {
			if w.leaves[i].best.gain > w.leaves[at].best.gain {
				at = i
			}
		}
		if w.leaves[at].best.gain == 0 {
			break
		}
		w.split(at, g, h)
	}
	for i := range w.leaves {
		l := &w.leaves[i]
		v := -w.s.Rate * l.sum.g / max(l.sum.h+w.s.L2, minHessian)
		w.tree[l.node].value = v
		for _, r := range w.order[l.lo:l.hi] {
			f[r] += v
		}
		w.release(l)
	}
	return slices.Clone(w.tree)
}

// split parts the leaf of this index into two, of which the right one becomes the
// last leaf.
func (w *grower) split(at int, g, h []float64) {
	l := w.leaves[at]
	b := l.best
	middle := w.part(&l)
	nd := &w.tree[l.node]
	*nd = node{value: w.threshold(&l), column: int32(b.column), left: int32(len(w.tree))}
	if b.missingRight {
		nd.missing = 1
	}
	left := leaf{node: len(w.tree), depth: l.depth + 1, lo: l.lo, hi: middle, sum: b.left}
	right := leaf{node: len(w.tree) + 1, depth: l.depth + 1, lo: middle, hi: l.hi, sum: l.sum.minus(b.left)}
	w.tree = append(w.tree, node{column: -1}, node{column: -1})
	w.leaves[at] = left
	w.leaves = append(w.leaves, right)
	small, large := &w.leaves[at], &w.leaves[len(w.leaves)-1]
	if small.sum.n > large.sum.n {
		small, large = large, small
	}
	if len(w.leaves) == w.s.Leaves || !w.splittable(large) {
		w.release(&l)
		return
	}
	w.search(small, large, l.sums, g, h)
}

// threshold returns the value that parts the rows of the leaf at its best split: in
// the middle of the bins that it has no rows in, above all values when only missing
// ones are parted.
func (w *grower) threshold(l *leaf) float64 {
	edges := w.edges[l.best.column]
	sums := l.sums[w.first[l.best.column]:]
	for bin := l.best.bin; bin < len(edges); bin++ {
		if sums[bin+1].n > 0 {
			return between(edges[l.best.bin], edges[bin])
		}
	}
	return math.Inf(1)
}

// part orders the rows of the leaf into those to the left and those to the right of
// its best split, keeps the order among each, and returns where the right ones begin.
func (w *grower) part(l *leaf) int {
	var side [256]uint8 // of each code: 1 is right
	for c := l.best.bin + 1; c < len(side); c++ {
		side[c] = 1
	}
	if !l.best.missingRight {
		side[len(w.edges[l.best.column])+1] = 0
	}
	codes, rows, right := w.codes[l.best.column], w.order[l.lo:l.hi], w.right
	n, m := 0, 0
	for _, r := range rows {
		to := int(side[codes[r]])
		rows[n], right[m] = r, r // one of the two is written over
		n += 1 - to
		m += to
	}
	copy(rows[n:], right[:m])
	return l.lo + n
}

// splittable reports whether the leaf has enough rows, and is not too deep.
func (w *grower) splittable(l *leaf) bool {
	return l.sum.n/2 >= w.s.LeafRows && l.depth < w.s.Depth
}

func (w *grower) release(l *leaf) {
	if l.sums != nil {
		w.free = append(w.free, l.sums)
		l.sums = nil
	}
}
