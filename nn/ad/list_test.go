package ad

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestElementaryFormsAreTheFunctions(t *testing.T) {
	x := Input("x", 1)
	var values []float64
	for v := -30.0; v <= 30; v += 0.37 {
		values = append(values, v)
	}
	values = append(values, 0, 1000, -1000)
	for _, f := range []func(x *Expr) *Expr{
		SiLU, GELU, GELUTanh,
		func(x *Expr) *Expr { return LeakyReLU(x, 0.2) },
		func(x *Expr) *Expr { return ELU(x, 0.8) },
	} {
		y := f(x)
		for range 3 { // and its derivatives
			got := Eval(append(elementary([]*Expr{y}), y), len(values), nil, nil, map[*Expr][]float64{x: values})
			for i, want := range got[1] {
				require.InDelta(t, want, got[0][i], 1e-14*max(1, math.Abs(want), math.Abs(values[i])), "%s at %v", y.describe(), values[i])
			}
			y = JVP(y, x, Const(1))
		}
	}
}

func TestElementaryNormsAreTheNorms(t *testing.T) {
	x, v := Input("x", 5), Input("v", 5)
	in := map[*Expr][]float64{x: {1, -2, 3, 0, .5, 1e-3, 0, 0, 2e-3, 0, 1e4, 0, -3e4, 2, 1}, v: {1, 2, 3, 4, 5, -1, 0, 1, 0, -1, 2, 2, 2, 2, 2}}
	y := RMSNorm(x, 1e-5)
	out := []*Expr{y, JVP(y, x, v), Grad(Mul(v, y), x)[0], Grad(Square(JVP(y, x, v)), x)[0]}
	want := Eval(out, 3, nil, nil, in)
	for i, got := range Eval(elementary(out), 3, nil, nil, in) {
		requireClose(t, want[i], got, 1e-12, i)
	}
	values, _ := List(out)
	for _, u := range values {
		require.True(t, u.Op != OpInput || u.Leaf != nil, "an operation without a name")
	}
}

func TestElementaryGraphsAreWorthTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawGraph(t, true)
		out := append(append([]*Expr(nil), g.rows...), g.sums...)
		want := g.eval(out...)
		for i, got := range g.eval(elementary(out)...) {
			requireNear(t, want[i], got, 1e-12*max(1, largest(want[i])))
		}
		List(out) // has a name for every operation
	})
}

func TestListHasEqualValuesOnce(t *testing.T) {
	x := Input("x", 2)
	w := Param("w", 2, 3, 4)
	values, outs := List([]*Expr{Tanh(MatMul(x, w)), Square(Tanh(MatMul(x, w))), Mul(Const(0), x)})
	var ops []Op
	for _, v := range values {
		for _, a := range v.Args {
			require.Less(t, a, len(ops), "operands come first")
		}
		ops = append(ops, v.Op)
	}
	require.Equal(t, []Op{OpConst, OpInput, OpParam, OpMatMul, OpTanh, OpSquare}, ops)
	require.Equal(t, []int{4, 5, 0}, outs)
	require.Same(t, x, values[1].Leaf)
	require.Equal(t, Value{Op: OpParam, Rows: 2, Cols: 3, Index: 4, Leaf: w}, values[2])
	require.Equal(t, "w", values[2].Leaf.Name())
	require.Equal(t, "matmul", values[3].Op.String())
	require.Equal(t, "tanh", values[4].Op.String())
	require.Equal(t, "Op(255)", Op(255).String())
}

func TestCellsAreWhatATableIsMadeOf(t *testing.T) {
	want := [][]int{{-1, 0, 1}, {0, 1, 2}}
	from, cells, size := NewTable(want, 3, 4).Cells()
	require.Equal(t, want, from)
	require.Equal(t, []int{3, 4}, []int{cells, size})
}
