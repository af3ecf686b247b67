package kernel

// matMulTiles is MatMul on tiles.
func matMulTiles[T Float](dst, x, w, init []T, initRows, r, k, n int) {
	var zero [32]T
	p := product[T]{cr: n, a: x, ar: k, ac: 1, k: k}
	p.cut(r)
	for j := 0; j < n; j += panelColumns[T]() {
		p.c, p.cols = dst[j:], min(panelColumns[T](), n-j)
		p.init, p.ir = initial(init, initRows, r, j, n, zero[:])
		p.over(w, n, j)
	}
}

// matTMulTiles is MatTMulRows on tiles.
func matTMulTiles[T Float](dst, x, g []T, r, k, n, from, to int, set bool, space []T) {
	if n <= 4 && k > n {
		matTMulNarrow(dst, x, g, r, k, n, from, to, set)
		return
	}
	if to-from >= 64 && distant[T](k, n) {
		matTMulFar(dst, x, g, r, k, n, from, to, set, space)
		return
	}
	if to-from >= 64 && n >= nearRow*tileWidth[T]() {
		matTMulNear(dst, x, g, r, k, n, from, to, set)
		return
	}
	var zero [32]T
	p := product[T]{cr: n, a: x[from:], ar: 1, ac: k, k: r}
	p.cut(to - from)
	for j := 0; j < n; j += panelColumns[T]() {
		p.c, p.cols = dst[from*n+j:], min(panelColumns[T](), n-j)
		p.init, p.ir = start(set, p.c, n, zero[:])
		p.over(g, n, j)
	}
}

// start returns what a sum in c begins with and the distance between its rows:
// a row of zeros if set, else c.
func start[T Float](set bool, c []T, n int, zero []T) ([]T, int) {
	if set {
		return zero, 0
	}
	return c, n
}

// Rows of g nearRow tiles apart compete for few places in the cache. Of rows of
// x more than farRow bytes apart a block has more pages than the first TLB.
const (
	nearRow = 16
	farRow  = 1 << 11
)

// distant reports whether x of k columns, multiplied with more than one panel of n
// columns, is to be copied.
func distant[T Float](k, n int) bool { return k*size[T]() > farRow && n > panelColumns[T]() }

// A sum over rows takes sumRows at a time, and farColumns of what lies far apart.
const (
	sumRows    = 128
	farColumns = 96
)

// matTMulNear is matTMulTiles with panels of g packed.
func matTMulNear[T Float](dst, x, g []T, r, k, n, from, to int, set bool) {
	var space [1<<11 + 8]float64 // 16 KB from the beginning of a line
	var zero [32]T
	panel := view[T](space[:])
	for i := 0; i < r; i += sumRows {
		rows := min(sumRows, r-i)
		p := product[T]{cr: n, a: x[i*k+from:], ar: 1, ac: k, b: panel, k: rows}
		p.cut(to - from)
		for j := 0; j < n; j += panelColumns[T]() {
			p.c, p.cols = dst[from*n+j:], min(panelColumns[T](), n-j)
			p.br = panelWidth[T](p.cols)
			packPanel(panel, p.br, g[i*n+j:], n, rows, p.cols)
			p.init, p.ir = start(set && i == 0, p.c, n, zero[:])
			p.panel()
		}
	}
}

// matTMulFar is matTMulTiles with g packed into the space, and x, some columns at a time.
func matTMulFar[T Float](dst, x, g []T, r, k, n, first, last int, set bool, space []T) {
	var zero [32]T
	for i := 0; i < r; i += sumRows {
		rows := min(sumRows, r-i)
		packed, block := space[:PackedSize(rows, n)], space[PackedSize(sumRows, n):]
		Pack(packed, g[i*n:], rows, n)
		for from := first; from < last; from += farColumns {
			high := min(farColumns, last-from)
			CopyColumns(block, high, x[i*k+from:], k, rows, high)
			p := product[T]{cr: n, a: block, ar: 1, ac: high, k: rows, follows: true}
			p.cut(high)
			for j := 0; j < n; j += panelColumns[T]() {
				p.c, p.cols = dst[from*n+j:], min(panelColumns[T](), n-j)
				p.b, p.br = packed[rows*j:], panelWidth[T](p.cols)
				p.init, p.ir = start(set && i == 0, p.c, n, zero[:])
				p.panel()
			}
		}
	}
}

// matTMulNarrow is matTMulTiles for n ≤ 4. It computes the transpose of dst,
// whose rows are long.
func matTMulNarrow[T Float](dst, x, g []T, r, k, n, from, to int, set bool) {
	var sum [4 * 32]T
	for i := from; i < to; i += panelColumns[T]() {
		cols := min(panelColumns[T](), to-i)
		part := dst[i*n : (i+cols)*n]
		if set {
			clear(part)
		}
		for j := range n {
			for l, at := 0, j; at < len(part); l, at = l+1, at+n {
				sum[j*32+l] = part[at]
			}
		}
		p := product[T]{
			c: sum[:], cr: 32,
			init: sum[:], ir: 32,
			a: g, ar: 1, ac: n,
			k: r, cols: cols,
		}
		p.cut(n)
		p.over(x, k, i)
		for j := range n {
			for l, at := 0, j; at < len(part); l, at = l+1, at+n {
				part[at] = sum[j*32+l]
			}
		}
	}
}

// over computes the product with columns j and on of the matrix b, which has
// n columns and is not packed. Vectors that reach beyond the end of a row are
// harmless, save in the last row.
func (p *product[T]) over(b []T, n, j int) {
	width := panelWidth[T](p.cols)
	if j+width > 2*n {
		p.overNarrow(b, n, j)
		return
	}
	part := *p
	part.b, part.br = b[j:], n
	if j+width > n {
		var last [32]T
		down := p.k - 1
		if p.jumps != nil {
			down = p.down
		}
		copy(last[:p.cols], b[down*n+j:])
		part.last = last[:]
	}
	part.panel()
}

// overNarrow packs what it multiplies.
func (p *product[T]) overNarrow(b []T, n, j int) {
	var panel [64 * 16]T
	width := panelWidth[T](p.cols)
	part := *p
	part.b, part.br = panel[:], width
	for l := 0; l < p.k; l += 64 {
		part.a, part.k = p.a[l*p.ac:], min(64, p.k-l)
		packPanel(panel[:], width, b[l*n+j:], n, part.k, p.cols)
		part.panel()
		part.init, part.ir = p.c, p.cr
	}
}

// matMulTTiles is MatMulT on tiles.
func matMulTTiles[T Float](dst, g, w []T, r, k, n int) {
	var zero [32]T
	var panel [64 * 32]T
	for i := 0; i < k; i += panelColumns[T]() {
		cols := min(panelColumns[T](), k-i)
		p := product[T]{
			c: dst[i:], cr: k,
			init: zero[:],
			b:    panel[:], br: panelWidth[T](cols),
			ar: n, ac: 1,
			cols: cols,
		}
		p.cut(r)
		for l := 0; l < n; l += 64 {
			p.k = min(64, n-l)
			p.a = g[l:]
			packPanelT(panel[:], p.br, w[i*n+l:], n, p.k, cols)
			p.panel()
			p.init, p.ir = p.c, p.cr
		}
	}
}
