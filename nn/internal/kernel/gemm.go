package kernel

// depth is the number of terms that are summed before the next tile: that
// many rows of a panel stay in the first-level cache.
const depth = 512

// product is c = init + a·b, where c has rows×cols elements. Its matrices
// start at the beginning of a slice and have rows, and a also columns, that
// far apart.
type product[T Float] struct {
	c, init, a, b []T
	cr, ir        int
	ar, ac        int
	br            int
	rows, k, cols int
	last          []T // the last row of b when that must not be read beyond its end, else nil
}

// MatMulPacked is MatMul with the matrix w that Pack has packed.
func MatMulPacked[T Float](dst, x, packed, init []T, initRows, r, k, n int) {
	if using == portable || r == 0 || k == 0 || n == 0 {
		MatMul(dst, x, packed, init, initRows, r, k, n)
		return
	}
	dst, x = dst[:r*n], x[:r*k]
	var zero [32]T
	if n <= 4 && initRows <= 1 {
		row, _ := initial(init, 1, 1, 0, n, zero[:])
		done := narrow(dst, x, packed[:PackedSize(k, n)], row, r, k, n)
		dst, x, r = dst[done*n:], x[done*k:], r-done
		if r == 0 {
			return
		}
	}
	for j := 0; j < n; j += panelColumns[T]() {
		cols := min(panelColumns[T](), n-j)
		p := product[T]{
			c: dst[j:], cr: n,
			a: x, ar: k, ac: 1,
			b: packed[k*j:], br: panelWidth[T](cols),
			rows: r, k: k, cols: cols,
		}
		p.init, p.ir = initial(init, initRows, r, j, n, zero[:])
		p.panel()
	}
}

// MatMulTPacked is MatMulT with the matrix w that PackT has packed.
func MatMulTPacked[T Float](dst, g, packed []T, r, k, n int) {
	if using == portable {
		MatMulT(dst, g, packed, r, k, n)
		return
	}
	MatMulPacked(dst, g, packed, nil, 0, r, n, k)
}

// initial returns the initial value from column j on and the distance between
// its rows. zero is a row of zeros.
func initial[T Float](init []T, initRows, r, j, n int, zero []T) ([]T, int) {
	switch {
	case init == nil:
		return zero, 0
	case initRows == 1:
		return init[j:n], 0
	}
	return init[j : r*n], n
}

// panel computes a product of at most panelColumns columns.
func (p product[T]) panel() {
	part := p
	for l := 0; l < p.k; l += depth {
		part.a, part.b = p.a[l*p.ac:], p.b[l*p.br:]
		part.k = min(depth, p.k-l)
		part.last = part.b[(part.k-1)*p.br:]
		if l+part.k == p.k && p.last != nil {
			part.last = p.last
		}
		part.stripes()
		part.init, part.ir = p.c, p.cr
	}
}

// stripes cuts the columns into the widest that a tile can have.
func (p product[T]) stripes() {
	most := tileWidth[T]()
	for cols := p.cols; ; cols -= most {
		p.cols = min(cols, most)
		p.blocks()
		if cols <= most {
			return
		}
		p.c, p.b, p.init, p.last = p.c[most:], p.b[most:], p.init[most:], p.last[most:]
	}
}

// blocks cuts the rows so that a call takes few microseconds: a goroutine
// cannot be interrupted in it.
func (p product[T]) blocks() {
	most := max(tileHeight(), (1<<20)/(p.k*tileWidth[T]()))
	rows := p.rows
	for ; rows > most; rows -= most {
		p.rows = most
		p.tiles()
		p.c, p.a, p.init = p.c[most*p.cr:], p.a[most*p.ar:], p.init[most*p.ir:]
	}
	p.rows = rows
	p.tiles()
}

// tiles cuts the rows into the smallest number of tiles, of heights that
// differ by one at most.
func (p product[T]) tiles() {
	count := (p.rows + tileHeight() - 1) / tileHeight()
	low := p.rows / count
	high := p.rows - low*count
	if high > 0 {
		gemm(&p, low+1, high)
		done := (low + 1) * high
		p.c, p.a, p.init = p.c[done*p.cr:], p.a[done*p.ar:], p.init[done*p.ir:]
	}
	gemm(&p, low, count-high)
}
