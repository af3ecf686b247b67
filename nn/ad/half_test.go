package ad

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gradlogp/gradlogp/nn/pool"
	"github.com/stretchr/testify/require"
)

// wideNetworks are an MLP with wide layers and narrow ones, and convolutions, norms and
// attention: outputs with gradients, inputs, and a number of samples.
func wideNetworks() map[string]struct {
	out, in []*Expr
	n       int
} {
	x := Input("x", 3)
	net := newNetwork(SiLU, 3, 40, 70, 33, 3)
	y := net.apply(x)
	m, s, picture, time := newStructured(4, 4, 32)
	out, in := m.everything(s, picture, time)
	return map[string]struct {
		out, in []*Expr
		n       int
	}{
		"layers":   {append([]*Expr{y}, Grad(SumCols(Square(y)), append(net.params(), x)...)...), []*Expr{x}, 300},
		"pictures": {out, in, 40},
	}
}

// forOrders runs a test in both orders.
func forOrders(t *testing.T, test func(t *testing.T, order BFloat16)) {
	for _, order := range []BFloat16{BFloat16Tiles, BFloat16Pairs} {
		t.Run(order.String(), func(t *testing.T) { test(t, order) })
	}
}

func TestProductsOfBFloat16AreCloseToThoseOfFloat32(t *testing.T) {
	forOrders(t, func(t *testing.T, order BFloat16) {
		for name, c := range wideNetworks() {
			rng := generator(40)
			half, single := CompileBFloat16(c.out, c.in, order), Compile[float32](c.out, c.in)
			require.Contains(t, half.String(), "of bfloat16", name)
			require.NotContains(t, single.String(), "of bfloat16", name)
			theta, inputs := normals(rng, half.Params()), inputsOf(rng, c.in, c.n)
			for i := range theta {
				theta[i] *= 0.1
			}
			want, got := runCompiled(single, c.n, theta, inputs, 1), runCompiled(half, c.n, theta, inputs, 1)
			different := false
			for i := range want {
				e := relativeError(want[i], got[i])
				require.Less(t, e, 0.03, "%s %d", name, i)
				different = different || e > 1e-4
			}
			require.True(t, different, name)
		}
	})
}

func TestBitsOfBFloat16DoNotDependOnWorkers(t *testing.T) {
	forOrders(t, func(t *testing.T, order BFloat16) {
		for name, c := range wideNetworks() {
			rng := generator(41)
			p, teams := CompileBFloat16(c.out, c.in, order), CompileBFloat16(c.out, c.in, order)
			teams.wide = true
			theta := normals(rng, p.Params())
			for _, n := range []int{1, c.n} {
				inputs := inputsOf(rng, c.in, n)
				want := runCompiled(p, n, theta, inputs, 1)
				for _, workers := range []int{2, 7} {
					for _, p := range []*Program[float32]{p, teams} {
						for i, got := range runCompiled(p, n, theta, inputs, workers) {
							requireSameBits(t, want[i], got, name, n, workers, i, p.wide)
						}
					}
				}
				last := runCompiled(p, 1, theta, rowsOf(inputs, c.in, n-1, n), 1)
				requireSameBits(t, want[0][len(want[0])-len(last[0]):], last[0], name, n, "the last row alone")
			}
		}
	})
}

// Layers of fewer than 32 columns on either side, and what has one of them, are as they are.
func TestNarrowProductsStayFloat32(t *testing.T) {
	rng := generator(42)
	x := Input("x", 3)
	net := newNetwork(SiLU, 3, 31, 64, 31, 1)
	y := net.apply(x)
	out := append([]*Expr{y}, Grad(y, append(net.params(), x)...)...)
	half, single := CompileBFloat16(out, []*Expr{x}, BFloat16Pairs), Compile[float32](out, []*Expr{x})
	theta, inputs := net.theta(rng), inputsOf(rng, []*Expr{x}, 100)
	want, got := runCompiled(single, 100, theta, inputs, 2), runCompiled(half, 100, theta, inputs, 2)
	require.False(t, strings.Contains(half.String(), "matmul of bfloat16"))
	for i := range want {
		requireSameBits(t, want[i], got[i], i)
	}
}

func TestRunsOfBFloat16DoNotAllocate(t *testing.T) {
	forOrders(t, func(t *testing.T, order BFloat16) {
		for name, c := range wideNetworks() {
			rng := generator(43)
			p, crew := CompileBFloat16(c.out, c.in, order), pool.New(2)
			theta := converted[float32](normals(rng, p.Params()))
			inputs := make([][]float32, len(c.in))
			for i, v := range inputsOf(rng, c.in, c.n) {
				inputs[i] = converted[float32](v)
			}
			var w Weights[float32]
			p.Pack(&w, theta, crew)
			outs := outputsOf(p, c.n)
			p.Run(c.n, &w, nil, outs, inputs, crew)
			require.Zero(t, testing.AllocsPerRun(3, func() { p.Run(c.n, &w, nil, outs, inputs, crew) }), name)
			require.Zero(t, testing.AllocsPerRun(3, func() { p.Pack(&w, theta, crew) }), name)
		}
	})
}

func TestOrdersOfBFloat16(t *testing.T) {
	x := Input("x", 32)
	y := []*Expr{MatMul(x, Param("w", 32, 32, 0))}
	require.Equal(t, CompileBFloat16(y, []*Expr{x}, 0).String(), Compile[float32](y, []*Expr{x}).String())
	require.NoError(t, FastBFloat16().Validate())
	require.Equal(t, "float32 tiles pairs BFloat16(3)", fmt.Sprint(BFloat16(0), " ", BFloat16Tiles, " ", BFloat16Pairs, " ", BFloat16(3)))
	for _, order := range []BFloat16{-1, 3} {
		require.Error(t, order.Validate())
		require.PanicsWithValue(t, fmt.Sprintf("ad: CompileBFloat16: order is %d, want BFloat16Tiles, BFloat16Pairs or 0", order), func() { CompileBFloat16(y, []*Expr{x}, order) })
	}
}
