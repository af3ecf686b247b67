package ad

import (
	"fmt"
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/nn/pool"
	"github.com/stretchr/testify/require"
)

func TestRandomLeavesAreAddressed(t *testing.T) {
	const n = 130
	a, again, b := Random(3, 5), Random(3, 5), Random(3, 6)
	out := []*Expr{a, again, b}
	single := run[float32](out, nil, n, nil, nil, 2)
	double := run[float64](out, nil, n, nil, nil, 1)
	for i := range out {
		requireSameBits(t, single[i], double[i], "float32 and float64")
	}
	requireSameBits(t, single[0], single[1], "the same address")
	require.NotEqual(t, single[0], single[2])
	want := make([]float64, 3)
	for r := range n {
		hashFiller(want, r, 5)
		for j, u := range want {
			require.Equal(t, math.Floor(u*(1<<24))/(1<<24), double[0][3*r+j])
		}
	}
	p := Compile[float32]([]*Expr{a}, nil)
	outs := outputsOf(p, 1)
	almostOne := func(dst []float64, row, slot int) {
		for i := range dst {
			dst[i] = math.Nextafter(1, 0)
		}
	}
	p.Run(1, nil, almostOne, outs, nil, nil)
	require.Less(t, outs[0][0], float32(1))
}

func TestPanicsReachTheCaller(t *testing.T) {
	p := Compile[float64]([]*Expr{Random(1, 0)}, nil)
	const n = 1000
	outs := outputsOf(p, n)
	for _, bad := range []int{0, 500, 999} {
		for _, workers := range []int{1, 2, 4} {
			require.PanicsWithValue(t, "boom", func() {
				p.Run(n, nil, func(dst []float64, row, slot int) {
					if row == bad {
						panic("boom")
					}
				}, outs, nil, pool.New(workers))
			})
		}
	}
	p.Run(n, nil, hashFiller, outs, nil, pool.New(4))
	first := make([]float64, 1)
	hashFiller(first, n-1, 0)
	require.InDelta(t, first[0], outs[0][n-1], 1e-7, "the program still works")
}

func TestRunRefusesWrongArguments(t *testing.T) {
	x, time := Input("x", 2), UniformInput("time", 1)
	out := []*Expr{Add(MatMul(x, Param("w", 2, 3, 0)), Mul(Random(3, 0), time))}
	p := Compile[float64](out, []*Expr{x, time})
	require.Equal(t, 6, p.Params())
	var w, other Weights[float64]
	p.Pack(&w, make([]float64, 6), nil)
	good := func() [][]float64 { return [][]float64{make([]float64, 8), make([]float64, 1)} }
	outs := [][]float64{make([]float64, 12)}
	p.Run(4, &w, hashFiller, outs, good(), nil)
	outputs11 := [][]float64{make([]float64, 11)}
	fourTimes := [][]float64{make([]float64, 8), make([]float64, 4)}
	for _, c := range []struct {
		want string
		run  func()
	}{
		{"ad: Run: -1 rows", func() { p.Run(-1, &w, hashFiller, outs, good(), nil) }},
		{"ad: Run: 1 inputs, want 2", func() { p.Run(4, &w, hashFiller, outs, good()[:1], nil) }},
		{"ad: Run: 0 outputs, want 1", func() { p.Run(4, &w, hashFiller, nil, good(), nil) }},
		{"ad: Run: weights that this program has not packed", func() { p.Run(4, &other, hashFiller, outs, good(), nil) }},
		{"ad: Run: weights that this program has not packed", func() { p.Run(4, nil, hashFiller, outs, good(), nil) }},
		{"ad: Run: random leaves, but no Filler", func() { p.Run(4, &w, nil, outs, good(), nil) }},
		{"ad: Run: input 0, x r×2, has length 8, want 3·2", func() { p.Run(3, &w, hashFiller, outs, good(), nil) }},
		{"ad: Run: input 1, time 1×1, has length 4, want 1·1", func() { p.Run(4, &w, hashFiller, outs, fourTimes, nil) }},
		{"ad: Run: output 0, add r×3, has length 11, want 4·3", func() { p.Run(4, &w, hashFiller, outputs11, good(), nil) }},
		{"ad: Pack: 5 parameters, want at least 6", func() { p.Pack(&w, make([]float64, 5), nil) }},
	} {
		require.PanicsWithValue(t, c.want, c.run)
	}
}

func TestOutputsMayBeLeavesAndRepeated(t *testing.T) {
	x, u, w := Input("x", 2), UniformInput("u", 2), Param("w", 2, 2, 1)
	y := Square(x)
	out := []*Expr{x, u, w, y, y, Const(3), full(2, x), SumRows(y), SumRows(y), Add(y, x), Add(SumRows(y), u), y}
	const n = 70
	rng := generator(26)
	in, theta := []*Expr{x, u}, normals(rng, 5)
	inputs := inputsOf(rng, in, n)
	got := run[float64](out, in, n, theta, inputs, 2)
	for i, want := range Eval(out, n, theta, nil, leavesOf(in, inputs)) {
		requireClose(t, want, got[i], 1e-14, fmt.Sprint("output ", i))
	}
}

func TestBlocksAndLanesDependOnShapesOnly(t *testing.T) {
	for _, c := range []struct{ weight, row, groups, want int }{
		{0, 0, 1, 64}, {256 << 10, 0, 1, 64}, {256<<10 + 1, 0, 1, 128}, {0, 1 << 17, 1, 64}, {0, 1<<17 + 1, 1, 32},
		{1 << 20, 1<<17 + 1, 1, 32}, {0, 1 << 30, 1, 16},
		{0, 0, 2, 64}, {0, 0, 64, 8}, {0, 0, 1 << 20, 2}, {0, 1 << 19, 2, 8}, {0, 1 << 23, 2, 2}, {0, 1 << 30, 2, 1},
	} {
		require.Equal(t, c.want, rowsPerBlock(c.weight, c.row, c.groups), "%+v", c)
	}
	for _, c := range []struct{ blocks, elements, groups, want int }{
		{0, 1, 1, 1}, {1, 1, 1, 1}, {2, 1, 1, 2}, {3, 1, 1, 2}, {15, 1, 1, 8}, {16, 1, 1, 16}, {1000, 1, 1, 16},
		{1000, 1 << 17, 1, 8}, {1000, 1<<20 - 1, 1, 2}, {1000, 1 << 30, 1, 2}, {1000, 1 << 19, 2, 8},
	} {
		require.Equal(t, c.want, laneCount(c.blocks, c.elements, c.groups), "%+v", c)
	}
}

func TestEvalRefusesMissingLeaves(t *testing.T) {
	x, w := Input("x", 2), Param("w", 2, 3, 1)
	out := []*Expr{MatMul(x, w)}
	require.PanicsWithValue(t, "ad: Eval: leaf x r×2 has 0 numbers, want 8", func() { Eval(out, 4, make([]float64, 7), nil, nil) })
	require.PanicsWithValue(t, "ad: Eval: parameter w 2×3 ends at 7 of 6", func() {
		Eval(out, 1, make([]float64, 6), nil, leavesOf([]*Expr{x}, [][]float64{{1, 2}}))
	})
}

func TestWhatIsBesideARunRunsOnce(t *testing.T) {
	x := Input("x", 300)
	narrow := Compile[float32]([]*Expr{SumRows(Exp(x))}, []*Expr{x})
	wide := Compile[float32]([]*Expr{MatMul(Exp(x), Param("w", 300, 300, 0))}, []*Expr{x})
	for name, p := range map[string]*Program[float32]{"narrow": narrow, "wide": wide} {
		var w Weights[float32]
		p.Pack(&w, make([]float32, p.Params()), nil)
		for _, n := range []int{0, 1, inline, inline + 1, 1000} {
			for _, crew := range []*pool.Crew{nil, pool.New(1), pool.New(2), pool.New(16)} {
				rows := n
				if name == "narrow" {
					rows = 1
				}
				out, times := make([]float32, rows*300), 0
				p.RunBeside(n, &w, nil, [][]float32{out}, [][]float32{make([]float32, n*300)}, crew, func() { times++ })
				require.Equal(t, 1, times, "%s, %d rows, %d workers", name, n, crew.Workers())
			}
		}
	}
}
