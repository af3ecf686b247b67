package ad

// MaxCols returns the largest entry of each row: one column. For derivatives it is
// a constant. So it is for results that do not depend on it, as when a row is
// shifted to keep its exponentials finite.
func MaxCols(x *Expr) *Expr {
	return &Expr{op: opMaxCols, args: []*Expr{x}, rows: x.rows, cols: 1}
}

// Softmax returns e^x_j / Σ_k e^x_k of each row, finite for any finite x.
func Softmax(x *Expr) *Expr {
	e := Exp(Sub(x, MaxCols(x)))
	return Div(e, SumCols(e))
}
