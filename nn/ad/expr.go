package ad

import (
	"fmt"
	"math"
	"slices"

	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// Expr is one value of an expression: an immutable node that knows its
// operation, its operands and its shape. Building expressions is pure, costs
// no arithmetic, and may be done from any goroutine.
//
// An Expr has one of three kinds. A per-row value is an r×n matrix with one
// row for each of the r samples of a batch; r is given when the program runs.
// After Regroup and the like it is an r·g×n matrix: g rows for each sample, one
// sample after the other. A uniform value is 1×n and the same for all samples.
// A shared value is a k×n matrix, usually a parameter. Uniform values are shared
// values of one row; the operations treat them alike.
type Expr struct {
	op    opcode
	fn    kernel.UnaryOp // of opUnary
	args  []*Expr
	rows  int // −g for a per-row value with g rows a sample
	cols  int
	value float64 // a constant, a factor, or an activation's parameter
	index int     // first column of a slice, row of w in a product, or class; offset of a parameter; slot of a random leaf; products a sample
	table *Table  // of opGather and opScatter
	name  string  // leaves only
}

// batch stands for the rows of a per-row value with one row a sample.
const batch = -1

// PerRow reports whether e has rows for each sample of the batch.
func (e *Expr) PerRow() bool { return e.rows < 0 }

// Groups returns the number of rows that each sample has in a per-row value, and
// 0 for a uniform or shared one.
func (e *Expr) Groups() int { return max(0, -e.rows) }

// Cols returns the number of columns of e.
func (e *Expr) Cols() int { return e.cols }

// Rows returns the number of rows of a uniform or shared value, and 0 for a
// per-row value.
func (e *Expr) Rows() int { return max(0, e.rows) }

// Name returns the name of a leaf, "" for what is computed.
func (e *Expr) Name() string { return e.name }

// shape prints the shape for messages, with r for the samples of the batch.
func (e *Expr) shape() string { return fmt.Sprintf("%s×%d", height(e.rows), e.cols) }

// height prints a number of rows.
func height(rows int) string {
	switch {
	case rows == batch:
		return "r"
	case rows < 0:
		return fmt.Sprintf("r·%d", -rows)
	}
	return fmt.Sprint(rows)
}

// rowsIn returns the number of rows that a value has in a batch of n samples.
func rowsIn(rows, n int) int {
	if rows < 0 {
		return n * -rows
	}
	return rows
}

// columns returns how many numbers a sample, or a row of a shared value, has.
func (e *Expr) columns() int { return e.cols * max(1, e.Groups()) }

// sameShape reports whether a and b have the same kind and size.
func sameShape(a, b *Expr) bool { return a.rows == b.rows && a.cols == b.cols }

// Input returns a per-row leaf of cols columns. Each Input is a different
// variable, whatever its name; names appear in printed programs only.
func Input(name string, cols int) *Expr {
	mustBePositive("Input", "cols", cols)
	return &Expr{op: opInput, rows: batch, cols: cols, name: name}
}

// UniformInput returns a 1×cols leaf that is the same for all rows.
func UniformInput(name string, cols int) *Expr {
	mustBePositive("UniformInput", "cols", cols)
	return &Expr{op: opInput, rows: 1, cols: cols, name: name}
}

// Param returns the shared rows×cols leaf stored row-major at offset of the
// flat parameter vector that a program is given.
func Param(name string, rows, cols, offset int) *Expr {
	mustBePositive("Param", "rows", rows)
	mustBePositive("Param", "cols", cols)
	if offset < 0 {
		panic(fmt.Sprintf("ad: Param %s: offset %d is negative", name, offset))
	}
	if cols > (math.MaxInt-offset)/rows {
		panic(fmt.Sprintf("ad: Param %s: %d×%d at offset %d is longer than a vector can be", name, rows, cols, offset))
	}
	return &Expr{op: opParam, rows: rows, cols: cols, index: offset, name: name}
}

// Random returns a per-row leaf of cols addressed random numbers on [0, 1):
// entry (r, j) depends on the row's address, the slot and j only. The numbers
// are multiples of 2⁻²⁴, so that they are the same in float32 and float64.
// Leaves of equal slot and width are the same variable.
func Random(cols, slot int) *Expr {
	mustBePositive("Random", "cols", cols)
	return &Expr{op: opRandom, rows: batch, cols: cols, index: slot, name: "random"}
}

// Const returns the 1×1 constant c, which spreads over rows and columns.
func Const(c float64) *Expr { return constant(c, 1, 1) }

// ConstRow returns the 1×cols constant whose entries are all c.
func ConstRow(c float64, cols int) *Expr {
	mustBePositive("ConstRow", "cols", cols)
	return constant(c, 1, cols)
}

func constant(c float64, rows, cols int) *Expr {
	return &Expr{op: opConst, rows: rows, cols: cols, value: c}
}

// full returns the constant c in the shape of e.
func full(c float64, e *Expr) *Expr { return constant(c, e.rows, e.cols) }

// Row returns a 1×len(v) constant holding v. It is composed of single
// constants and meant for short rows such as frequencies and unit vectors.
func Row(v []float64) *Expr {
	mustBePositive("Row", "len(v)", len(v))
	cells := make([]*Expr, 0, len(v))
	for i := 0; i < len(v); {
		j := i + 1
		for j < len(v) && v[j] == v[i] {
			j++
		}
		cells = append(cells, constant(v[i], 1, j-i))
		i = j
	}
	return Concat(cells...)
}

func mustBePositive(op, what string, n int) {
	if n <= 0 {
		panic(fmt.Sprintf("ad: %s: %s = %d, want at least 1", op, what, n))
	}
}

// topological returns the expressions that roots depend on, roots included,
// operands before their users.
func topological(roots ...*Expr) []*Expr {
	var order []*Expr
	seen := make(map[*Expr]bool)
	var visit func(e *Expr)
	visit = func(e *Expr) {
		if seen[e] {
			return
		}
		seen[e] = true
		for _, a := range e.args {
			visit(a)
		}
		order = append(order, e)
	}
	for _, r := range roots {
		visit(r)
	}
	return order
}

// dependents returns the members of order that depend on one of the
// variables otherwise than through a Stop, the variables included.
func dependents(order []*Expr, variables []*Expr) map[*Expr]bool {
	on := make(map[*Expr]bool)
	for _, e := range order {
		if slices.Contains(variables, e) || e.op != opStop && slices.ContainsFunc(e.args, func(a *Expr) bool { return on[a] }) {
			on[e] = true
		}
	}
	return on
}
