package ad

import "github.com/gradlogp/gradlogp/nn/internal/kernel"

// product computes x·w or g·wᵀ. Where a table stands between the product and a
// value, rows that are gathered, or are still to be scattered, exist for a few
// at a time.
func (f *frame[T]) product(in *instr, s stretch, dst []T) {
	x := &in.operands[0]
	from, n := f.at(x, s), in.width()
	switch {
	case in.table != nil:
		clear(dst[:s.rows*in.table.source()])
		piece := f.workers[s.worker].piece
		in.table.pieces(s.rows, in.half, func(first, last int) {
			f.multiply(in, s, piece, from[first*x.cols:], nil, 0, last-first)
			scatterRows(dst, piece, in.table, first, last)
		})
	case in.slides():
		f.slide(in, s, dst, from)
	case in.pairs != nil:
		f.productOfPairs(in, s, dst, from)
	case x.table != nil:
		init, initRows := f.init(in, s)
		piece := f.workers[s.worker].piece
		x.table.pieces(s.rows, in.half, func(first, last int) {
			gatherRows(piece, from, x.table, first, last)
			own := init
			if initRows > 1 {
				own = init[first*n:]
			}
			f.multiply(in, s, dst[first*n:], piece, own, min(initRows, last-first), last-first)
		})
	default:
		init, initRows := f.init(in, s)
		f.multiply(in, s, dst, from, init, initRows, x.height(s.rows))
	}
}

// narrow is the number of columns for which products have kernels of their own.
const narrow = 4

// slides reports whether a product passes over what it gathers in lines.
func (in *instr) slides() bool {
	x := &in.operands[0]
	return x.table != nil && x.table.windows != nil && in.op == opMatMul && in.operands[1].packed > 0 && in.dst.cols > narrow && !in.half
}

// slide computes x·w for windows that lie over each other, sample by sample.
func (f *frame[T]) slide(in *instr, s stretch, dst, from []T) {
	t, n := in.operands[0].table, in.dst.cols
	w, line := t.windows, f.workers[s.worker].piece
	packed := f.packed(&in.operands[1])
	init, initRows := f.init(in, s)
	for i := range s.rows {
		kernel.Gather(line, from[i*t.source():], w.runs, 0)
		own := init
		if initRows > 1 {
			own = init[i*t.rows*n:]
		}
		kernel.MatMulWindows(dst[i*t.rows*n:], line, w.lines, w.starts, w.step*t.size, packed, own, min(initRows, t.rows), w.segment*t.size, n)
	}
}

// init returns what a product is added to, and the number of its rows.
func (f *frame[T]) init(in *instr, s stretch) (init []T, rows int) {
	if len(in.operands) < 3 {
		return nil, 0
	}
	return f.at(&in.operands[2], s), in.operands[2].height(s.rows)
}

// multiply computes so many rows of a product.
func (f *frame[T]) multiply(in *instr, s stretch, dst, x, init []T, initRows, rows int) {
	a, w, k, n := &in.operands[0], &in.operands[1], in.operands[0].width(), in.width()
	if in.half {
		packed := f.weights.half[f.p.packings[w.packed-1].to:]
		kernel.MatMulHalf(f.p.order, singles(dst), singles(x), packed, singles(init), initRows, rows, k, n, f.workers[s.worker].half)
		return
	}
	var packed, plain []T
	if w.packed > 0 {
		packed = f.packed(w)
	} else {
		plain = f.at(w, s)[in.skip:]
	}
	switch {
	case a.classes > 0:
		kernel.MatMulOneHot(dst, x, plain, init, initRows, rows, k, n, a.first)
	case in.op == opMatMul && packed != nil:
		kernel.MatMulPacked(dst, x, packed, init, initRows, rows, k, n)
	case in.op == opMatMul:
		kernel.MatMul(dst, x, plain, init, initRows, rows, k, n)
	case packed != nil:
		kernel.MatMulTPacked(dst, x, packed, rows, n, k)
	default:
		kernel.MatMulT(dst, x, plain, rows, n, k)
	}
}

// packed returns the matrix of a product as its kernel wants it.
func (f *frame[T]) packed(w *operand) []T {
	return f.weights.packed[f.p.packings[w.packed-1].to:]
}

// tileRows is the grain of rows of a gradient that several workers share.
const tileRows = 32

// addProducts adds xᵀ·g for each part of x to the rows of dst that belong to it,
// those of this worker, or sets them.
func (f *frame[T]) addProducts(in *instr, s stretch, dst []T, set bool) {
	n := in.dst.cols
	from, to := share(in.dst.rows, tileRows, s.part, max(s.parts, 1))
	last := len(in.operands) - 1
	at := 0
	for i := range last {
		x := &in.operands[i]
		k := x.width()
		if from, to := max(from-at, 0), min(to-at, k); from < to {
			f.addProduct(dst[at*n:], x, &in.operands[last], in.pairs, s, n, from, to, set)
		}
		at += k
	}
}

// addProduct adds rows of xᵀ·g to those of dst.
func (f *frame[T]) addProduct(dst []T, x, g *operand, pairs *Table, s stretch, n, from, to int, set bool) {
	a, b, k := f.at(x, s), f.at(g, s), x.width()
	half := f.p.half && wideEnough(k, n)
	switch piece := f.workers[s.worker].piece; {
	case half && pairs != nil:
		f.addPairs(dst, x.table, pairs, a, b, s, n, from, to, set)
	case x.table != nil && x.table.windows != nil && n > narrow && !half:
		addWindows(dst, piece, a, b, x.table, s.rows, n, from, to, set)
	case x.classes > 0:
		kernel.MatTMulOneHotRows(dst, a, b, g.height(s.rows), n, x.first, from, to, set)
	case x.table != nil:
		at := 0
		for _, part := range x.table.parts {
			k := part.cols * part.size
			if from, to := max(from-at, 0), min(to-at, k); from < to {
				part.pieces(s.rows, half, func(first, last int) {
					gatherRows(piece, a, part, first, last)
					f.addRows(half, s, dst[at*n:], piece, b[first*n:], last-first, k, n, from, to, set && first == 0)
				})
			}
			at += k
		}
	case g.table != nil:
		g.table.pieces(s.rows, half, func(first, last int) {
			gatherRows(piece, b, g.table, first, last)
			f.addRows(half, s, dst, a[first*k:], piece, last-first, k, n, from, to, set && first == 0)
		})
	default:
		f.addRows(half, s, dst, a, b, x.height(s.rows), k, n, from, to, set)
	}
}

// sumSpace returns the largest space that a sum of products over rows uses.
func sumSpace[T Float](phases *[4][]instr) int {
	space := 0
	for _, instructions := range phases {
		for i := range instructions {
			in := &instructions[i]
			switch in.op {
			case opRowMatTMul:
				space = max(space, kernel.MatTMulSpace[T](in.operands[0].cols, in.dst.cols))
			case opMatTMul:
				for j := range in.operands[:len(in.operands)-1] {
					space = max(space, kernel.MatTMulSpace[T](in.operands[j].width(), in.dst.cols))
				}
			}
		}
	}
	return space
}

// addRows adds rows of xᵀ·g of so many rows to those of dst.
func (f *frame[T]) addRows(half bool, s stretch, dst, x, g []T, rows, k, n, from, to int, set bool) {
	if half {
		kernel.MatTMulHalfRows(f.p.order, singles(dst), singles(x), singles(g), rows, k, n, from, to, set, f.workers[s.worker].half)
		return
	}
	kernel.MatTMulRows(dst, x, g, rows, k, n, from, to, set, f.workers[s.worker].sums)
}

// addWindows adds rows of xᵀ·g, of windows of x that lie over each other, to those of
// dst, a few samples at a time.
func addWindows[T Float](dst, line, x, g []T, t *Table, samples, n, from, to int, set bool) {
	w := t.windows
	for first := 0; first < samples; first += w.samples {
		m := min(w.samples, samples-first)
		for i := range m {
			kernel.Gather(line[i*w.size:], x[(first+i)*t.source():], w.runs, 0)
		}
		kernel.MatTMulWindows(dst, line, w.together[:m*len(w.lines)], w.beginning[:m*len(w.starts)], w.step*t.size,
			g[first*t.rows*n:], w.segment*t.size, n, from, to, set && first == 0)
	}
}
