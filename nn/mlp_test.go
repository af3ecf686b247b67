package nn_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
)

// network is a module applied to d columns, a time and k further conditions,
// with parameters that are all non-zero.
type network struct {
	params        nn.Params
	build         *nn.Build
	x, time, cond *ad.Expr
	out           *ad.Expr
	theta         []float64
}

func newNetwork(m nn.Module, d, k int, time *ad.Expr) *network {
	n := &network{x: ad.Input("x", d), time: time}
	n.build = nn.NewBuild(&n.params)
	n.build.Time = time
	if k > 0 {
		n.cond = ad.Input("cond", k)
		n.build.Cond = n.cond
	}
	n.out = m.Apply(n.build, n.x)
	n.theta = normals(n.params.Len(), 0.5, 7)
	return n
}

func normals(n int, std float64, seed uint64) []float64 {
	rng := rand.New(rand.NewPCG(seed, 1))
	v := make([]float64, n)
	for i := range v {
		v[i] = std * rng.NormFloat64()
	}
	return v
}

// run evaluates e in a program of element type T.
func run[T ad.Float](e *ad.Expr, n int, theta []float64, leaves []*ad.Expr, values ...[]float64) []T {
	p := ad.Compile[T]([]*ad.Expr{e}, leaves)
	var w ad.Weights[T]
	p.Pack(&w, convert[T](theta), nil)
	in := make([][]T, len(values))
	for i, v := range values {
		in[i] = convert[T](v)
	}
	rows := e.Rows()
	if e.PerRow() {
		rows = n
	}
	out := make([]T, rows*e.Cols())
	p.Run(n, &w, nil, [][]T{out}, in, nil)
	return out
}

func convert[T ad.Float](v []float64) []T {
	c := make([]T, len(v))
	for i, x := range v {
		c[i] = T(x)
	}
	return c
}

func repeat(v float64, n int) []float64 {
	s := make([]float64, n)
	for i := range s {
		s[i] = v
	}
	return s
}

// product returns x·w for one row and the named parameter.
func product(p *nn.Params, theta, x []float64, name string) []float64 {
	w, rows, cols := nn.View(p, theta, name)
	y := make([]float64, cols)
	for i := range rows {
		for j := range cols {
			y[j] += x[i] * w[i*cols+j]
		}
	}
	return y
}

func plus(a, b []float64) []float64 {
	y := make([]float64, len(a))
	for i := range y {
		y[i] = a[i] + b[i]
	}
	return y
}

// normed is RMSNorm of one row.
func normed(z []float64, eps float64) []float64 {
	square, y := eps, make([]float64, len(z))
	for _, v := range z {
		square += v * v / float64(len(z))
	}
	for j, v := range z {
		y[j] = v / math.Sqrt(square)
	}
	return y
}

// successor is a network with a norm and gated waves.
func successor(d, width int) nn.MLP {
	m := nn.RecipeMLP(d, width)
	m.Norm, m.Features = nn.RMSNorm{}, nn.Fourier{High: 20, Gated: true}
	return m
}

func TestMLPIsItsEquation(t *testing.T) {
	const rows, d, k = 5, 2, 3
	for i, conditioning := range []nn.Conditioning{nn.FiLM, nn.Additive, nn.FiLM, nn.Additive} {
		m := nn.MLP{
			Hidden:       []int{7, 6},
			Out:          4,
			Features:     nn.Fourier{N: 3, Low: 1, High: 4, Gated: i > 1},
			Time:         nn.TimeFourier{N: 2, Low: 0.5, High: 2},
			Conditioning: conditioning,
		}
		if i > 1 {
			m.Norm = nn.RMSNorm{Epsilon: 0.3}
		}
		n := newNetwork(m, d, k, ad.Input("t", 1))
		x, c, cond := normals(rows*d, 1, 1), normals(rows, 1, 2), normals(rows*k, 1, 3)
		got := run[float64](n.out, rows, n.theta, []*ad.Expr{n.x, n.time, n.cond}, x, c, cond)

		parameter := func(name string) []float64 { v, _, _ := nn.View(&n.params, n.theta, name); return v }
		times := func(x []float64, name string) []float64 { return product(&n.params, n.theta, x, name) }
		for r := range rows {
			h := append([]float64(nil), x[r*d:(r+1)*d]...)
			for _, f := range []func(float64) float64{math.Sin, math.Cos} {
				for _, v := range x[r*d : (r+1)*d] {
					for _, w := range []float64{1, 2, 4} {
						gate := 1.0
						if i > 1 {
							σ := math.Exp(4 * c[r])
							gate = math.Exp(-w * w * σ * σ / (1 + σ*σ) / 2)
						}
						h = append(h, f(w*v)*gate)
					}
				}
			}
			e := []float64{math.Sin(c[r] / 2), math.Sin(2 * c[r]), math.Cos(c[r] / 2), math.Cos(2 * c[r])}
			e = append(e, cond[r*k:(r+1)*k]...)
			for l := range m.Hidden {
				scope := fmt.Sprintf("hidden%d.", l)
				z := plus(times(h, scope+"weight"), parameter(scope+"bias"))
				if i > 1 {
					z = normed(z, 0.3)
				}
				if conditioning == nn.FiLM {
					for j, g := range times(e, scope+"scale") {
						z[j] *= 1 + g
					}
					z = plus(z, times(e, scope+"shift"))
				} else {
					z = plus(z, times(e, scope+"condition"))
				}
				for j, v := range z {
					z[j] = v / (1 + math.Exp(-v))
				}
				h = z
			}
			want := plus(times(h, "output.weight"), parameter("output.bias"))
			require.InDeltaSlice(t, want, got[r*m.Out:(r+1)*m.Out], 1e-12)
		}
	}
}

func TestRecipeHasTheWeightsItWasMeasuredWith(t *testing.T) {
	for width, want := range map[int]int{116: 40368, 58: 13456} {
		n := newNetwork(nn.RecipeMLP(2, width), 2, 0, ad.UniformInput("t", 1))
		weights, biases := 0, 0
		for _, e := range n.params.Entries() {
			if e.Rows == 1 {
				biases += e.Cols
			} else {
				weights += e.Rows * e.Cols
			}
		}
		require.Equal(t, want, weights)
		require.Equal(t, 3*width+2, biases)
		require.Equal(t, weights+biases, n.params.Len())
	}
}

func TestRecipeUsesFourierFeaturesInFewDimensionsOnly(t *testing.T) {
	for d, inputs := range map[int]int{1: 33, 2: 66, 3: 99, 4: 4, 16: 16} {
		n := newNetwork(nn.RecipeMLP(d, 8), d, 0, nil)
		_, rows, _ := nn.View(&n.params, n.theta, "hidden0.weight")
		require.Equal(t, inputs, rows)
		require.Equal(t, d, n.out.Cols())
	}
}

func TestNilFieldsOfAnMLPAreThoseOfItsDocumentation(t *testing.T) {
	explicit := nn.MLP{Hidden: []int{9, 9, 9}, Activation: nn.SiLU{}, Features: nn.Fourier{N: 16, Low: 1, High: 8}, Time: nn.TimeFourier{N: 4, Low: 0.5, High: 8}}
	implicit := nn.MLP{Hidden: []int{9, 9, 9}, Features: nn.Fourier{}}
	x, c := normals(6, 1, 1), normals(3, 1, 2)
	a, b := newNetwork(explicit, 2, 0, ad.Input("t", 1)), newNetwork(implicit, 2, 0, ad.Input("t", 1))
	require.Equal(t,
		run[float64](a.out, 3, a.theta, []*ad.Expr{a.x, a.time}, x, c),
		run[float64](b.out, 3, b.theta, []*ad.Expr{b.x, b.time}, x, c))
}

func TestUntrainedConditionsChangeNothing(t *testing.T) {
	for _, conditioning := range []nn.Conditioning{nn.FiLM, nn.Additive} {
		m := nn.RecipeMLP(2, 16)
		m.Conditioning, m.Features = conditioning, nn.Fourier{} // gates change with the time
		with, without := newNetwork(m, 2, 3, ad.Input("t", 1)), newNetwork(m, 2, 0, nil)
		with.params.Init(with.theta, rand.NewPCG(1, 2))
		without.params.Init(without.theta, rand.NewPCG(9, 9))
		for _, e := range without.params.Entries() { // the same weights, wherever they lie
			to, _, _ := nn.View(&without.params, without.theta, e.Name)
			from, _, _ := nn.View(&with.params, with.theta, e.Name)
			copy(to, from)
		}
		x := normals(2*4, 1, 3)
		require.Equal(t,
			run[float64](without.out, 4, without.theta, []*ad.Expr{without.x}, x),
			run[float64](with.out, 4, with.theta, []*ad.Expr{with.x, with.time, with.cond}, x, normals(4, 1, 4), normals(12, 1, 5)))
	}
}

func testCommonTime[T ad.Float](t *testing.T, m nn.Module) {
	const rows = 70
	common, own := newNetwork(m, 2, 0, ad.UniformInput("t", 1)), newNetwork(m, 2, 0, ad.Input("t", 1))
	x := normals(2*rows, 1, 1)
	for _, c := range []float64{-1.3, 0, 0.7} {
		a := run[T](common.out, rows, common.theta, []*ad.Expr{common.x, common.time}, x, []float64{c})
		b := run[T](own.out, rows, own.theta, []*ad.Expr{own.x, own.time}, x, repeat(c, rows))
		require.Equal(t, a, b)
	}
}

func TestCommonTimeAndTimePerRowGiveTheSameBits(t *testing.T) {
	for i, conditioning := range []nn.Conditioning{nn.FiLM, nn.Additive, nn.FiLM, nn.Additive} {
		m := nn.RecipeMLP(2, 13)
		if i > 1 {
			m = successor(2, 13)
		}
		m.Conditioning = conditioning
		testCommonTime[float32](t, m)
		testCommonTime[float64](t, m)
		m.Out = 1
		testCommonTime[float32](t, nn.Energy{Net: m})
		testCommonTime[float64](t, nn.Energy{Net: m})
	}
}

func TestRecipeSeesItsInput(t *testing.T) {
	for seed := range uint64(5) {
		require.InDelta(t, 0.97, nn.RecipeMLP(2, 116).Spread(2, rand.NewPCG(seed, 1)), 0.08)
		require.InDelta(t, 0.97, successor(2, 116).Spread(2, rand.NewPCG(seed, 1)), 0.08)
		require.Greater(t, nn.RecipeMLP(16, 128).Spread(16, rand.NewPCG(seed, 1)), 0.3)
	}
}

// drowned is a first layer to which the input is 2 of 66 columns.
type drowned struct{}

func (drowned) Apply(_ *nn.Build, x *ad.Expr) *ad.Expr { return ad.Concat(x, ad.ConstRow(1, 64)) }

func TestSpreadShowsADrownedInput(t *testing.T) {
	m := nn.MLP{Hidden: []int{128}, Features: drowned{}}
	require.InDelta(t, math.Sqrt(2*2./66), m.Spread(2, rand.NewPCG(1, 1)), 0.05)
	require.Less(t, m.Spread(2, rand.NewPCG(1, 1)), 0.3)
}

func TestMLPRejectsImpossibleDescriptions(t *testing.T) {
	time := ad.Input("t", 1)
	apply := func(m nn.MLP, time *ad.Expr) func() { return func() { newNetwork(m, 2, 0, time) } }
	require.PanicsWithValue(t, "nn: parameter hidden0.weight has impossible size 2×-1", apply(nn.MLP{Hidden: []int{-1}}, nil))
	require.PanicsWithValue(t, "nn: MLP without hidden layers cannot be conditioned", apply(nn.MLP{}, time))
	require.NotPanics(t, apply(nn.MLP{}, nil))
	require.PanicsWithValue(t, "nn: unknown Conditioning 2", apply(nn.MLP{Hidden: []int{3}, Conditioning: 2}, time))
	for _, f := range []nn.Fourier{{N: -1}, {Low: -1}, {Low: 9}, {High: math.NaN()}, {High: math.Inf(1)}} {
		require.PanicsWithValue(t, f.Validate().Error(), apply(nn.MLP{Features: f}, nil))
	}
	require.PanicsWithValue(t, "nn: MLP.Spread: no hidden layer", func() { nn.MLP{}.Spread(2, rand.NewPCG(1, 1)) })
}

func TestPrintedModuleIsItsDescription(t *testing.T) {
	m := nn.Energy{Net: nn.RecipeMLP(2, 58)}
	require.Equal(t, "nn.Energy{Net:nn.MLP{Hidden:[]int{58, 58, 58}, Out:0, Activation:nn.SiLU{}, "+
		"Features:nn.Fourier{N:16, Low:1, High:10, Gated:true}, Time:nn.TimeFourier{N:4, Low:0.5, High:4}, Norm:nn.RMSNorm{Epsilon:0}, Conditioning:0, Ends:false}}", fmt.Sprintf("%#v", m))
	s := nn.Sequential{nn.Linear{Out: 3, Init: nn.Xavier{}}, nn.ELU{A: 1}}
	require.Equal(t, "nn.Sequential{nn.Linear{Out:3, Init:nn.Xavier{}, Bias:nn.Init(nil)}, nn.ELU{A:1}}", fmt.Sprintf("%#v", s))
}

// The levels of the columns condition the hidden layers together: what one does there
// depends on the others, in the first layer already.
func TestRecipeColumnsLetsTimesDependOnEachOther(t *testing.T) {
	mixed := func(m nn.MLP) float64 {
		m.Hidden = m.Hidden[:1]
		m.Activation = nn.Sequential{} // none: linear in what is told of the times
		n := newNetwork(m, 4, 0, ad.Input("t", 4))
		at := func(a, b float64) float64 {
			return run[float64](n.out, 1, n.theta, []*ad.Expr{n.x, n.time}, []float64{.1, -.2, .3, .4}, []float64{a, b, 0, -1})[0]
		}
		return at(.3, .5) - at(.3, 0) - at(0, .5) + at(0, 0)
	}
	require.InDelta(t, 0, mixed(nn.RecipeMLP(4, 8)), 1e-8)
	require.Greater(t, math.Abs(mixed(nn.RecipeColumns(4, 8))), 1e-3)
}

// With Ends an MLP is one between two Conditions.
func TestEndsAreConditionedToo(t *testing.T) {
	for _, conditioning := range []nn.Conditioning{nn.FiLM, nn.Additive} {
		m := nn.MLP{Hidden: []int{5, 6}, Out: 2, Conditioning: conditioning}
		at := func(m nn.Module) []float64 {
			n := newNetwork(m, 3, 0, ad.Input("t", 3))
			return run[float64](n.out, 1, n.theta, []*ad.Expr{n.x, n.time}, []float64{.1, -.2, .3}, []float64{.4, 0, -1})
		}
		c := nn.Condition{Conditioning: conditioning}
		want := at(nn.Sequential{c, m, c})
		m.Ends = true
		require.InDeltaSlice(t, want, at(m), 1e-14)
	}
	require.True(t, nn.RecipeColumns(4, 8).Ends)
}
