package ad

// RMSNorm returns each row divided by its root mean square,
//
//	y_j = x_j/√(Σ_k x_k²/n + eps),   eps > 0, n columns,
//
// finite for any finite x (Zhang & Sennrich 2019, without a gain).
func RMSNorm(x *Expr, eps float64) *Expr {
	return &Expr{op: opRMSNorm, args: []*Expr{x}, rows: x.rows, cols: x.cols, value: eps}
}

// inverseRMS returns the factor of RMSNorm, one column.
func inverseRMS(x *Expr, eps float64) *Expr {
	return &Expr{op: opInverseRMS, args: []*Expr{x}, rows: x.rows, cols: 1, value: eps}
}

// normSlope returns the derivative of y = RMSNorm(x) times v, (v_j − y_j Σ_k v_k y_k/n) s
// with the factor s of the norm: the matrix is symmetric, and this the rule of both modes.
func normSlope(v, y *Expr) *Expr {
	mean := Scale(1/float64(y.cols), SumCols(Mul(v, y)))
	return Mul(Sub(v, Mul(y, mean)), inverseRMS(y.args[0], y.value))
}

// inverseRMSSlope returns −s²/n y, the derivative of the factor s for x.
func inverseRMSSlope(s *Expr) *Expr {
	x := s.args[0]
	return Mul(Scale(-1/float64(x.cols), Square(s)), RMSNorm(x, s.value))
}

// isNormSlope reports whether e is what normSlope returns: the product of s and
// v − y Σ_k v_k y_k/n, y being the product of x and s.
func isNormSlope(e *Expr, s, d *node) (v, y *node, ok bool) {
	if e.op != opMul || s.op != opInverseRMS || d.op != opSub || !sameShape(d.Expr, e) || d.args[1].op != opMul {
		return nil, nil, false
	}
	v = d.args[0]
	for i, mean := range d.args[1].args {
		y = d.args[1].args[1-i]
		if y.op != opMul || !sameShape(y.Expr, e) || !sameShape(v.Expr, e) || mean.op != opScale || mean.value != 1/float64(e.cols) || mean.args[0].op != opSumCols {
			continue
		}
		x, product := s.args[0], mean.args[0].args[0]
		if product.op == opMul && isPair(product, v, y) && isPair(y, x, s) {
			return v, y, true
		}
	}
	return nil, nil, false
}

// isPair reports whether the operands of n are a and b.
func isPair(n, a, b *node) bool {
	return n.args[0] == a && n.args[1] == b || n.args[0] == b && n.args[1] == a
}
