package ad

import (
	"fmt"
	"math"
)

// MatMul returns x·w for x with k columns and a shared k×n matrix w.
func MatMul(x, w *Expr) *Expr {
	mustFit("MatMul", x, w)
	return &Expr{op: opMatMul, args: []*Expr{x, w}, rows: x.rows, cols: w.cols}
}

// Affine returns b + x·w, accumulated onto b term by term in the order of x's
// columns: the k-th partial sum of each entry starts from its entry of b. The
// addend is a full matrix or one row that spreads; either gives the same bits.
func Affine(x, w, b *Expr) *Expr {
	mustFit("Affine", x, w)
	if b.cols != w.cols {
		mismatch("Affine", "w", w, "b", b, "as many columns")
	}
	rows := commonRows("Affine", "x", x, "b", b)
	if b.rows != 1 {
		b = spreadRows(b, rows)
	}
	return &Expr{op: opMatMul, args: []*Expr{spreadRows(x, rows), w, b}, rows: rows, cols: w.cols}
}

// MatMulT returns g·wᵀ for g with n columns and a shared k×n matrix w.
func MatMulT(g, w *Expr) *Expr {
	mustBeShared("MatMulT", "g", g, w)
	if g.cols != w.cols {
		mismatch("MatMulT", "g", g, "w", w, "as many columns")
	}
	return &Expr{op: opMatMulT, args: []*Expr{g, w}, rows: g.rows, cols: w.rows}
}

// MatTMul returns the shared k×n matrix xᵀ·g, a sum over rows. When only one
// of the two is per-row the other one spreads over the batch.
func MatTMul(x, g *Expr) *Expr {
	rows := commonRows("MatTMul", "x", x, "g", g)
	return &Expr{op: opMatTMul, args: []*Expr{spreadRows(x, rows), spreadRows(g, rows)}, rows: x.cols, cols: g.cols}
}

// Add returns a + b. In Add, Sub, Mul and Div an operand of one column spreads
// over the columns of the other, a uniform operand over its rows, and one with a
// single row for each sample over the rows that the sample has in the other.
func Add(a, b *Expr) *Expr { return binary("Add", opAdd, a, b) }

// Sub returns a − b.
func Sub(a, b *Expr) *Expr { return binary("Sub", opSub, a, b) }

// Mul returns the elementwise product a ⊙ b.
func Mul(a, b *Expr) *Expr { return binary("Mul", opMul, a, b) }

// Div returns the elementwise quotient a / b.
func Div(a, b *Expr) *Expr { return binary("Div", opDiv, a, b) }

func binary(name string, op opcode, a, b *Expr) *Expr {
	rows, cols := commonRows(name, "a", a, "b", b), max(a.cols, b.cols)
	if !spreadsTo(a.cols, cols) || !spreadsTo(b.cols, cols) {
		mismatch(name, "a", a, "b", b, "as many columns, or one")
	}
	return &Expr{op: op, args: []*Expr{a, b}, rows: rows, cols: cols}
}

// spreadsTo reports whether a dimension of size from can be repeated to size to:
// one column or row to any number, a row of each sample to all of its rows.
func spreadsTo(from, to int) bool { return from == to || from == 1 || from == batch && to < 0 }

// commonRows returns the rows to which a and b spread.
func commonRows(op, nameA string, a *Expr, nameB string, b *Expr) int {
	switch {
	case spreadsTo(b.rows, a.rows):
		return a.rows
	case spreadsTo(a.rows, b.rows):
		return b.rows
	}
	mismatch(op, nameA, a, nameB, b, "as many rows, or one")
	return 0
}

// Scale returns c·x.
func Scale(c float64, x *Expr) *Expr {
	return &Expr{op: opScale, args: []*Expr{x}, rows: x.rows, cols: x.cols, value: c}
}

// Shift returns x + c.
func Shift(x *Expr, c float64) *Expr {
	return &Expr{op: opShift, args: []*Expr{x}, rows: x.rows, cols: x.cols, value: c}
}

// Stop returns x, which Grad and JVP take for a constant: the target of a loss that
// the network makes itself. A program has no instruction for it.
func Stop(x *Expr) *Expr { return &Expr{op: opStop, args: []*Expr{x}, rows: x.rows, cols: x.cols} }

// SumCols returns the sum of each row: one column.
func SumCols(x *Expr) *Expr {
	if x.cols == 1 {
		return x
	}
	return &Expr{op: opSumCols, args: []*Expr{x}, rows: x.rows, cols: 1}
}

// SumRows returns the sum over the rows of the batch, or over the rows of a
// shared matrix: one uniform row. A uniform value has one row and is returned
// as it is, whatever the batch. A program may not compute a per-row value from
// a sum over the rows of the batch.
func SumRows(x *Expr) *Expr {
	if x.rows == 1 {
		return x
	}
	return &Expr{op: opSumRows, args: []*Expr{x}, rows: 1, cols: x.cols}
}

// spreadCols repeats a one-column value over cols columns.
func spreadCols(x *Expr, cols int) *Expr {
	if x.cols == cols {
		return x
	}
	return &Expr{op: opSpread, args: []*Expr{x}, rows: x.rows, cols: cols}
}

// spreadRows repeats a uniform value, or the one row of each sample, over rows.
func spreadRows(x *Expr, rows int) *Expr {
	if x.rows == rows {
		return x
	}
	return &Expr{op: opSpread, args: []*Expr{x}, rows: rows, cols: x.cols}
}

// Concat joins values side by side; uniform ones spread over the batch when
// another one is per-row.
func Concat(xs ...*Expr) *Expr {
	if len(xs) == 0 {
		panic("ad: Concat: no operands")
	}
	if len(xs) == 1 {
		return xs[0]
	}
	name := func(i int) string { return fmt.Sprintf("xs[%d]", i) }
	widest, cols := 0, 0
	for i, x := range xs {
		if commonRows("Concat", name(widest), xs[widest], name(i), x) != xs[widest].rows {
			widest = i
		}
		if x.cols > math.MaxInt-cols {
			panic(fmt.Sprintf("ad: Concat: %s is %s, too wide beside %d columns", name(i), x.shape(), cols))
		}
		cols += x.cols
	}
	return &Expr{op: opConcat, args: append([]*Expr(nil), xs...), rows: xs[widest].rows, cols: cols}
}

// Slice returns the columns from, …, to−1 of x.
func Slice(x *Expr, from, to int) *Expr {
	if from < 0 || to > x.cols || from >= to {
		panic(fmt.Sprintf("ad: Slice: x is %s, want columns [%d, %d) of it", x.shape(), from, to))
	}
	if to-from == x.cols {
		return x
	}
	return &Expr{op: opSlice, args: []*Expr{x}, rows: x.rows, cols: to - from, index: from}
}

// mustFit panics unless x can be multiplied by the shared matrix w.
func mustFit(op string, x, w *Expr) {
	mustBeShared(op, "x", x, w)
	if x.cols != w.rows {
		mismatch(op, "x", x, "w", w, "as many rows of w as columns of x")
	}
}

func mustBeShared(op, name string, x, w *Expr) {
	if w.PerRow() {
		mismatch(op, name, x, "w", w, "w shared by all rows")
	}
}

func mismatch(op, nameA string, a *Expr, nameB string, b *Expr, want string) {
	panic(fmt.Sprintf("ad: %s: %s is %s, %s is %s, want %s", op, nameA, a.shape(), nameB, b.shape(), want))
}
