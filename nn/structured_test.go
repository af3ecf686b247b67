package nn_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
)

// structuredNet is a network over positions of samples of d numbers.
type structuredNet struct {
	m nn.Module
	d int
}

// structuredNets are small networks of every kind, with what they can be told.
var structuredNets = map[string]structuredNet{
	"layers": {nn.Sequential{
		nn.Conv{Size: []int{2, 3}, Out: 4, Circular: true}, nn.GroupNorm{Size: []int{2, 3}, Groups: 2}, nn.SiLU{}, nn.Positions{},
		nn.Conv{Size: []int{2, 3}, Out: 6, Stride: 2}, nn.GroupNorm{Size: []int{2}, Conditioned: true}, nn.Tanh{},
		nn.Attention{Size: []int{2}, Heads: 3, Relative: true}, nn.Resample{Size: []int{2}, Up: 3},
		nn.Pointwise{Size: []int{2, 3}, Body: nn.Residual{Body: nn.Sequential{nn.Linear{Out: 5}, nn.LayerNorm{}, nn.Condition{}, nn.Dropout{P: 0.3}, nn.Linear{Out: 2}}}},
		nn.Resample{Size: []int{6}, Down: 2}, nn.Conv{Size: []int{3}, Out: 2, Kernel: []int{1}},
	}, 6},
	"set":         {nn.Sequential{nn.Pointwise{Size: []int{3}, Body: nn.Sequential{nn.Linear{Out: 4}, nn.Tanh{}}}, nn.Mean{Size: []int{3}}, nn.Condition{}, nn.Linear{Out: 6}}, 6},
	"1-D U-Net":   {nn.UNet{Size: []int{16}, Channels: []int{4, 6}, Patch: 2, Kernel: []int{5}, Heads: 2}, 16},
	"2-D U-Net":   {nn.UNet{Size: []int{4, 4}, Channels: []int{4, 6}, Circular: true}, 16},
	"transformer": {nn.Transformer{Size: []int{4, 2}, Patch: 2, Width: 6, Blocks: 2, Heads: 2}, 16},
	"relative":    {nn.Transformer{Size: []int{5}, Width: 4, Blocks: 1, Relative: true, Hidden: 5}, 5},
	"causal":      {nn.Transformer{Size: []int{5}, Width: 4, Blocks: 1, Heads: 2, Causal: true, Hidden: 5}, 5},
	"mixer":       {nn.Mixer{Size: []int{4, 4}, Patch: 2, Width: 6, Blocks: 2, Tokens: 3}, 16},
	"table":       {nn.TabularTransformer{Width: 6, Blocks: 2, Heads: 2}, 4},
}

func TestGradientsOfStructuredNetworksMatchCentralDifferences(t *testing.T) {
	const rows, h = 3, 1e-4
	for name, s := range structuredNets {
		t.Run(name, func(t *testing.T) {
			n := &network{x: ad.Input("x", s.d), time: ad.Input("t", 1), cond: ad.Input("cond", 2)}
			b := nn.NewBuild(&n.params)
			b.Time, b.Cond, b.Train, b.Dropout = n.time, n.cond, true, 0.2
			n.out = s.m.Apply(b, n.x)
			n.theta = normals(n.params.Len(), 0.5, 7)
			v := ad.Input("v", s.d)
			leaves := []*ad.Expr{n.x, n.time, n.cond, v}
			values := [][]float64{normals(s.d*rows, 1, 1), normals(rows, 1, 2), normals(2*rows, 1, 3), normals(s.d*rows, 0.5, 4)}
			// A loss of a derivative, and the gradient of a gradient.
			jvp := ad.Add(ad.Square(n.out), ad.JVP(n.out, n.x, v))
			field := ad.Grad(ad.SumCols(ad.Mul(n.out, v)), n.x)[0]
			loss := ad.SumRows(ad.SumCols(ad.Add(jvp, ad.Square(field))))
			program := ad.Compile[float64](append([]*ad.Expr{loss}, ad.Grad(loss, n.params.Leaves()...)...), leaves)
			var w ad.Weights[float64]
			grad := make([]float64, len(n.theta))
			out := [][]float64{make([]float64, 1)}
			for _, e := range n.params.Entries() {
				out = append(out, grad[e.Offset:e.Offset+e.Rows*e.Cols])
			}
			at := func(theta []float64) float64 {
				program.Pack(&w, theta, nil)
				program.Run(rows, &w, hashed, out, values, nil)
				return out[0][0]
			}
			at(n.theta)
			exact, norm := slices.Clone(grad), 0.0
			for _, g := range exact {
				norm += g * g
			}
			for k := range uint64(4) {
				direction, slope := normals(len(n.theta), 1/math.Sqrt(float64(len(n.theta))), 50+k), 0.0
				plus, minus := slices.Clone(n.theta), slices.Clone(n.theta)
				for i, v := range direction {
					slope += v * exact[i]
					plus[i] += h * v
					minus[i] -= h * v
				}
				require.InDelta(t, slope, (at(plus)-at(minus))/(2*h), 1e-6*math.Sqrt(norm))
			}
		})
	}
}

// The field starts networks like these at zero, where their blocks are the identity.
func TestStructuredNetworksStartAtZero(t *testing.T) {
	for name, s := range structuredNets {
		if name == "layers" || name == "set" {
			continue
		}
		n := newNetwork(s.m, s.d, 2, ad.Input("t", 1))
		n.params.Init(n.theta, rand.NewPCG(1, 1))
		y := run[float64](n.out, 2, n.theta, []*ad.Expr{n.x, n.time, n.cond}, normals(2*s.d, 1, 1), normals(2, 1, 2), normals(4, 1, 3))
		require.Equal(t, make([]float64, 2*s.d), y, name)
	}
	block := newNetwork(nn.TransformerBlock{Size: []int{3}}, 12, 0, nil)
	block.params.Init(block.theta, rand.NewPCG(1, 1))
	x := normals(24, 1, 1)
	require.Equal(t, x, run[float64](block.out, 2, block.theta, []*ad.Expr{block.x}, x))
}

// A time and conditions reach all outputs, common to all samples or one a sample with
// the same bits.
func TestStructuredNetworksDependOnTimeAndConditions(t *testing.T) {
	const rows = 3
	for name, s := range structuredNets {
		build := func(time, cond *ad.Expr) *network {
			n := &network{x: ad.Input("x", s.d), time: time, cond: cond}
			b := nn.NewBuild(&n.params)
			b.Time, b.Cond = time, cond
			n.out = s.m.Apply(b, n.x)
			n.theta = normals(n.params.Len(), 0.3, 7)
			return n
		}
		x := normals(rows*s.d, 1, 1)
		common := build(ad.UniformInput("t", 1), ad.UniformInput("c", 2))
		at := func(time, cond float64) []float32 {
			return run[float32](common.out, rows, common.theta, []*ad.Expr{common.x, common.time, common.cond}, x, []float64{time}, []float64{cond, 1})
		}
		each := build(ad.Input("t", 1), ad.Input("c", 2))
		got := run[float32](each.out, rows, each.theta, []*ad.Expr{each.x, each.time, each.cond}, x, repeat(0.4, rows), []float64{0.2, 1, 0.2, 1, 0.2, 1})
		require.Equal(t, at(0.4, 0.2), got, name)
		later, otherwise := at(0.5, 0.2), at(0.4, 0.3)
		for i := range got {
			require.NotEqual(t, later[i], got[i], "%s: the time at %d", name, i)
			require.NotEqual(t, otherwise[i], got[i], "%s: the condition at %d", name, i)
		}
	}
}

// A time of a column reaches all columns, since they look at each other, and one that is
// neither common nor a column's is refused.
func TestColumnsAsTokensHaveTimesOfTheirOwn(t *testing.T) {
	const d = 3
	net := nn.TabularTransformer{Width: 4, Blocks: 1}
	n := newNetwork(net, d, 0, ad.Input("t", d))
	x := normals(d, 1, 1)
	at := func(c ...float64) []float64 {
		return run[float64](n.out, 1, n.theta, []*ad.Expr{n.x, n.time}, x, c)
	}
	same := at(0.1, 0.1, 0.1)
	for j := range d {
		c := []float64{0.1, 0.1, 0.1}
		c[j] = 0.4
		for i, v := range at(c...) {
			require.NotEqual(t, same[i], v, "output %d for the time of %d", i, j)
		}
	}
	one := newNetwork(net, d, 0, ad.Input("t", 1))
	require.Equal(t, same, run[float64](one.out, 1, n.theta, []*ad.Expr{one.x, one.time}, x, []float64{0.1}))
	require.PanicsWithValue(t, "nn: TabularTransformer: b.Time is r×2, want one column or 3", func() { newNetwork(net, d, 0, ad.Input("t", 2)) })
}

// Positions that began at 0.02 of what they were added to were next to invisible to the
// attention: after 1,500 steps on words of which each follows from the one before it, a
// network had learned nothing of the order.
func TestATransformerSeesPositionsFromTheStart(t *testing.T) {
	n := newNetwork(nn.Transformer{Size: []int{32}, Width: 32, Blocks: 1}, 32*4, 0, nil)
	theta := make([]float64, n.params.Len())
	n.params.Init(theta, rand.NewPCG(1, 1))
	p, _, _ := nn.View(&n.params, theta, "positions")
	square := 0.0
	for _, v := range p {
		square += v * v / float64(len(p))
	}
	require.InDelta(t, 1, square, 0.1)
}

func TestMeanDoesNotSeeTheOrderOfPositions(t *testing.T) {
	x, params := ad.Input("x", 6), &nn.Params{}
	y := nn.Mean{Size: []int{3}}.Apply(nn.NewBuild(params), x)
	require.Equal(t, 2, y.Cols())
	for _, of := range [][]float64{{1, 10, 2, 20, 6, 60}, {6, 60, 1, 10, 2, 20}} {
		got := ad.Eval([]*ad.Expr{y}, 1, nil, nil, map[*ad.Expr][]float64{x: of})[0]
		require.InDeltaSlice(t, []float64{3, 30}, got, 1e-12)
	}
}
