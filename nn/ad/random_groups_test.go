package ad

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// growWithinSamples adds one of the operations on the rows of each sample.
func (g *randomGraph) growWithinSamples(op int, a *Expr, cols int) {
	h := rapid.IntRange(1, 2).Draw(g.t, "parts")
	r, k := rapid.IntRange(1, 3).Draw(g.t, "rows"), rapid.IntRange(1, 3).Draw(g.t, "k")
	switch op {
	case 0, 1:
		g.keep(&g.rows, Regroup(a, g.divisor(a.columns())))
	case 2:
		x := g.pick(a, g.pick(g.once...))
		g.keep(&g.rows, Gather(x, g.table(x.columns())))
	case 3: // of a value in the shape that the table wants
		t := g.table(g.divisor(12))
		x := g.within(t.rows, t.cols*t.size)
		if u := g.pick(g.once...); u.Cols() == t.result() {
			x = u
		}
		g.keep(&g.rows, Regroup(Scatter(x, t), g.divisor(t.source())))
	case 4:
		g.keep(&g.rows, RowMatMul(g.within(h*r, k), g.within(h*k, cols), h))
	case 5:
		g.keep(&g.rows, RowMatMulT(g.within(h*r, cols), g.within(h*k, cols), h))
	case 6:
		g.keep(&g.rows, RowMatTMul(g.within(h*r, k), g.within(h*r, cols), h))
	case 7:
		g.keep(&g.rows, g.pick(SumGroups(a), Softmax(a), RMSNorm(a, 0.1), Mul(a, Tanh(SumGroups(a)))))
	}
}

// divisor draws a number of rows into which n columns can be cut.
func (g *randomGraph) divisor(n int) int {
	var fit []int
	for d := 1; d <= n; d++ {
		if n%d == 0 {
			fit = append(fit, d)
		}
	}
	return rapid.SampledFrom(fit).Draw(g.t, "divisor")
}

// table draws a table over samples of n numbers: one that moves them, or one with
// zeros and repetitions.
func (g *randomGraph) table(n int) *Table {
	size := g.divisor(n)
	if rapid.Bool().Draw(g.t, "moves") {
		cells := make([]int, n/size)
		for i := range cells {
			cells[i] = i
		}
		from := slices.Chunk(rapid.Permutation(cells).Draw(g.t, "cells"), len(cells)/g.divisor(len(cells)))
		return NewTable(slices.Collect(from), len(cells), size)
	}
	cell := rapid.IntRange(-1, n/size-1)
	rows, cols := rapid.IntRange(1, 4).Draw(g.t, "rows"), rapid.IntRange(1, 3).Draw(g.t, "cols")
	from := make([][]int, rows)
	for i := range from {
		for range cols {
			from[i] = append(from[i], cell.Draw(g.t, "cell"))
		}
	}
	return NewTable(from, n/size, size)
}

// within returns a value of rows×cols numbers a sample.
func (g *randomGraph) within(rows, cols int) *Expr {
	x := g.pick(append(g.rows, g.once...)...)
	if rows == x.Groups() && cols == x.Cols() {
		return x
	}
	x = Regroup(x, 1)
	return Regroup(Tanh(MatMul(x, g.param(x.Cols(), rows*cols))), rows)
}

// Neither workers, nor teams of them, nor blocks, nor the other samples matter.
func TestBitsOfRandomProgramsDependOnTheSampleOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawGraph(t, true)
		loss := g.loss()
		out := append(append([]*Expr(nil), g.rows...), g.sums...)
		out = append(out, Grad(loss, g.variables()...)...)
		p, team, small := Compile[float32](out, g.in), Compile[float32](out, g.in), Compile[float32](g.rows, g.in)
		team.wide, small.blockRows = true, 1
		want := runCompiled(p, g.n, g.theta, g.inputs, 1)
		for _, q := range []*Program[float32]{p, team, small} {
			for i, got := range runCompiled(q, g.n, g.theta, g.inputs, 3) {
				for j, v := range got {
					require.Equal(t, math.Float64bits(want[i][j]), math.Float64bits(v), "output %d %s", i, out[i].describe())
				}
			}
		}
	})
}
