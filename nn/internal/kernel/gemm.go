package kernel

// depth is the number of terms that are summed before the next tile: that
// many rows of a panel stay in the first-level cache.
const depth = 256

// product is c = init + a·b, where c has cols columns. Its matrices
// start at the beginning of a slice and have rows, and a also columns, that
// far apart.
type product[T Float] struct {
	c, init, a, b []T
	cr, ir        int
	ar, ac        int
	br            int
	k, cols       int
	follows       bool // what follows b is used next
	last          []T  // the last row of b when that must not be read beyond its end, else nil

	// The rows are cut into tiles, of which the first high are one row higher
	// than the others. The rows of a that belong to tiles lie pitch apart, if that
	// is not 0; between their rows of c and init so many are then skipped.
	tiles, low, high int
	pitch, skip      int

	// If there are jumps, the columns of a and rows of b lie in runs of so many, and a
	// jump leads from the end of each to the next. k is then not cut. The last row of b
	// is so many rows after the first one.
	run   int
	jumps []jump
	down  int
}

// cacheWays is how many lines that lie pages apart a first-level cache can hold.
const cacheWays = 8

// compete reports whether rows so far apart begin at almost the same place of a page.
func compete[T Float](distance int) bool {
	const page, near = 1 << 12, 8
	at := distance * size[T]()
	return at > page-near && (at+near)%page <= 2*near
}

// jump is a distance in bytes in a and in b. −1 in a is behind the last jump.
type jump struct{ a, b int64 }

// cut cuts the rows into the smallest number of tiles, of a height at which the rows of
// a and c stay in the first-level cache.
func (p *product[T]) cut(rows int) {
	height := tileHeight()
	if compete[T](p.ar) || compete[T](p.cr) {
		height = min(height, cacheWays-1)
	}
	p.tiles = (rows + height - 1) / height
	p.low = rows / p.tiles
	p.high = rows - p.low*p.tiles
	p.pitch, p.skip = 0, 0
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
	p := product[T]{cr: n, a: x, ar: k, ac: 1, k: k, follows: true}
	p.cut(r)
	from := 0
	if r == 1 {
		from = gemv(dst, x, packed, init, k, n)
	}
	for j := from; j < n; j += panelColumns[T]() {
		p.cols = min(panelColumns[T](), n-j)
		p.c, p.b, p.br = dst[j:], packed[k*j:], panelWidth[T](p.cols)
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

// panel computes a product of at most panelColumns columns, cut into the
// widest stripes that a tile can have.
func (p *product[T]) panel() {
	width := tileWidth[T]()
	init, ir := p.init, p.ir
	most := depth
	if p.jumps != nil {
		most = p.k
	}
	for l := 0; l < p.k; l += most {
		k := min(most, p.k-l)
		b := p.b[l*p.br:]
		run, down := k, k-1
		if p.jumps != nil {
			run, down = p.run, p.down
		}
		last := b[down*p.br:]
		if l+k == p.k && p.last != nil {
			last = p.last
		}
		ahead := 0
		if p.follows {
			ahead = k * p.br
		}
		for j := 0; j < p.cols; j += width {
			for i, t := 0, 0; t < p.tiles; {
				m, count := p.low, p.tiles-t
				if t < p.high {
					m, count = p.low+1, p.high-t
				}
				// A goroutine cannot be interrupted in a call, which is to take
				// few microseconds.
				if count > 1 && count*m*k*width > 1<<20 {
					count = max(1, (1<<20)/(m*k*width))
				}
				at, pitch := i*p.ar, m*p.ar
				if p.pitch > 0 {
					at, pitch = t*p.pitch, p.pitch
				}
				gemm(m, count, run, min(width, p.cols-j),
					p.c[i*p.cr+j:], p.cr, init[i*ir+j:], ir,
					p.a[at+l*p.ac:], p.ar, p.ac, pitch, p.skip, p.jumps, b[j:], p.br, last[j:], ahead)
				i, t = i+(m+p.skip)*count, t+count
			}
		}
		init, ir = p.c, p.cr
	}
}
