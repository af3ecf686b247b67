package ad

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestShapeErrorsNameBothShapes(t *testing.T) {
	x3, x2, x1 := Input("x", 3), Input("x", 2), Input("x", 1)
	u3, u2 := UniformInput("u", 3), UniformInput("u", 2)
	w32, w23 := Param("w", 3, 2, 0), Param("w", 2, 3, 0)
	for _, c := range []struct {
		want  string
		build func()
	}{
		{"ad: Add: a is r×3, b is r×2, want as many columns, or one", func() { Add(x3, x2) }},
		{"ad: Sub: a is r×3, b is 1×2, want as many columns, or one", func() { Sub(x3, u2) }},
		{"ad: Mul: a is 3×2, b is r×2, want as many rows, or one", func() { Mul(w32, x2) }},
		{"ad: Div: a is 3×2, b is 2×3, want as many rows, or one", func() { Div(w32, w23) }},
		{"ad: MatMul: x is r×3, w is 2×3, want as many rows of w as columns of x", func() { MatMul(x3, w23) }},
		{"ad: MatMul: x is r×3, w is r×3, want w shared by all rows", func() { MatMul(x3, x3) }},
		{"ad: MatMulT: g is r×3, w is 3×2, want as many columns", func() { MatMulT(x3, w32) }},
		{"ad: MatMulT: g is r×3, w is r×3, want w shared by all rows", func() { MatMulT(x3, x3) }},
		{"ad: MatTMul: x is r×3, g is 2×3, want as many rows, or one", func() { MatTMul(x3, w23) }},
		{"ad: Affine: x is r×2, w is 3×2, want as many rows of w as columns of x", func() { Affine(x2, w32, u2) }},
		{"ad: Affine: w is 3×2, b is 1×3, want as many columns", func() { Affine(x3, w32, u3) }},
		{"ad: Affine: x is 2×3, b is r×2, want as many rows, or one", func() { Affine(w23, w32, x2) }},
		{"ad: Affine: x is r×3, w is r×3, want w shared by all rows", func() { Affine(x3, x3, u3) }},
		{"ad: Concat: xs[0] is 3×2, xs[1] is r×1, want as many rows, or one", func() { Concat(w32, x1) }},
		{"ad: Concat: xs[1] is r×1, xs[2] is 2×3, want as many rows, or one", func() { Concat(u3, x1, w23) }},
		{"ad: Concat: no operands", func() { Concat() }},
		{fmt.Sprintf("ad: Concat: xs[2] is 1×2, too wide beside %d columns", math.MaxInt), func() { Concat(ConstRow(1, math.MaxInt-3), u3, u2) }},
		{fmt.Sprintf("ad: Param w: 2×%d at offset 0 is longer than a vector can be", math.MaxInt/2+1), func() { Param("w", 2, math.MaxInt/2+1, 0) }},
		{"ad: Slice: x is r×3, want columns [1, 4) of it", func() { Slice(x3, 1, 4) }},
		{"ad: Slice: x is 1×3, want columns [2, 2) of it", func() { Slice(u3, 2, 2) }},
		{"ad: Slice: x is 3×2, want columns [-1, 2) of it", func() { Slice(w32, -1, 2) }},
		{"ad: JVP: x is r×3, v is r×2, want the shape of x, or what spreads to it", func() { JVP(x3, x3, x2) }},
		{"ad: JVP: x is 1×3, v is r×3, want the shape of x, or what spreads to it", func() { JVP(u3, u3, x3) }},
		{"ad: Input: cols = 0, want at least 1", func() { Input("x", 0) }},
		{"ad: UniformInput: cols = -1, want at least 1", func() { UniformInput("u", -1) }},
		{"ad: Param: rows = 0, want at least 1", func() { Param("w", 0, 1, 0) }},
		{"ad: Param: cols = 0, want at least 1", func() { Param("w", 1, 0, 0) }},
		{"ad: Param w: offset -1 is negative", func() { Param("w", 1, 1, -1) }},
		{"ad: Random: cols = 0, want at least 1", func() { Random(0, 0) }},
		{"ad: ConstRow: cols = 0, want at least 1", func() { ConstRow(1, 0) }},
		{"ad: Row: len(v) = 0, want at least 1", func() { Row(nil) }},
	} {
		require.PanicsWithValue(t, c.want, c.build)
	}
}

func TestShapesOfResults(t *testing.T) {
	x, c, u, w := Input("x", 3), Input("c", 1), UniformInput("u", 3), Param("w", 3, 2, 0)
	for _, r := range []struct {
		want string
		e    *Expr
	}{
		{"r×3", Add(x, u)}, {"r×3", Mul(c, x)}, {"r×3", Mul(c, u)}, {"r×3", Div(Const(1), x)}, {"1×3", Sub(Const(1), u)},
		{"3×2", Add(w, ConstRow(1, 2))}, {"r×2", MatMul(x, w)}, {"1×2", MatMul(u, w)}, {"r×3", MatMulT(MatMul(x, w), w)},
		{"3×1", MatTMul(x, c)}, {"3×3", MatTMul(u, x)}, {"3×3", MatTMul(u, u)}, {"r×2", Affine(u, w, MatMul(x, w))},
		{"r×1", SumCols(x)}, {"1×3", SumRows(x)}, {"1×2", SumRows(w)}, {"r×7", Concat(u, x, c)},
	} {
		require.Equal(t, r.want, r.e.shape())
	}
}
