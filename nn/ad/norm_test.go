package ad

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestRMSNormIsItsEquation(t *testing.T) {
	x := Input("x", 2)
	requireValues(t, []float64{0.75, 1, 0, 0, 1, -1}, RMSNorm(x, 3.5), x, 3,
		[]float64{3, 4, 0, 0, 1e9, -1e9})
	one := Input("one", 1)
	requireValues(t, []float64{1, -1, 0, 0.5}, RMSNorm(one, 0.75), one, 4, []float64{1e8, -1e8, 0, 0.5})
}

// Zeros, rows of which nothing is left beside eps, and rows whose squares are beyond
// float32 have finite values and derivatives of first and second order.
func TestRMSNormAndItsDerivativesAreFiniteForRowsOfAnySize(t *testing.T) {
	const n, rows = 37, 9
	x, v := Input("x", n), Input("v", n)
	in, inputs := []*Expr{x, v}, inputsOf(generator(91), []*Expr{x, v}, rows)
	for i := range inputs[0] {
		inputs[0][i] *= []float64{0, 1e-30, 1e-10, 1e-3, 1, 1e3, 1e10, 1e20, 1e30}[i/n]
	}
	y := RMSNorm(x, 1e-5)
	g := Grad(Mul(Sin(y), y), x)[0]
	out := []*Expr{y, g, JVP(y, x, v), JVP(g, x, v), Grad(Square(g), x)[0]}
	single := run[float32](out, in, rows, nil, inputs, 1)
	double := run[float64](out, in, rows, nil, inputs, 1)
	for i, want := range Eval(out, rows, nil, nil, leavesOf(in, inputs)) {
		for r := range rows {
			part := func(v []float64) []float64 { return v[r*n:][:n] }
			require.False(t, math.IsNaN(norm(part(single[i]))) || math.IsInf(norm(part(single[i])), 0), "output %d, row %d", i, r)
			if largest(part(want)) > 1e-20 {
				requireClose(t, part(want), part(double[i]), 1e-11, "output", i, "row", r)
				requireClose(t, part(want), part(single[i]), 1e-4, "output", i, "row", r)
			}
		}
	}
}

// Derivatives of first and second order against central differences, in both modes.
func TestDerivativesOfRMSNormMatchDifferences(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cols, groups := rapid.IntRange(1, 6).Draw(t, "cols"), rapid.IntRange(1, 2).Draw(t, "groups")
		x, v := Input("x", cols*groups), Input("v", cols*groups)
		in := []*Expr{x, v}
		inputs := inputsOf(generator(rapid.Uint64().Draw(t, "seed")), in, 3)
		y := Regroup(Sin(Scale(2, RMSNorm(Regroup(x, groups), 0.5))), 1)
		g := Grad(Square(y), x)[0]
		for _, f := range []*Expr{y, g} {
			tangent := run[float64]([]*Expr{JVP(f, x, v)}, in, 3, nil, inputs, 1)[0]
			p := Compile[float64]([]*Expr{f}, in)
			const h = 1e-5
			moved := func(h float64) []float64 {
				to := append([]float64(nil), inputs[0]...)
				for i, w := range inputs[1] {
					to[i] += h * w
				}
				return runCompiled(p, 3, nil, [][]float64{to, inputs[1]}, 1)[0]
			}
			up, down := moved(h), moved(-h)
			for i := range up {
				require.InDelta(t, (up[i]-down[i])/(2*h), tangent[i], 1e-6*(10+math.Abs(tangent[i])))
			}
			// Reverse mode is the transpose of forward mode.
			u := Input("u", f.cols)
			both := []*Expr{x, v, u}
			values := inputsOf(generator(92), both, 3)
			got := run[float64]([]*Expr{SumCols(Mul(u, JVP(f, x, v))), SumCols(Mul(v, Grad(Mul(u, f), x)[0]))}, both, 3, nil, values, 1)
			requireClose(t, got[0], got[1], 1e-11)
		}
	})
}

func TestRMSNormAndItsSlopeAreOneInstructionEach(t *testing.T) {
	x, u, w := Input("x", 5), Input("u", 5), Param("w", 5, 5, 0)
	y := RMSNorm(MatMul(x, w), 1e-5)
	program := listing([]*Expr{x, u}, Grad(Mul(y, u), w)[0], JVP(y, x, u))
	require.Equal(t, 1, strings.Count(program, "inverserms"), program)
	require.Equal(t, 2, strings.Count(program, "normslope"), program)
	require.NotContains(t, program, "sumcols")
	require.NotContains(t, program, "scale")
	same := RMSNorm(spreadRows(Row([]float64{1, 2, 3}), batch), 1)
	require.Equal(t, "before", strings.Fields(listing([]*Expr{x}, Mul(same, Slice(x, 0, 3))))[0], "what all rows have in common is computed once")
}
