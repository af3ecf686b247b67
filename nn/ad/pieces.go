package ad

import "github.com/gradlogp/gradlogp/nn/internal/kernel"

// pieceSize is about how many numbers of rows that are gathered, or to be scattered,
// are there at a time: as many as leave room in the cache for the rest of a product.
const pieceSize = 1 << 15

// halfPieceSize is pieceSize for products of bfloat16, in which sums cost more to fetch
// than products.
const halfPieceSize = 1 << 17

// pieceRows returns how many rows of a table are there at a time.
func (t *Table) pieceRows(half bool) int {
	tile, size := 14, pieceSize // rows of the highest tile of a product
	if half {
		tile, size = halfRows, halfPieceSize
	}
	return max(1, size/(t.cols*t.size*tile)) * tile
}

// pieceNumbers returns how many numbers a piece has.
func (t *Table) pieceNumbers(half bool) int { return t.pieceRows(half) * t.cols * t.size }

// cut returns the columns of the table as tables of shorter rows.
func (t *Table) cut() []*Table {
	const longest = 1 << 9 // numbers of a row
	cols := t.cols
	for cols > 1 && (t.cols%cols > 0 || cols*t.size > longest) {
		cols--
	}
	if cols == t.cols {
		return []*Table{t}
	}
	var parts []*Table
	for at := 0; at < t.cols; at += cols {
		part := &Table{rows: t.rows, cols: cols, cells: t.cells, size: t.size}
		for i := range t.rows {
			part.from = append(part.from, t.from[i*t.cols+at:][:cols]...)
		}
		part.join()
		parts = append(parts, part)
	}
	return parts
}

// pieces calls do for the rows of the table in so many samples, piece by piece.
func (t *Table) pieces(samples int, half bool, do func(first, last int)) {
	rows, most := samples*t.rows, t.pieceRows(half)
	for first := 0; first < rows; first += most {
		do(first, min(first+most, rows))
	}
}

// spans calls do for the rows first, …, last−1 of all samples, sample by sample, with
// the runs of those rows. In a piece they begin at the number at, in the table at base.
func (t *Table) spans(first, last int, do func(sample, at int, runs []kernel.Run, base int)) {
	width := t.cols * t.size
	for row := first; row < last; {
		sample, from := row/t.rows, row%t.rows
		to := min(t.rows, from+last-row)
		do(sample, (row-first)*width, t.runs[t.first[from]:t.first[to]], from*width)
		row += to - from
	}
}

// gatherRows makes a piece of the rows first, …, last−1 that are gathered from x.
func gatherRows[T Float](piece, x []T, t *Table, first, last int) {
	t.spans(first, last, func(sample, at int, runs []kernel.Run, base int) {
		if x := x[sample*t.source():]; t.turns {
			kernel.Transpose(piece[at:], x[base/t.cols:], t.rows, len(runs)/t.cols, t.cols)
		} else {
			kernel.Gather(piece[at:], x, runs, base)
		}
	})
}

// scatterRows adds a piece of rows to where they belong in x.
func scatterRows[T Float](x, piece []T, t *Table, first, last int) {
	t.spans(first, last, func(sample, at int, runs []kernel.Run, base int) {
		kernel.Scatter(x[sample*t.source():], piece[at:], runs, base)
	})
}
