package ad

import (
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
		{"ad: Add: shapes r×3 and r×2 do not match", func() { Add(x3, x2) }},
		{"ad: Sub: shapes r×3 and 1×2 do not match", func() { Sub(x3, u2) }},
		{"ad: Mul: shapes 3×2 and r×2 do not match", func() { Mul(w32, x2) }},
		{"ad: Div: shapes 3×2 and 2×3 do not match", func() { Div(w32, w23) }},
		{"ad: MatMul: shapes r×3 and 2×3 do not match", func() { MatMul(x3, w23) }},
		{"ad: MatMul: shapes r×3 and r×3: the second must be shared by all rows", func() { MatMul(x3, x3) }},
		{"ad: MatMulT: shapes r×3 and 3×2 do not match", func() { MatMulT(x3, w32) }},
		{"ad: MatMulT: shapes r×3 and r×3: the second must be shared by all rows", func() { MatMulT(x3, x3) }},
		{"ad: MatTMul: shapes r×3 and 2×3 do not match", func() { MatTMul(x3, w23) }},
		{"ad: Affine: shapes r×2 and 3×2 do not match", func() { Affine(x2, w32, u2) }},
		{"ad: Affine: shapes 3×2 and 1×3 do not match", func() { Affine(x3, w32, u3) }},
		{"ad: Affine: shapes 2×3 and r×2 do not match", func() { Affine(w23, w32, x2) }},
		{"ad: Affine: shapes r×3 and r×3: the second must be shared by all rows", func() { Affine(x3, x3, u3) }},
		{"ad: Concat: shapes 3×2 and r×1 do not match", func() { Concat(w32, x1) }},
		{"ad: Concat: shapes r×1 and 2×3 do not match", func() { Concat(u3, x1, w23) }},
		{"ad: Concat: no operands", func() { Concat() }},
		{"ad: Slice: columns [1, 4) of r×3", func() { Slice(x3, 1, 4) }},
		{"ad: Slice: columns [2, 2) of 1×3", func() { Slice(u3, 2, 2) }},
		{"ad: Slice: columns [-1, 2) of 3×2", func() { Slice(w32, -1, 2) }},
		{"ad: JVP: shapes r×3 and r×2 do not match", func() { JVP(x3, x3, x2) }},
		{"ad: JVP: shapes 1×3 and r×3 do not match", func() { JVP(u3, u3, x3) }},
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
