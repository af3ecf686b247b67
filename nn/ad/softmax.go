package ad

// MaxCols returns the largest entry of each row: one column. For derivatives it is
// a constant. So it is for results that do not depend on it, as when a row is
// shifted to keep its exponentials finite.
func MaxCols(x *Expr) *Expr {
	return &Expr{op: opMaxCols, args: []*Expr{x}, rows: x.rows, cols: 1}
}

// Softmax returns
//
//	y_j = e_j/Σ_k e_k,   e_j = exp(x_j − max_k x_k), 0 where the argument is below −44,
//
// of each row, finite for any finite x; −Inf gives 0. A share below e⁻⁴⁴ counts for
// nothing, in sums of either precision, and its products with small numbers would be
// those that processors are slow with. The logarithm of such a share would be −Inf: take
// x_j − max_k x_k − Log(SumCols(Exp(x − max_k x_k))) instead.
func Softmax(x *Expr) *Expr {
	return &Expr{op: opSoftmax, args: []*Expr{x}, rows: x.rows, cols: x.cols}
}

// softmaxSlope returns the derivative of y = Softmax(x) times v, y_j (v_j − Σ_k y_k v_k):
// the matrix is symmetric, and this the rule of both modes.
func softmaxSlope(v, y *Expr) *Expr {
	return Mul(y, Sub(v, SumCols(Mul(v, y))))
}

// isSoftmaxSlope reports whether e is that: the product of y and v − Σ_k y_k v_k.
func isSoftmaxSlope(e *Expr, y, s *node) bool {
	if e.op != opMul || y.op != opSoftmax || s.op != opSub || s.args[1].op != opSumCols || !sameShape(y.Expr, s.Expr) {
		return false
	}
	v, product := s.args[0], s.args[1].args[0]
	return sameShape(v.Expr, y.Expr) && product.op == opMul &&
		(product.args[0] == v && product.args[1] == y || product.args[0] == y && product.args[1] == v)
}
