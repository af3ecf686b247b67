package ad

import (
	"crypto/sha256"
	encode "encoding/binary"
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// Table says where the numbers of a value are taken from within a sample. Numbers
// that lie side by side, such as the channels of a pixel, are one cell, and a table
// is a matrix of cells: Gather makes each of its rows a row of the result. Tables
// of the same contents are the same; their Gathers are computed once.
type Table struct {
	rows, cols  int     // of the matrix of cells
	cells, size int     // of a sample, and numbers in a cell
	from        []int32 // row by row; −1 is a cell of zeros
	runs        []kernel.Run
	first       []int32  // of a row: its first run, and at the end the number of runs
	turns       bool     // a transposition
	windows     *windows // nil if products gather row by row
	parts       []*Table // its columns, a few of which make a row that is not long
	key         [sha256.Size]byte
}

// NewTable returns the table whose row i consists of the cells from[i] of a sample
// that has so many cells of size numbers each; a negative one stands for zeros. A
// cell may occur any number of times. NewTable panics when there are no cells, when
// the rows differ in length, and when a cell is not below cells.
//
// This is how a window of three looks at five points and zeros beyond the ends:
//
//	NewTable([][]int{{-1, 0, 1}, {0, 1, 2}, {1, 2, 3}, {2, 3, 4}, {3, 4, -1}}, 5, channels)
func NewTable(from [][]int, cells, size int) *Table {
	mustBePositive("NewTable", "cells", cells)
	mustBePositive("NewTable", "size", size)
	mustBePositive("NewTable", "len(from)", len(from))
	mustBePositive("NewTable", "len(from[0])", len(from[0]))
	t := &Table{rows: len(from), cols: len(from[0]), cells: cells, size: size}
	if cells > math.MaxInt32/size || t.cols > math.MaxInt32/size/t.rows {
		panic(fmt.Sprintf("ad: NewTable: %d×%d of %d cells of %d numbers, want fewer than 2³¹ numbers a sample", t.rows, t.cols, cells, size))
	}
	t.from = make([]int32, 0, t.rows*t.cols)
	for i, row := range from {
		if len(row) != t.cols {
			panic(fmt.Sprintf("ad: NewTable: from[%d] has %d cells, want %d as from[0] has", i, len(row), t.cols))
		}
		for j, cell := range row {
			if cell >= cells {
				panic(fmt.Sprintf("ad: NewTable: from[%d][%d] = %d, want less than %d, or a negative number for zeros", i, j, cell, cells))
			}
			t.from = append(t.from, int32(max(cell, -1)))
		}
	}
	t.join()
	t.turns, t.windows, t.parts, t.key = t.transposes(), t.overlaps(), t.cut(), t.hash()
	return t
}

// join lists the runs of each row.
func (t *Table) join() {
	for i := range t.rows {
		t.first = append(t.first, int32(len(t.runs)))
		t.runs = appendRuns(t.runs, i*t.cols*t.size, t.from[i*t.cols:][:t.cols], t.size)
	}
	t.first = append(t.first, int32(len(t.runs)))
}

// appendRuns appends what is copied as one of the cells that are gathered side by
// side from number to on.
func appendRuns(runs []kernel.Run, to int, cells []int32, size int) []kernel.Run {
	for i, cell := range cells {
		from := max(cell*int32(size), -1)
		if i > 0 {
			last := &runs[len(runs)-1]
			if cell < 0 && last.From < 0 || cell >= 0 && last.From >= 0 && last.From+last.N == from {
				last.N += int32(size)
				continue
			}
		}
		runs = append(runs, kernel.Run{To: int32(to + i*size), From: from, N: int32(size)})
	}
	return runs
}

// hash identifies the contents.
func (t *Table) hash() [sha256.Size]byte {
	b := make([]byte, 0, 16+4*len(t.from))
	for _, n := range []int{t.rows, t.cols, t.cells, t.size} {
		b = encode.LittleEndian.AppendUint32(b, uint32(n))
	}
	for _, cell := range t.from {
		b = encode.LittleEndian.AppendUint32(b, uint32(cell))
	}
	return sha256.Sum256(b)
}

// source and result are the numbers of a sample that the table reads and makes.
func (t *Table) source() int { return t.cells * t.size }
func (t *Table) result() int { return t.rows * t.cols * t.size }

// String describes the table: its rows and columns of cells, and their size.
func (t *Table) String() string { return fmt.Sprintf("%d×%d cells of %d", t.rows, t.cols, t.size) }

// Gather returns the cells of each sample of x that t lists: a row for each row of
// the table, with t's cells side by side,
//
//	y_ij = x_t(i,j), and 0 where t(i,j) < 0.
//
// It does not matter into how many rows the sample is grouped in x; a uniform x is
// that of each sample. Gather panics when x has not as many numbers a sample as the
// table's cells, or is shared.
func Gather(x *Expr, t *Table) *Expr {
	x = ofSamples("Gather", "x", x)
	if x.columns() != t.source() {
		panic(fmt.Sprintf("ad: Gather: x is %s, t has %d cells of %d numbers, want as many numbers a sample", x.shape(), t.cells, t.size))
	}
	return &Expr{op: opGather, args: []*Expr{x}, rows: -t.rows, cols: t.cols * t.size, table: t}
}

// Scatter is the transpose of Gather: it adds the cells of each sample of x to those
// that t lists, and returns all of them in one row a sample,
//
//	y_c = Σ x_ij over all i and j with t(i, j) = c.
//
// It panics when x has not as many numbers a sample as the table makes, or is shared.
func Scatter(x *Expr, t *Table) *Expr {
	x = ofSamples("Scatter", "x", x)
	if x.columns() != t.result() {
		panic(fmt.Sprintf("ad: Scatter: x is %s, t is %d×%d cells of %d numbers, want as many numbers a sample", x.shape(), t.rows, t.cols, t.size))
	}
	return &Expr{op: opScatter, args: []*Expr{x}, rows: batch, cols: t.source(), table: t}
}

// Cells returns what NewTable makes t of.
func (t *Table) Cells() (from [][]int, cells, size int) {
	from = make([][]int, t.rows)
	for i := range from {
		for _, cell := range t.from[i*t.cols:][:t.cols] {
			from[i] = append(from[i], int(cell))
		}
	}
	return from, t.cells, t.size
}
