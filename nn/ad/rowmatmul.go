package ad

import "fmt"

// RowMatMul returns x·w within each sample. The rows of a sample are cut into h
// equal parts, such as the heads of attention, of which each is a product of its
// own: x has h·a rows of k columns a sample, w has h·k of n, the result h·a of n. A
// uniform operand is that of each sample. RowMatMul and its like panic when the
// shapes do not fit.
func RowMatMul(x, w *Expr, h int) *Expr {
	x, w = ofSamples("RowMatMul", "x", x), ofSamples("RowMatMul", "w", w)
	mustBeParts("RowMatMul", "x", x, "w", w, h, w.Groups() == h*x.cols, "as many rows of w as columns of x")
	return &Expr{op: opRowMatMul, args: []*Expr{x, w}, rows: x.rows, cols: w.cols, index: h}
}

// RowMatMulT returns g·wᵀ within each of h parts of each sample: g has h·a rows of n
// columns a sample, w has h·k of n, the result h·a of k.
func RowMatMulT(g, w *Expr, h int) *Expr {
	g, w = ofSamples("RowMatMulT", "g", g), ofSamples("RowMatMulT", "w", w)
	mustBeParts("RowMatMulT", "g", g, "w", w, h, g.cols == w.cols, "as many columns")
	return &Expr{op: opRowMatMulT, args: []*Expr{g, w}, rows: g.rows, cols: w.Groups() / h, index: h}
}

// RowMatTMul returns xᵀ·g within each of h parts of each sample: x has h·a rows of k
// columns a sample, g has h·a of n, the result h·k of n.
func RowMatTMul(x, g *Expr, h int) *Expr {
	x, g = ofSamples("RowMatTMul", "x", x), ofSamples("RowMatTMul", "g", g)
	mustBeParts("RowMatTMul", "x", x, "g", g, h, x.rows == g.rows, "as many rows")
	return &Expr{op: opRowMatTMul, args: []*Expr{x, g}, rows: -h * x.cols, cols: g.cols, index: h}
}

// mustBeParts panics unless h parts of a and b fit.
func mustBeParts(op, nameA string, a *Expr, nameB string, b *Expr, h int, fit bool, want string) {
	mustBePositive(op, "h", h)
	if !fit || a.Groups()%h != 0 || b.Groups()%h != 0 {
		mismatch(op, nameA, a, nameB, b, fmt.Sprintf("%s in each of %d parts", want, h))
	}
}
