package ad

import "fmt"

// Regroup returns the numbers of each sample in g rows: the same numbers in the
// same order, of which a row is as many as fit. A uniform x is that of each sample.
// It costs nothing, since nothing moves. Regroup panics when a sample of x cannot be
// cut into g rows or x is shared.
func Regroup(x *Expr, g int) *Expr {
	mustBePositive("Regroup", "g", g)
	x = ofSamples("Regroup", "x", x)
	n := x.columns()
	if n%g != 0 {
		panic(fmt.Sprintf("ad: Regroup: x is %s, want %d numbers a sample that %d rows can hold", x.shape(), n, g))
	}
	if x.rows == -g {
		return x
	}
	return &Expr{op: opRegroup, args: []*Expr{x}, rows: -g, cols: n / g}
}

// SumGroups returns the sum of the rows of each sample: one row a sample. What has
// one row is returned as it is. SumGroups panics when x is shared.
func SumGroups(x *Expr) *Expr {
	if x.rows == batch || x.rows == 1 {
		return x
	}
	x = ofSamples("SumGroups", "x", x)
	return &Expr{op: opSumGroups, args: []*Expr{x}, rows: batch, cols: x.cols}
}

// ofSamples returns x as a value that each sample has: a uniform one is spread. It
// panics when x is shared.
func ofSamples(op, name string, x *Expr) *Expr {
	if x.rows > 1 {
		panic(fmt.Sprintf("ad: %s: %s is %s, want a value of each sample or a uniform one", op, name, x.shape()))
	}
	if x.rows == 1 {
		return spreadRows(x, batch)
	}
	return x
}
