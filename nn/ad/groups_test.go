package ad

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// requireValues fails unless Eval and both types of programs give these numbers.
func requireValues(t *testing.T, want []float64, e, x *Expr, n int, values []float64, theta ...float64) {
	t.Helper()
	in, inputs := []*Expr{x}, [][]float64{values}
	require.Equal(t, want, Eval([]*Expr{e}, n, theta, nil, leavesOf(in, inputs))[0])
	require.Equal(t, want, run[float64]([]*Expr{e}, in, n, theta, inputs, 1)[0])
	require.Equal(t, want, run[float32]([]*Expr{e}, in, n, theta, inputs, 1)[0])
}

// Checks nn/ad (2).
func TestRegroupKeepsTheOrderOfASample(t *testing.T) {
	x := Input("x", 6)
	values := []float64{1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60}
	rows := Regroup(x, 3)
	require.Equal(t, []int{3, 2, 0}, []int{rows.Groups(), rows.Cols(), rows.Rows()})
	requireValues(t, values, rows, x, 2, values)
	requireValues(t, []float64{3, 7, 11, 30, 70, 110}, SumCols(rows), x, 2, values)
	requireValues(t, []float64{9, 12, 90, 120}, SumGroups(rows), x, 2, values)
	requireValues(t, []float64{99, 132}, SumRows(rows), x, 2, values)
	requireValues(t, []float64{4, 6, 40, 60}, Slice(Scale(2, Regroup(rows, 1)), 1, 3), x, 2, values)
}

func TestARowOfASampleSpreadsOverItsRows(t *testing.T) {
	x := Input("x", 6)
	values := []float64{1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60}
	rows, first := Regroup(x, 3), Slice(x, 0, 2)
	requireValues(t, []float64{2, 4, 4, 6, 6, 8, 20, 40, 40, 60, 60, 80}, Add(rows, first), x, 2, values)
	requireValues(t, []float64{0, 0, 2, 2, 4, 4, 0, 0, 20, 20, 40, 40}, Sub(rows, first), x, 2, values)
	requireValues(t, []float64{1, 2, 3, 4, 5, 6, 100, 200, 300, 400, 500, 600}, Mul(Slice(first, 0, 1), rows), x, 2, values)
	requireValues(t, []float64{1, 2, 1, 1, 4, 1, 1, 6, 1, 10, 20, 10, 10, 40, 10, 10, 60, 10},
		Concat(Slice(x, 0, 1), Slice(rows, 1, 2), Slice(x, 0, 1)), x, 2, values)
	requireValues(t, []float64{3, 2, 7, 6, 11, 10, 30, 11, 70, 51, 110, 91},
		Affine(rows, constant(1, 2, 2), Sub(Concat(Const(0), Const(1)), Concat(Const(0), Slice(x, 1, 2)))), x, 2, values)
}

// Checks nn/ad (3).
func TestGatherPicksCellsAndScatterAddsThem(t *testing.T) {
	x := Input("x", 4)
	table := NewTable([][]int{{-1, 0, 1}, {1, 1, -7}}, 2, 2) // of two cells of two numbers
	y := Gather(x, table)
	require.Equal(t, "r·2×6", y.shape())
	requireValues(t, []float64{0, 0, 1, 2, 3, 4, 3, 4, 3, 4, 0, 0}, y, x, 1, []float64{1, 2, 3, 4})
	requireValues(t, []float64{0, 0, 1, 2, 3, 4, 3, 4, 3, 4, 0, 0}, Gather(Regroup(x, 4), table), x, 1, []float64{1, 2, 3, 4})

	z := Input("z", 12)
	requireValues(t, []float64{3, 4, 21, 24}, Scatter(z, table), z, 1, []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})

	inner := func(a, b *Expr) *Expr { return SumCols(Mul(Regroup(a, 1), Regroup(b, 1))) }
	in := []*Expr{x, z}
	rng := generator(80)
	got := run[float64]([]*Expr{inner(Gather(x, table), Regroup(z, 2)), inner(x, Scatter(z, table))}, in, 9, nil, inputsOf(rng, in, 9), 1)
	requireClose(t, got[0], got[1], 1e-14, "they are adjoint")
}

func TestTablesOfTheSameCellsAreOne(t *testing.T) {
	x := Input("x", 4)
	table := func(last int) *Table { return NewTable([][]int{{0, 1}, {1, last}}, 2, 2) }
	lines := listing([]*Expr{x}, Exp(Gather(x, table(0))), Sin(Gather(Regroup(x, 2), table(0))), Gather(x, table(-1)))
	require.Equal(t, 2, strings.Count(lines, "gather"), lines)
}

// Checks nn/ad (4).
func TestRowProductsAreOfEachPart(t *testing.T) {
	x := Input("x", 8)
	values := []float64{1, 2, 3, 4, 5, 6, 7, 8}
	a := Regroup(x, 4) // two parts of 2×2
	requireValues(t, []float64{7, 10, 15, 22, 67, 78, 91, 106}, RowMatMul(a, a, 2), x, 1, values)
	requireValues(t, []float64{5, 11, 11, 25, 61, 83, 83, 113}, RowMatMulT(a, a, 2), x, 1, values)
	requireValues(t, []float64{10, 14, 14, 20, 74, 86, 86, 100}, RowMatTMul(a, a, 2), x, 1, values)

	u := Row([]float64{1, 10}) // a uniform row is that of each sample
	requireValues(t, []float64{21, 43, 65, 87}, RowMatMulT(a, u, 1), x, 1, values)
}

func TestSoftmaxIsFiniteAndIgnoresAShift(t *testing.T) {
	x := Input("x", 3)
	in, inputs := []*Expr{x}, [][]float64{{1000, 1000, 1000, -1000, 0, 1000, 1, 2, 3}}
	s := Softmax(x)
	got := run[float64]([]*Expr{s, SumCols(s), Grad(Square(s), x)[0], JVP(s, x, Const(1))}, in, 3, nil, inputs, 1)
	requireClose(t, []float64{1, 1, 1}, got[1], 1e-15)
	requireClose(t, []float64{1. / 3, 1. / 3, 1. / 3, 0, 0, 1}, got[0][:6], 1e-15)
	requireNear(t, make([]float64, 9), got[3], 1e-15, "shifting all does nothing")
	require.False(t, math.IsNaN(norm(got[2])))
	same := Softmax(spreadRows(Row([]float64{1, 2, 3}), batch))
	require.Equal(t, "before", strings.Fields(listing(in, Mul(same, x)))[0], "what all rows have in common is computed once")

	slopes := Compile[float64]([]*Expr{Grad(Mul(s, x), x)[0], JVP(s, x, x)}, in).String()
	require.Equal(t, 1, strings.Count(slopes, "softmaxslope"), "it is the same in both modes: %s", slopes)

	most := MaxCols(x)
	requireValues(t, []float64{3, -1}, most, x, 2, []float64{1, 3, 2, -1, -2, -3})
	require.True(t, math.IsNaN(run[float32]([]*Expr{most}, in, 1, nil, [][]float64{{1, math.NaN(), 2}}, 1)[0][0]))
}

// Products with denormal numbers take many times as long as others.
func TestNoDenormalNumberLeavesSoftmax(t *testing.T) {
	x := Input("x", 50)
	in, inputs := []*Expr{x}, [][]float64{normals(generator(78), 50*20)}
	for i := range inputs[0] {
		inputs[0][i] *= 30
	}
	out := []*Expr{Softmax(x), Grad(Square(Softmax(x)), x)[0]}
	double, single := run[float64](out, in, 20, nil, inputs, 1), run[float32](out, in, 20, nil, inputs, 1)
	for i, want := range Eval(out, 20, nil, nil, leavesOf(in, inputs)) {
		requireClose(t, want, double[i], 1e-14, "output", i)
		requireClose(t, want, single[i], 1e-4, "output", i)
		for _, v := range single[i] {
			require.False(t, v != 0 && math.Abs(v) < 0x1p-126, "output %d has %g", i, v)
		}
	}
}

func TestRegroupingCostsNothing(t *testing.T) {
	x, w := Input("x", 6), Param("w", 2, 4, 0)
	y := Regroup(SiLU(Regroup(MatMul(Regroup(x, 3), w), 6)), 1)
	require.Equal(t, "rows    %4 r·3×4 out[0] = silu of matmul in[0] w[0]\n", listing([]*Expr{x}, y))
}

func TestSimplifyWithinSamples(t *testing.T) {
	x, c := Input("x", 6), Input("c", 1)
	rows := Regroup(x, 3)
	table := NewTable([][]int{{0, 2}, {-1, 1}}, 3, 2)
	zero := full(0, rows)
	for _, r := range []struct {
		name       string
		long, want *Expr
	}{
		{"back and forth", Regroup(Exp(Regroup(rows, 6)), 1), Exp(x)},
		{"sum of a repeated row", SumGroups(spreadRows(Exp(Slice(x, 0, 2)), -3)), Scale(3, Exp(Slice(x, 0, 2)))},
		{"sum of constants", SumGroups(full(2, rows)), full(6, Slice(x, 0, 2))},
		{"a number for each sample", Mul(rows, Regroup(spreadCols(c, 6), 3)), Mul(rows, c)},
		{"a repeated row times w", MatMul(spreadRows(Slice(x, 0, 2), -3), Param("w", 2, 2, 0)), spreadRows(MatMul(Slice(x, 0, 2), Param("w", 2, 2, 0)), -3)},
		{"division by a number for each row", Div(rows, SumCols(rows)), Mul(rows, Recip(SumCols(rows)))},
		{"gathered zeros", Gather(zero, table), full(0, Gather(x, table))},
		{"scattered zeros", Scatter(full(0, Gather(x, table)), table), full(0, x)},
		{"product with zeros", RowMatMulT(rows, zero, 1), full(0, RowMatMulT(rows, rows, 1))},
	} {
		require.Equal(t, listing([]*Expr{x, c}, r.want), listing([]*Expr{x, c}, r.long), r.name)
	}
}

func TestSamplesAreRefusedThatDoNotFit(t *testing.T) {
	x, w := Input("x", 6), Param("w", 2, 6, 0)
	rows := Regroup(x, 3)
	table := NewTable([][]int{{0, 2}, {-1, 1}}, 3, 2)
	for _, c := range []struct {
		want  string
		build func()
	}{
		{"ad: Regroup: g = 0, want at least 1", func() { Regroup(x, 0) }},
		{"ad: Regroup: x is r×6, want 6 numbers a sample that 4 rows can hold", func() { Regroup(x, 4) }},
		{"ad: Regroup: x is 2×6, want a value of each sample or a uniform one", func() { Regroup(w, 2) }},
		{"ad: Add: a is r·3×2, b is r·2×3, want as many rows, or one", func() { Add(rows, Regroup(x, 2)) }},
		{"ad: SumGroups: x is 2×6, want a value of each sample or a uniform one", func() { SumGroups(w) }},
		{"ad: Gather: x is r×6, t has 2 cells of 2 numbers, want as many numbers a sample", func() { Gather(x, NewTable([][]int{{0}}, 2, 2)) }},
		{"ad: Gather: x is 2×6, want a value of each sample or a uniform one", func() { Gather(w, table) }},
		{"ad: Scatter: x is r·3×2, t is 2×2 cells of 2 numbers, want as many numbers a sample", func() { Scatter(rows, table) }},
		{"ad: RowMatMul: x is r·3×2, w is r·3×2, want as many rows of w as columns of x in each of 1 parts", func() { RowMatMul(rows, rows, 1) }},
		{"ad: RowMatMulT: g is r·3×2, w is r·2×3, want as many columns in each of 1 parts", func() { RowMatMulT(rows, Regroup(x, 2), 1) }},
		{"ad: RowMatMulT: g is r·3×2, w is r·3×2, want as many columns in each of 2 parts", func() { RowMatMulT(rows, rows, 2) }},
		{"ad: RowMatTMul: x is r·3×2, g is r·2×3, want as many rows in each of 1 parts", func() { RowMatTMul(rows, Regroup(x, 2), 1) }},
		{"ad: RowMatTMul: h = 0, want at least 1", func() { RowMatTMul(rows, rows, 0) }},
		{"ad: NewTable: cells = 0, want at least 1", func() { NewTable([][]int{{0}}, 0, 1) }},
		{"ad: NewTable: size = 0, want at least 1", func() { NewTable([][]int{{0}}, 1, 0) }},
		{"ad: NewTable: len(from) = 0, want at least 1", func() { NewTable(nil, 1, 1) }},
		{"ad: NewTable: len(from[0]) = 0, want at least 1", func() { NewTable([][]int{{}}, 1, 1) }},
		{"ad: NewTable: from[1] has 1 cells, want 2 as from[0] has", func() { NewTable([][]int{{0, 0}, {0}}, 1, 1) }},
		{"ad: NewTable: from[0][1] = 2, want less than 2, or a negative number for zeros", func() { NewTable([][]int{{0, 2}}, 2, 1) }},
		{fmt.Sprintf("ad: NewTable: 1×1 of 2 cells of %d numbers, want fewer than 2³¹ numbers a sample", 1<<30), func() { NewTable([][]int{{0}}, 2, 1<<30) }},
	} {
		require.PanicsWithValue(t, c.want, c.build)
	}
}

// As the relative positions of attention.
func TestWhatAllSamplesHaveIsGatheredOnce(t *testing.T) {
	x, u := Input("x", 4), Param("u", 1, 3, 0)
	y := Add(Regroup(x, 2), Gather(u, NewTable([][]int{{0, 1}, {2, -1}}, 3, 1)))
	out := []*Expr{y, Grad(total(Square(y)), u)[0]}
	p := Compile[float64](out, []*Expr{x})
	for ph, op := range map[phase]opcode{before: opGather, body: opAdd, after: opScatter} {
		require.True(t, slices.ContainsFunc(p.phases[ph], func(in instr) bool { return in.op == op }), p.String())
	}
	theta, inputs := []float64{1, 2, 3}, inputsOf(generator(79), []*Expr{x}, 70)
	want := Eval(out, 70, theta, nil, leavesOf([]*Expr{x}, inputs))
	for _, workers := range []int{1, 2, 3, 7} {
		for i, got := range runCompiled(p, 70, theta, inputs, workers) {
			requireClose(t, want[i], got, 1e-13, "output", i)
		}
	}
}
