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

// hashed is a Filler: a pure function of its address.
func hashed(dst []float64, row, slot int) {
	rng := rand.New(rand.NewPCG(uint64(row), uint64(slot)))
	for i := range dst {
		dst[i] = float64(rng.Uint64()>>40) / (1 << 24)
	}
}

func TestLayerNormIsItsEquation(t *testing.T) {
	const rows, d = 6, 5
	x := normals(rows*d, 3, 1)
	for _, l := range []nn.LayerNorm{{}, {Epsilon: 0.5}, {Plain: true}} {
		n := newNetwork(l, d, 0, nil)
		gain, bias := repeat(1, d), repeat(0, d)
		if !l.Plain {
			gain, _, _ = nn.View(&n.params, n.theta, "gain")
			bias, _, _ = nn.View(&n.params, n.theta, "bias")
		}
		want := make([]float64, rows*d)
		for r := range rows {
			mean, square := 0.0, 0.0
			for _, v := range x[r*d : (r+1)*d] {
				mean += v / d
				square += v * v / d
			}
			eps := 1e-5
			if l.Epsilon > 0 {
				eps = l.Epsilon
			}
			for j := range d {
				want[r*d+j] = gain[j]*(x[r*d+j]-mean)/math.Sqrt(square-mean*mean+eps) + bias[j]
			}
		}
		require.InDeltaSlice(t, want, run[float64](n.out, rows, n.theta, []*ad.Expr{n.x}, x), 1e-13)
	}
	require.PanicsWithValue(t, "nn: LayerNorm: x is r×1, want two columns or more", func() { newNetwork(nn.LayerNorm{}, 1, 0, nil) })
}

func TestRMSNormIsItsEquation(t *testing.T) {
	const rows, d = 6, 5
	x := normals(rows*d, 3, 1)
	copy(x[d:], make([]float64, d)) // zeros stay zeros
	for given, eps := range map[float64]float64{0: 1e-5, 0.5: 0.5} {
		n := newNetwork(nn.RMSNorm{Epsilon: given}, d, 0, nil)
		require.Zero(t, n.params.Len())
		var want []float64
		for r := range rows {
			want = append(want, normed(x[r*d:(r+1)*d], eps)...)
		}
		require.InDeltaSlice(t, want, run[float64](n.out, rows, nil, []*ad.Expr{n.x}, x), 1e-13)
	}
	sign := newNetwork(nn.RMSNorm{}, 1, 0, nil)
	require.InDeltaSlice(t, []float64{1, -1, 0}, run[float64](sign.out, 3, nil, []*ad.Expr{sign.x}, []float64{7, -30, 0}), 1e-6)
}

// The gates are what the noise leaves of a wave: the mean over z of the wave of
// (x₀ + σz)/√(1+σ²) is the gated wave of x₀/√(1+σ²).
func TestGatesAreWhatNoiseLeavesOfAWave(t *testing.T) {
	f := nn.Fourier{N: 3, Low: 1, High: 6, Gated: true}
	gated, plain := newNetwork(f, 1, 0, ad.Input("t", 1)), newNetwork(nn.Fourier{N: 3, Low: 1, High: 6}, 1, 0, nil)
	for _, σ := range []float64{1e-3, 0.1, 0.5, 1, 3, 100} {
		unit := math.Sqrt(1 + σ*σ)
		const x0, step = 0.7, 1. / 64
		mean, sum := make([]float64, 7), 0.0
		for z := -9.; z <= 9; z += step {
			weight := math.Exp(-z*z/2) * step / math.Sqrt(2*math.Pi)
			sum += weight
			for k, v := range run[float64](plain.out, 1, nil, []*ad.Expr{plain.x}, []float64{(x0 + σ*z) / unit}) {
				mean[k] += weight * v
			}
		}
		require.InDelta(t, 1, sum, 1e-12)
		got := run[float64](gated.out, 1, nil, []*ad.Expr{gated.x, gated.time}, []float64{x0 / unit}, []float64{math.Log(σ) / 4})
		require.InDeltaSlice(t, mean, got, 1e-12, "σ = %v", σ)
	}
}

func TestEveryAxisHasItsOwnGateOrOneForAll(t *testing.T) {
	f := nn.Fourier{N: 2, High: 3, Gated: true}
	features := func(d int, x []float64, time *ad.Expr, c ...float64) []float64 {
		n := newNetwork(f, d, 0, time)
		if time == nil {
			return run[float64](n.out, 1, nil, []*ad.Expr{n.x}, x)
		}
		return run[float64](n.out, 1, nil, []*ad.Expr{n.x, n.time}, x, c)
	}
	one, two := features(1, []float64{0.3}, ad.Input("t", 1), 0.2), features(1, []float64{-0.8}, ad.Input("t", 1), -0.1)
	both := []float64{one[0], two[0], one[1], one[2], two[1], two[2], one[3], one[4], two[3], two[4]}
	require.Equal(t, both, features(2, []float64{0.3, -0.8}, ad.Input("t", 2), 0.2, -0.1))
	require.Equal(t, features(2, []float64{0.3, -0.8}, ad.Input("t", 1), 0.2), features(2, []float64{0.3, -0.8}, ad.Input("t", 2), 0.2, 0.2))
	f.Gated = false
	plain := features(2, []float64{0.3, -0.8}, nil)
	f.Gated = true
	require.Equal(t, plain, features(2, []float64{0.3, -0.8}, nil), "no time, no noise")
	require.PanicsWithValue(t, "nn: Fourier: b.Time is r×2, want one column or 3", func() { newNetwork(f, 3, 0, ad.Input("t", 2)) })
}

func TestGatesOfACommonTimeAreComputedOnce(t *testing.T) {
	n := newNetwork(nn.Fourier{Gated: true}, 2, 0, ad.UniformInput("t", 1))
	program := ad.Compile[float32]([]*ad.Expr{n.out}, []*ad.Expr{n.x, n.time}).String()
	require.Regexp(t, "before .*= exp", program)
	require.NotRegexp(t, "rows .*= exp", program)
}

// Products with denormal numbers take many times as long as others.
func TestNoDenormalNumberLeavesTheGates(t *testing.T) {
	n := newNetwork(nn.Fourier{High: 40, Gated: true}, 1, 0, ad.Input("t", 1))
	var c []float64
	for log := -4.; log < 4; log += 0.01 {
		c = append(c, log/4)
	}
	for _, v := range run[float32](n.out, len(c), nil, []*ad.Expr{n.x, n.time}, repeat(0.3, len(c)), c) {
		require.False(t, v != 0 && math.Abs(float64(v)) < 1e-20, "%g", v)
	}
}

func TestLayerNormStartsWithUnitGain(t *testing.T) {
	n := newNetwork(nn.LayerNorm{}, 3, 0, nil)
	n.params.Init(n.theta, rand.NewPCG(1, 1))
	require.Equal(t, []float64{1, 1, 1, 0, 0, 0}, n.theta)
}

func TestResidualAddsItsInput(t *testing.T) {
	x := []float64{1, 2}
	sum := newNetwork(nn.Residual{Body: nn.Tanh{}}, 2, 0, nil)
	require.InDeltaSlice(t, []float64{1 + math.Tanh(1), 2 + math.Tanh(2)}, run[float64](sum.out, 1, sum.theta, []*ad.Expr{sum.x}, x), 1e-15)
	scaled := newNetwork(nn.Residual{Body: nn.Tanh{}, Scale: 0.5}, 2, 0, nil)
	require.InDeltaSlice(t, []float64{(1 + math.Tanh(1)) / 2, (2 + math.Tanh(2)) / 2}, run[float64](scaled.out, 1, scaled.theta, []*ad.Expr{scaled.x}, x), 1e-15)

	wider := newNetwork(nn.Residual{Body: nn.Linear{Out: 3}}, 2, 0, nil)
	weight, _, _ := nn.View(&wider.params, wider.theta, "body.weight")
	shortcut, _, _ := nn.View(&wider.params, wider.theta, "shortcut.weight")
	bias, _, _ := nn.View(&wider.params, wider.theta, "body.bias")
	want := slices.Clone(bias)
	for i, v := range x {
		for j := range want {
			want[j] += v * (weight[i*3+j] + shortcut[i*3+j])
		}
	}
	require.InDeltaSlice(t, want, run[float64](wider.out, 1, wider.theta, []*ad.Expr{wider.x}, x), 1e-14)
}

func TestOneHotMarksTheLabel(t *testing.T) {
	n := newNetwork(nn.OneHot{Classes: 3}, 1, 0, nil)
	labels := []float64{0, 1, 2, 0.4, 1.6, -1, 3, -1e30, math.Inf(1)}
	want := []float64{1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	require.Equal(t, want, run[float64](n.out, len(labels), nil, []*ad.Expr{n.x}, labels))
	require.Equal(t, convert[float32](want), run[float32](n.out, len(labels), nil, []*ad.Expr{n.x}, labels))
	require.Panics(t, func() { newNetwork(nn.OneHot{Classes: 3}, 2, 0, nil) })
	require.Panics(t, func() { newNetwork(nn.OneHot{}, 1, 0, nil) })
}

func TestEmbeddingIsARowOfItsTable(t *testing.T) {
	const classes, out = 4, 3
	e := nn.Embedding{Classes: classes, Out: out}
	n := newNetwork(e, 1, 0, nil)
	row := func(k int) []float64 { return n.theta[k*out : (k+1)*out] }
	got := run[float64](n.out, 5, n.theta, []*ad.Expr{n.x}, []float64{2, 0, 3, -1, 2})
	require.Equal(t, slices.Concat(row(2), row(0), row(3), make([]float64, out), row(2)), got)

	mixed := newNetwork(e, classes, 0, nil)
	weights := []float64{0, 0, 1, 0, 0.5, 0, 0, 0.5}
	want := slices.Clone(row(2))
	for j := range out {
		want = append(want, row(0)[j]/2+row(3)[j]/2)
	}
	require.InDeltaSlice(t, want, run[float64](mixed.out, 2, n.theta, []*ad.Expr{mixed.x}, weights), 1e-15)
	require.PanicsWithValue(t, "nn: Embedding: x is r×3, want r×1, labels, or r×4, weights of the classes", func() { newNetwork(e, 3, 0, nil) })
}

// branched is a condition of a label and two numbers, each embedded its way.
func branched() nn.Module {
	return nn.Parallel{
		nn.Sequential{nn.Columns{From: 0, To: 1}, nn.Embedding{Classes: 3, Out: 2}},
		nn.Sequential{nn.Columns{From: 1, To: 3}, nn.Linear{Out: 4}, nn.SiLU{}},
	}
}

func TestParallelPutsItsOutputsSideBySide(t *testing.T) {
	n := newNetwork(branched(), 3, 0, nil)
	require.Equal(t, 6, n.out.Cols())
	got := run[float64](n.out, 1, n.theta, []*ad.Expr{n.x}, []float64{1, 0.3, -0.7})
	table, _, _ := nn.View(&n.params, n.theta, "0.1.table")
	bias, _, _ := nn.View(&n.params, n.theta, "1.1.bias")
	z := plus(product(&n.params, n.theta, []float64{0.3, -0.7}, "1.1.weight"), bias)
	for j, v := range z {
		z[j] = v / (1 + math.Exp(-v))
	}
	require.InDeltaSlice(t, slices.Concat(table[2:4], z), got, 1e-14)
	require.Panics(t, func() { newNetwork(nn.Columns{From: 1, To: 4}, 3, 0, nil) })
	require.Panics(t, func() { newNetwork(nn.Parallel{}, 3, 0, nil) })
}

func TestConditionIsItsEquation(t *testing.T) {
	const rows, d, k = 4, 3, 2
	x, c, cond := normals(rows*d, 1, 1), normals(rows, 1, 2), normals(rows*k, 1, 3)
	for _, kind := range []nn.Conditioning{nn.FiLM, nn.Additive} {
		n := newNetwork(nn.Condition{Conditioning: kind, Time: nn.TimeFourier{N: 1}}, d, k, ad.Input("t", 1))
		want := slices.Clone(x)
		for r := range rows {
			e := slices.Concat([]float64{math.Sin(c[r] / 2), math.Cos(c[r] / 2)}, cond[r*k:(r+1)*k])
			z := want[r*d : (r+1)*d]
			if kind == nn.FiLM {
				for j, g := range product(&n.params, n.theta, e, "scale") {
					z[j] *= 1 + g
				}
				copy(z, plus(z, product(&n.params, n.theta, e, "shift")))
			} else {
				copy(z, plus(z, product(&n.params, n.theta, e, "condition")))
			}
		}
		leaves := []*ad.Expr{n.x, n.time, n.cond}
		require.InDeltaSlice(t, want, run[float64](n.out, rows, n.theta, leaves, x, c, cond), 1e-14)

		initial := make([]float64, n.params.Len())
		n.params.Init(initial, rand.NewPCG(1, 1))
		require.Equal(t, x, run[float64](n.out, rows, initial, leaves, x, c, cond), "it starts out as the identity")
	}
	alone := newNetwork(nn.Condition{}, d, 0, nil)
	require.Same(t, alone.x, alone.out, "nothing to depend on")
	require.PanicsWithValue(t, "nn: unknown Conditioning 2", func() { newNetwork(nn.Condition{Conditioning: 2}, d, k, nil) })
}

func TestEmbeddedSharesOneEmbedding(t *testing.T) {
	block := nn.Residual{Body: nn.Sequential{nn.LayerNorm{Plain: true}, nn.Condition{}, nn.SiLU{}, nn.Linear{Out: 6}}}
	m := nn.Embedded{Cond: branched(), Body: nn.Sequential{nn.Linear{Out: 6}, block, block, nn.Linear{Out: 2}}}
	n := newNetwork(m, 2, 3, ad.Input("t", 1))
	tables := 0
	for _, e := range n.params.Entries() {
		if e.Name == "cond.0.1.table" {
			tables++
		}
	}
	require.Equal(t, 1, tables)
	require.Equal(t, "cond.0.1.table", n.params.Entries()[0].Name)

	// Classes give different outputs, and the output of no class another.
	leaves := []*ad.Expr{n.x, n.time, n.cond}
	at := func(label float64) []float64 {
		return run[float64](n.out, 1, n.theta, leaves, []float64{0.3, 0.1}, []float64{0.2}, []float64{label, 0.5, -0.1})
	}
	require.NotEqual(t, at(0), at(1))
	require.NotEqual(t, at(0), at(-1))
	require.Equal(t, at(-1), at(7))

	// An embedding is not conditioned itself: its MLP sees the conditions
	// as its input only.
	inner := nn.Embedded{Cond: nn.MLP{Hidden: []int{3}}, Body: nn.Condition{}}
	for _, e := range newNetwork(inner, 2, 3, ad.Input("t", 1)).params.Entries() {
		require.NotContains(t, e.Name, "hidden0.scale")
	}
}

func TestConditionsHaveTheSameBitsCommonOrPerRow(t *testing.T) {
	const rows = 70
	m := nn.Embedded{Cond: branched(), Body: nn.RecipeMLP(2, 13)}
	build := func(time, cond *ad.Expr) *network {
		n := &network{x: ad.Input("x", 2)}
		b := nn.NewBuild(&n.params)
		b.Time, b.Cond = time, cond
		n.out, n.theta = m.Apply(b, n.x), normals(n.params.Len(), 0.5, 7)
		return n
	}
	time, cond := ad.Input("t", 1), ad.Input("c", 3)
	commonTime, commonCond := ad.UniformInput("t", 1), ad.UniformInput("c", 3)
	x, c := normals(2*rows, 1, 1), []float64{1, 0.4, -0.2}
	var all []float64
	for range rows {
		all = append(all, c...)
	}
	a := build(commonTime, commonCond)
	want := run[float32](a.out, rows, a.theta, []*ad.Expr{a.x, commonTime, commonCond}, x, []float64{0.3}, c)
	b := build(time, cond)
	require.Equal(t, want, run[float32](b.out, rows, b.theta, []*ad.Expr{b.x, time, cond}, x, repeat(0.3, rows), all))
	mixed := build(time, commonCond)
	require.Equal(t, want, run[float32](mixed.out, rows, mixed.theta, []*ad.Expr{mixed.x, time, commonCond}, x, repeat(0.3, rows), c))
}

// everything is a network of all layers.
func everything() nn.Module {
	body := nn.Sequential{nn.LayerNorm{}, nn.Condition{}, nn.SiLU{}, nn.Linear{Out: 7}, nn.Dropout{P: 0.3}, nn.Condition{Conditioning: nn.Additive}}
	return nn.Embedded{Cond: branched(), Body: nn.Sequential{
		nn.Linear{Out: 7}, nn.Residual{Body: body}, nn.Residual{Body: body, Scale: math.Sqrt(.5)}, nn.LayerNorm{Plain: true}, nn.Linear{Out: 2},
	}}
}

// training builds a network for training.
func training(m nn.Module, d, k int, time *ad.Expr) *network {
	n := &network{x: ad.Input("x", d), time: time}
	n.build = nn.NewBuild(&n.params)
	n.build.Time, n.build.Train = time, true
	if k > 0 {
		n.cond = ad.Input("cond", k)
		n.build.Cond = n.cond
	}
	n.out = m.Apply(n.build, n.x)
	n.theta = normals(n.params.Len(), 0.5, 7)
	return n
}

func TestGradientsOfLayersMatchCentralDifferences(t *testing.T) {
	testGradient(t, everything(), 1e-4, 1e-7)
	net := successor(2, 9)
	net.Out = 1
	testGradient(t, nn.Energy{Net: net}, 1e-4, 1e-5) // three derivatives of waves of 20 rad per unit
}

func testGradient(t *testing.T, m nn.Module, h, tolerance float64) {
	const rows = 17
	n := training(m, 2, 3, ad.Input("t", 1))
	x, c, cond := normals(2*rows, 1, 1), normals(rows, 1, 2), normals(3*rows, 1, 3)
	for r := range rows {
		cond[3*r] = float64(r%4 - 1)
	}
	// A loss of a second derivative of the network.
	s := ad.JVP(n.out, n.x, ad.Row([]float64{0.6, -0.8}))
	loss := ad.Scale(1./rows, ad.SumRows(ad.SumCols(ad.Add(ad.Square(n.out), s))))
	leaves := []*ad.Expr{n.x, n.time, n.cond}
	program := ad.Compile[float64](append([]*ad.Expr{loss}, ad.Grad(loss, n.params.Leaves()...)...), leaves)
	var w ad.Weights[float64]
	grad := make([]float64, len(n.theta))
	out := [][]float64{make([]float64, 1)}
	for _, e := range n.params.Entries() {
		out = append(out, grad[e.Offset:e.Offset+e.Rows*e.Cols])
	}
	at := func(theta []float64) float64 {
		program.Pack(&w, theta, nil)
		program.Run(rows, &w, hashed, out, [][]float64{x, c, cond}, nil)
		return out[0][0]
	}
	at(n.theta)
	exact, norm := slices.Clone(grad), 0.0
	for _, g := range exact {
		norm += g * g
	}
	for k := range uint64(10) {
		direction, length, slope := normals(len(n.theta), 1, 50+k), 0.0, 0.0
		for _, v := range direction {
			length += v * v
		}
		plus, minus := slices.Clone(n.theta), slices.Clone(n.theta)
		for i, v := range direction {
			v /= math.Sqrt(length)
			slope += v * exact[i]
			plus[i] += h * v
			minus[i] -= h * v
		}
		scale := max(math.Abs(slope), math.Sqrt(norm/float64(len(exact))))
		require.InDelta(t, slope, (at(plus)-at(minus))/(2*h), tolerance*scale)
	}
}
