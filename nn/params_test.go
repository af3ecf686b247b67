package nn_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
)

func TestModuleAppliedAgainSharesItsWeightsWhenAsked(t *testing.T) {
	var params nn.Params
	b, x := nn.NewBuild(&params), ad.Input("x", 3)
	layer := nn.Linear{Out: 3}
	once := layer.Apply(b.Scope("a"), x)
	twice := layer.Apply(b.Share().Scope("a"), once)
	require.Equal(t, 12, params.Len())
	layer.Apply(nn.NewBuild(&params).Scope("a"), x)
	require.Equal(t, 12, params.Len(), "a second Build of the same parameters finds them")
	layer.Apply(b.Scope("b"), x)
	require.Equal(t, 24, params.Len(), "another scope has weights of its own")

	theta := normals(24, 1, 1)
	v := normals(3, 1, 2)
	y := run[float64](once, 1, theta, []*ad.Expr{x}, v)
	require.Equal(t, run[float64](once, 1, theta, []*ad.Expr{x}, y), run[float64](twice, 1, theta, []*ad.Expr{x}, v))
}

func TestParametersLieOneAfterTheOther(t *testing.T) {
	n := newNetwork(nn.RecipeMLP(2, 5), 2, 0, ad.Input("t", 1))
	offset := 0
	for i, e := range n.params.Entries() {
		require.Equal(t, offset, e.Offset, e.Name)
		leaf := n.params.Leaves()[i]
		require.Equal(t, []int{e.Rows, e.Cols}, []int{leaf.Rows(), leaf.Cols()}, e.Name)
		part, rows, cols := nn.View(&n.params, n.theta, e.Name)
		require.Equal(t, []int{e.Rows, e.Cols}, []int{rows, cols}, e.Name)
		require.Len(t, part, rows*cols)
		require.Same(t, &n.theta[offset], &part[0])
		require.Equal(t, len(part), cap(part), "a view cannot grow into its neighbour")
		// The leaf reads what the view shows.
		require.Equal(t, part, run[float64](leaf, 0, n.theta, nil))
		offset += rows * cols
	}
	require.Equal(t, offset, n.params.Len())
}

func TestParamPanicsOnAClash(t *testing.T) {
	var params nn.Params
	b := nn.NewBuild(&params).Scope("net").Scope("layer")
	w := b.Param("weight", 2, 3, nn.He{})
	require.Same(t, w, b.Share().Param("weight", 2, 3, nn.Zeros{}))
	require.Equal(t, nn.He{}, params.Entries()[0].Init, "the first Init stays")
	require.PanicsWithValue(t, "nn: parameter net.layer.weight is 2×3, now wanted as 3×2", func() { b.Share().Param("weight", 3, 2, nn.He{}) })
	require.PanicsWithValue(t, "nn: parameter net.layer.none has impossible size 0×3", func() { b.Param("none", 0, 3, nn.He{}) })
	require.PanicsWithValue(t, "nn: parameter net.layer.none has impossible size 3×-1", func() { b.Param("none", 3, -1, nn.He{}) })
	require.Panics(t, func() { b.Param("none", math.MaxInt/2, 3, nn.He{}) })
	require.Panics(t, func() { b.Param("none", 1, math.MaxInt-5, nn.He{}) })
	require.PanicsWithValue(t, "nn: parameter net.layer.none has no Init", func() { b.Param("none", 1, 1, nil) })
	require.Equal(t, 6, params.Len(), "a refused parameter leaves nothing behind")
	require.Len(t, params.Leaves(), 1)

	require.PanicsWithValue(t, "nn: no parameter x", func() { nn.View(&params, make([]float32, 6), "x") })
	require.PanicsWithValue(t, "nn: View: v has length 5, want 6", func() { nn.View(&params, make([]float32, 5), "net.layer.weight") })
	require.PanicsWithValue(t, "nn: Init: theta has length 7, want 6", func() { params.Init(make([]float64, 7), rand.NewPCG(1, 1)) })
}

func TestInitialWeightsHaveTheirVariance(t *testing.T) {
	const rows, cols = 150, 200
	for _, c := range []struct {
		init     nn.Init
		variance float64
	}{
		{nn.He{}, 2. / rows},
		{nn.LeCun{}, 1. / rows},
		{nn.Xavier{}, 2. / (rows + cols)},
		{nn.Normal{Std: 0.3}, 0.09},
	} {
		var params nn.Params
		nn.NewBuild(&params).Param("w", rows, cols, c.init)
		theta := make([]float64, params.Len())
		params.Init(theta, rand.NewPCG(11, 12))
		sum, squares, fourth := 0.0, 0.0, 0.0
		for _, w := range theta {
			z := w / math.Sqrt(c.variance)
			sum += z
			squares += z * z
			fourth += z * z * z * z
		}
		n := float64(len(theta))
		require.Less(t, math.Abs(sum/math.Sqrt(n)), 4., "%T", c.init)
		require.Less(t, math.Abs((squares-n)/math.Sqrt(2*n)), 4., "%T", c.init)
		require.Less(t, math.Abs((fourth-3*n)/math.Sqrt(96*n)), 4., "%T is normal", c.init)
	}
}

func TestInitialWeightsFollowTheSource(t *testing.T) {
	n := newNetwork(nn.RecipeMLP(2, 16), 2, 0, ad.Input("t", 1))
	fill := func(seed uint64) []float64 {
		theta := repeat(math.NaN(), n.params.Len())
		n.params.Init(theta, rand.NewPCG(seed, 0))
		return theta
	}
	require.Equal(t, fill(1), fill(1))
	require.NotEqual(t, fill(1), fill(2))
	for _, e := range n.params.Entries() {
		v, _, _ := nn.View(&n.params, fill(1), e.Name)
		if e.Init == (nn.Zeros{}) {
			require.Equal(t, make([]float64, len(v)), v, e.Name)
		} else {
			require.NotContains(t, v, 0., e.Name)
		}
	}
}

func TestRandomLeavesHaveTheirOwnSlots(t *testing.T) {
	var params nn.Params
	b := nn.NewBuild(&params)
	leaves := []*ad.Expr{b.Random(2), b.Scope("a").Random(2), b.Scope("a").Scope("b").Random(2), b.Random(2)}
	fill := func(dst []float64, row, slot int) {
		for j := range dst {
			dst[j] = float64(16*row+4*slot+j) / 64
		}
	}
	p := ad.Compile[float64](leaves, nil)
	out := [][]float64{make([]float64, 4), make([]float64, 4), make([]float64, 4), make([]float64, 4)}
	p.Run(2, nil, fill, out, nil, nil)
	for slot, v := range out {
		s := float64(4*slot) / 64
		require.Equal(t, []float64{s, s + 1./64, s + .25, s + .25 + 1./64}, v)
	}
}

func TestScopesShareConditions(t *testing.T) {
	b := nn.NewBuild(new(nn.Params))
	b.Time, b.Cond, b.Train = ad.UniformInput("t", 1), ad.Input("c", 2), true
	s := b.Scope("a").Scope("b")
	require.Same(t, b.Time, s.Time)
	require.Same(t, b.Cond, s.Cond)
	require.True(t, s.Train)
}

func TestActivationsAreTheirFunctions(t *testing.T) {
	x := []float64{-2, -0.5, 0, 0.3, 4}
	sigmoid := func(v float64) float64 { return 1 / (1 + math.Exp(-v)) }
	below := func(f func(float64) float64) func(float64) float64 {
		return func(v float64) float64 {
			if v > 0 {
				return v
			}
			return f(v)
		}
	}
	for _, c := range []struct {
		m nn.Module
		f func(float64) float64
	}{
		{nn.SiLU{}, func(v float64) float64 { return v * sigmoid(v) }},
		{nn.GELU{}, func(v float64) float64 { return v * math.Erfc(-v/math.Sqrt2) / 2 }},
		{nn.GELUTanh{}, func(v float64) float64 {
			return v / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(v+0.044715*v*v*v)))
		}},
		{nn.ReLU{}, func(v float64) float64 { return max(v, 0) }},
		{nn.Tanh{}, math.Tanh},
		{nn.Softplus{}, func(v float64) float64 { return math.Log1p(math.Exp(v)) }},
		{nn.Sigmoid{}, sigmoid},
		{nn.LeakyReLU{}, below(func(v float64) float64 { return 0.01 * v })},
		{nn.LeakyReLU{A: 0.2}, below(func(v float64) float64 { return 0.2 * v })},
		{nn.ELU{}, below(math.Expm1)},
		{nn.ELU{A: 0.5}, below(func(v float64) float64 { return 0.5 * math.Expm1(v) })},
	} {
		n := newNetwork(nn.MLP{Hidden: []int{1}, Activation: c.m}, 1, 0, nil)
		copy(n.theta, []float64{1, 0, 1, 0}) // the identity on both sides of the activation
		want := make([]float64, len(x))
		for i, v := range x {
			want[i] = c.f(v)
		}
		require.InDeltaSlice(t, want, run[float64](n.out, len(x), n.theta, []*ad.Expr{n.x}, x), 1e-14, "%#v", c.m)
	}
}
