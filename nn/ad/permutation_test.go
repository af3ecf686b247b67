package ad

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// transposed is the table of the columns of a rows×cols matrix.
func transposed(rows, cols, size int) *Table {
	from := make([][]int, cols)
	for j := range from {
		for i := range rows {
			from[j] = append(from[j], i*cols+j)
		}
	}
	return NewTable(from, rows*cols, size)
}

func TestScatterByAPermutationIsAGather(t *testing.T) {
	x, w := Input("x", 24), Param("w", 4, 5, 0)
	table, back := transposed(4, 6, 1), transposed(6, 4, 1)
	y := Regroup(Scatter(Exp(x), table), 4)
	require.Equal(t, listing([]*Expr{x}, Gather(Exp(x), back)), listing([]*Expr{x}, y))
	y = MatMul(Regroup(Scatter(x, transposed(6, 4, 1)), 6), w)
	require.Equal(t, listing([]*Expr{x}, MatMul(Gather(x, table), w)), listing([]*Expr{x}, y), "within a product")
	twice := NewTable([][]int{{0, 1, 1}}, 3, 8)
	require.Contains(t, listing([]*Expr{x}, Scatter(x, twice)), "scatter")
}

func TestTransposedMatricesAgreeWithEval(t *testing.T) {
	for _, s := range []struct{ rows, cols, size int }{{3, 70, 1}, {64, 32, 1}, {5, 4, 3}, {600, 9, 1}} {
		table, n := transposed(s.rows, s.cols, s.size), 5
		require.Equal(t, s.size == 1, table.turns)
		x, w := Input("x", table.source()), Param("w", s.rows*s.size, n, 0)
		y := Tanh(MatMul(Gather(x, table), w))
		out := append([]*Expr{y, Gather(x, table)}, Grad(Square(y), x, w)...)
		rng := generator(91)
		theta, inputs := normals(rng, w.Rows()*n), inputsOf(rng, []*Expr{x}, 3)
		got := run[float64](out, []*Expr{x}, 3, theta, inputs, 2)
		for i, want := range Eval(out, 3, theta, nil, leavesOf([]*Expr{x}, inputs)) {
			requireClose(t, want, got[i], 1e-12, "output", i)
		}
	}
}
