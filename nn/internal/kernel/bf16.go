package kernel

import "unsafe"

// Products of factors that are rounded to bfloat16, the upper half of a float32, to the
// nearest, ties to even. A sum over k is made of blocks of 32 terms, and added up in one of
// two orders, in float32, with subnormal numbers taken as zeros and none made. With s what a
// block is added to, in Tiles
//
//	e ← round(xy + e) over the terms with even numbers in the block, from 0
//	o ← round(xy + o) over those with odd ones
//	s ← round(s + round(e + o))
//
// and in Pairs, for one pair of terms after the other,
//
//	s ← round(xy + s) for the second
//	s ← round(xy + s) for the first
//
// What is missing in the last block are zeros, which are multiplied by zeros. A sum begins
// with what it is added to. That is what the tiles of AMX-BF16 and the vectors of
// AVX512-BF16 compute (Intel 64 and IA-32 Architectures Software Developer's Manual,
// volume 2, TDPBF16PS and VDPBF16PS), and with the same bits Go does where there are none;
// of NaNs only that they are.
//
// A factor on the left lies row by row, each filled up with zeros to whole blocks. One on
// the right lies in panels of 32 columns, a panel in blocks of 32 rows, a block in two
// tiles of 16 columns, and a tile in pairs of rows, number by number.

// Numbers in a block of a panel, and in a tile of it.
const (
	halfTile  = 512
	halfBlock = 2 * halfTile
	halfRows  = 16 // of a tile of sums
	halfSide  = 32 // terms of a block, columns of a panel
)

// Order is the order in which a sum of products of bfloat16 is added up.
type Order int

const (
	Tiles Order = iota
	Pairs
)

// roundUp returns the least multiple of step from n up.
func roundUp(n, step int) int { return (n + step - 1) / step * step }

// HalfPackedSize returns the length of a k×n matrix that PackHalf has packed.
func HalfPackedSize(k, n int) int { return roundUp(k, halfSide) * roundUp(n, halfSide) }

// PackHalf rounds the k×n matrix w and packs it for MatMulHalf. dst has
// HalfPackedSize(k, n) elements.
func PackHalf(dst []uint16, w []float32, k, n int) {
	depth := roundUp(k, halfSide) / halfSide
	for i := 0; i < k; i += halfSide {
		for j := 0; j < n; j += halfRows {
			to := j/halfSide*depth*halfBlock + i*halfSide + j%halfSide*halfSide
			halvePairs(dst[to:], w[i*n+j:], n, min(halfSide, k-i), min(halfRows, n-j))
		}
	}
}

// PackHalfT is PackHalf of the transpose of the k×n matrix w. dst has
// HalfPackedSize(n, k) elements.
func PackHalfT(dst []uint16, w []float32, k, n int) {
	depth := roundUp(n, halfSide) / halfSide
	for i := 0; i < k; i += halfRows {
		halveT(dst[i/halfSide*depth*halfBlock+i%halfSide*halfSide:], w[i*n:], n, min(halfRows, k-i), n)
	}
}

// PackHalfBlocksT is PackBlocksT for MatMulHalf. dst has HalfPackedSize(blocks·n, k)
// elements.
func PackHalfBlocksT(dst []uint16, w []float32, blocks, k, n int) {
	depth := roundUp(blocks*n, halfSide) / halfSide
	clear(dst[:HalfPackedSize(blocks*n, k)])
	for block := range blocks {
		own := w[(blocks-1-block)*k*n:][:k*n]
		for i := 0; i < k; i += halfRows {
			tile := dst[i/halfSide*depth*halfBlock+i%halfSide*halfSide:]
			if first, rows := block*n, min(halfRows, k-i); n%halfSide == 0 {
				halveT(tile[first*halfSide:], own[i*n:], n, rows, n)
			} else {
				for at, v := range own[i*n : (i+rows)*n] { // whose block may begin within one of the tiles'
					l := first + at%n
					tile[l/halfSide*halfBlock+l%halfSide/2*halfSide+at/n*2+l%2] = round16(v)
				}
			}
		}
	}
}

// MatMulHalfSpace returns how much space MatMulHalf needs for r rows of k columns.
func MatMulHalfSpace(r, k int) int { return roundUp(r, halfRows) * roundUp(k, halfSide) }

// MatMulHalf computes dst = init + x·w as MatMul does, with factors rounded to bfloat16
// and w packed by PackHalf. k is positive.
func MatMulHalf(order Order, dst, x []float32, packed []uint16, init []float32, initRows, r, k, n int, space []uint16) {
	if r > 0 {
		halveRows(space, roundUp(k, halfSide), x, k, r, k)
	}
	MatMulRounded(order, dst, space, packed, init, initRows, r, k, n)
}

// Round rounds to bfloat16. dst has as many elements as x, up to a multiple of 32.
func Round(dst []uint16, x []float32) { halveRows(dst, len(dst), x, len(x), 1, len(x)) }

// Words returns the memory of pairs of rounded numbers, to be moved as one.
func Words(x []uint16) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(x))), len(x)/2)
}

// MatMulRounded is MatMulHalf of rows that are rounded, each filled up with zeros to a
// multiple of 32. x has MatMulHalfSpace(r, k) elements.
func MatMulRounded(order Order, dst []float32, x, packed []uint16, init []float32, initRows, r, k, n int) {
	if r == 0 || n == 0 {
		return
	}
	var zero [halfSide]float32
	p := halfProduct{order: order, a: x[:MatMulHalfSpace(r, k)], cr: n, ar: roundUp(k, halfSide), rows: r}
	p.depth = p.ar / halfSide
	for j := 0; j < n; j += halfSide {
		p.cols, p.c, p.b = min(halfSide, n-j), dst[j:r*n], packed[j*p.ar:]
		p.init, p.ir = initial(init, initRows, r, j, n, zero[:])
		p.compute()
	}
}

// MatTMulHalfSpace returns how much space MatTMulHalfRows needs for so many rows of dst,
// n columns and sums over r rows.
func MatTMulHalfSpace(rows, r, n int) int {
	return roundUp(r, halfSide) * (roundUp(rows, halfRows) + roundUp(n, halfSide))
}

// MatTMulHalfRows is MatTMulRows with factors rounded to bfloat16. The blocks of its sums
// begin with the first row of x.
func MatTMulHalfRows(order Order, dst, x, g []float32, r, k, n, from, to int, set bool, space []uint16) {
	if from >= to || n == 0 || r == 0 {
		if set {
			clear(dst[from*n : max(from, to)*n])
		}
		return
	}
	width, a := roundUp(r, halfSide), space[roundUp(r, halfSide)*roundUp(n, halfSide):]
	for i := from; i < to; i += halfRows {
		halvePairsT(a[(i-from)*width:], width, x[i:], k, r, min(halfRows, to-i))
	}
	sumRounded(order, dst, g, r, n, from, to, set, space)
}

// MatTMulRounded is MatTMulHalfRows of rows that are rounded, each filled up to a multiple
// of 32.
func MatTMulRounded(order Order, dst []float32, x []uint16, g []float32, r, k, n, from, to int, set bool, space []uint16) {
	if from >= to || n == 0 || r == 0 {
		if set {
			clear(dst[from*n : max(from, to)*n])
		}
		return
	}
	width, a := roundUp(r, halfSide), space[roundUp(r, halfSide)*roundUp(n, halfSide):]
	for i := from; i < to; i += halfRows {
		turnHalves(a[(i-from)*width:], width, x[i:], roundUp(k, halfSide), r, min(halfRows, to-i))
	}
	sumRounded(order, dst, g, r, n, from, to, set, space)
}

// sumRounded computes the rows from ≤ i < to of dst, for which the space has the rows of
// xᵀ, behind room for g.
func sumRounded(order Order, dst, g []float32, r, n, from, to int, set bool, space []uint16) {
	width, rows := roundUp(r, halfSide), to-from
	b := space[:width*roundUp(n, halfSide)]
	p := halfProduct{
		order: order, c: dst[from*n : to*n], cr: n, a: space[len(b):][:width*roundUp(rows, halfRows)], ar: width,
		b: b, depth: width / halfSide, rows: rows, cols: n,
	}
	PackHalf(b, g, r, n)
	var zero [halfSide]float32
	p.init, p.ir, p.next = p.c, n, halfSide
	if set {
		p.init, p.ir, p.next = zero[:], 0, 0
	}
	p.compute()
}

// halfProduct is c = init + a·b. Rows lie cr, ir and ar apart, init for one panel and for
// the next so far apart.
type halfProduct struct {
	order      Order
	c, init    []float32
	a, b       []uint16
	cr, ir, ar int
	next       int
	depth      int // blocks
	rows, cols int
}

// compute computes whole tiles in place and what is at the edges elsewhere.
func (p *halfProduct) compute() {
	tiles, panels := p.rows/halfRows, p.cols/halfSide
	p.tiles(tiles, 0, panels, 2)
	p.edges(tiles*halfRows, 0, panels*halfSide)
	switch j := panels * halfSide; p.cols - j {
	case 0:
	case halfRows:
		p.tiles(tiles, j, 1, 1)
		p.edges(tiles*halfRows, j, p.cols)
	default:
		p.edges(0, j, p.cols)
	}
}

// tiles computes so many tiles of rows, and panels of the given width from column j on.
func (p *halfProduct) tiles(tiles, j, panels, width int) {
	if panels == 0 {
		return
	}
	// A goroutine cannot be interrupted in a call, which is to take few microseconds.
	most := max(2, 1<<11/(p.depth*panels))
	for i := 0; i < tiles; i += most {
		row := i * halfRows
		multiplyHalf(p.order, p.c[row*p.cr+j:], p.cr, p.init[row*p.ir+j/halfSide*p.next:], p.ir, p.next, p.a[row*p.ar:], p.ar, p.b[j*p.ar:], p.depth, min(most, tiles-i), panels, width)
	}
}

// edges computes the columns from ≤ j < to of the rows from first on.
func (p *halfProduct) edges(first, from, to int) {
	var sum [halfSide * halfSide]float32
	for i := first; i < p.rows; i += halfSide {
		rows := min(halfSide, p.rows-i)
		for j := from; j < to; j += halfSide {
			cols := min(halfSide, to-j)
			CopyColumns(sum[:], halfSide, p.init[i*p.ir+j/halfSide*p.next:], p.ir, rows, cols)
			multiplyHalf(p.order, sum[:], halfSide, sum[:], halfSide, 0, p.a[i*p.ar:], p.ar, p.b[j*p.ar:], p.depth, roundUp(rows, halfRows)/halfRows, 1, (cols+halfRows-1)/halfRows)
			CopyColumns(p.c[i*p.cr+j:], p.cr, sum[:], halfSide, rows, cols)
		}
	}
}
