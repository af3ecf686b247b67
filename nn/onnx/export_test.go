package onnx

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
)

// graphOf returns a network of d columns as a graph, with weights that are a pattern.
func graphOf(m nn.Module, d int) *Graph {
	params := &nn.Params{}
	x := ad.Input("x", d)
	b := nn.NewBuild(params)
	b.Time = ad.Input("t", 1)
	y := m.Apply(b, x)
	g := &Graph{Inputs: []*ad.Expr{x, b.Time}, Outputs: []Output{{"y", y}}, Weights: make([]float32, params.Len())}
	for i := range g.Weights {
		g.Weights[i] = float32(i%11)/8 - 0.625
	}
	return g
}

// ops counts the operators of a graph.
func ops(m *model) map[string]int {
	n := map[string]int{}
	for _, x := range m.graph.nodes {
		n[x.op]++
	}
	return n
}

func TestWindowsAreConvolutions(t *testing.T) {
	for _, c := range []nn.Conv{
		{Size: []int{4, 5}, Out: 3},
		{Size: []int{4, 5}, Out: 3, Stride: 2},
		{Size: []int{5, 5}, Out: 2, Kernel: []int{1, 5}, Bias: nn.None{}},
		{Size: []int{7}, Out: 2, Kernel: []int{5}, Stride: 3},
		{Size: []int{6, 1}, Out: 2},
		{Size: []int{4, 4}, Out: 2, Kernel: []int{1, 1}, Stride: 2},
	} {
		d := 2
		for _, s := range c.Size {
			d *= s
		}
		g := graphOf(c, d)
		m := exported(t, g)
		require.Equal(t, 1, ops(m)["Conv"], "%+v", c)
		require.Zero(t, ops(m)["Gather"])
		x := newArray(3, d)
		for i := range x.v {
			x.v[i] = math.Sin(float64(i))
		}
		got := interpret(m, map[string]array{"x": x, "t": newArray(3, 1)})["y"]
		theta := make([]float64, len(g.Weights))
		for i, v := range g.Weights {
			theta[i] = float64(v)
		}
		want := ad.Eval([]*ad.Expr{g.Outputs[0].Value}, 3, theta, nil, map[*ad.Expr][]float64{g.Inputs[0]: x.v, g.Inputs[1]: make([]float64, 3)})[0]
		requireNear(t, want, got.v, 1e-12)
	}
}

func TestAttentionIsProductsAndSoftmax(t *testing.T) {
	m := exported(t, graphOf(nn.Attention{Size: []int{4}, Heads: 2, Relative: true, Causal: true}, 4*6))
	require.Equal(t, 1, ops(m)["Softmax"])
	require.GreaterOrEqual(t, ops(m)["MatMul"], 6)
}

func TestBytesOfAGraphStayTheSame(t *testing.T) {
	g := graphOf(nn.Sequential{nn.Linear{Out: 4}, nn.SiLU{}, nn.Linear{Out: 3}, nn.GELU{}, nn.Linear{Out: 1}}, 2)
	g.Metadata = map[string]string{"b": "2", "a": "1", "c": "3"}
	y := g.Outputs[0].Value
	g.Outputs = append(g.Outputs, Output{"gradient", ad.Grad(y, g.Inputs[0])[0]})
	var b bytes.Buffer
	require.NoError(t, Export(&b, g))
	require.Equal(t, "f772574bb76d73a4904ce051ee9e7baddcd576eef0fb83a04e73ec4b645b4c30", fmt.Sprintf("%x", sha256.Sum256(b.Bytes())), "a change of the bytes is one that users notice")
}

func TestLoopsRepeatTheirStep(t *testing.T) {
	const count, n = 5, 3
	start, noise := ad.Input("start", 2), ad.Input("noise", 6)
	x, before, c, z := ad.Input("x", 2), ad.Input("before", 2), ad.UniformInput("c", 2), ad.Input("z", 4)
	w := ad.Param("w", 2, 2, 0)
	next := ad.Add(ad.Tanh(ad.MatMul(x, w)), ad.Mul(ad.Slice(c, 0, 1), before))
	next = ad.Add(next, ad.Mul(ad.Slice(c, 1, 2), ad.Sub(ad.Slice(z, 0, 2), ad.Slice(z, 2, 4))))
	l := &Loop{
		Count: count,
		State: []State{{x, ad.Scale(2, start), next}, {before, ad.Scale(0, start), x}},
		Steps: []Steps{{c, []float32{1, 0.5, 2, 0.25, -1, 1, 0.5, 2, 1, 1}}},
		Picks: []Pick{{z, noise, 2, [][]int{{0, 1}, {2, 0}, {1, 1}, {2, 1}, {0, 2}}}},
	}
	g := &Graph{Inputs: []*ad.Expr{start, noise}, Loop: l, Weights: []float32{1, 2, -0.5, 0.75}, Outputs: []Output{
		{"last", ad.Add(x, start)}, {"before", before},
	}}
	a, b := newArray(n, 2), newArray(n, 6)
	for i := range a.v {
		a.v[i] = math.Cos(float64(i))
	}
	for i := range b.v {
		b.v[i] = math.Sin(float64(i))
	}
	got := interpret(exported(t, g), map[string]array{"start": a, "noise": b})
	for r := range n {
		s, last := []float64{2 * a.v[2*r], 2 * a.v[2*r+1]}, []float64{0, 0}
		for k := range count {
			var y [2]float64
			for j := range y {
				i := l.Picks[0].Index[k]
				u := b.v[6*r+2*i[0]+j] - b.v[6*r+2*i[1]+j]
				y[j] = math.Tanh(s[0]*float64(g.Weights[j])+s[1]*float64(g.Weights[2+j])) + float64(l.Steps[0].Values[2*k])*last[j] + float64(l.Steps[0].Values[2*k+1])*u
			}
			last, s = s, y[:]
		}
		for j := range 2 {
			require.InDelta(t, s[j]+a.v[2*r+j], got["last"].v[2*r+j], 1e-12)
			require.InDelta(t, last[j], got["before"].v[2*r+j], 1e-12)
		}
	}
}

func TestExportSaysWhatIsWrong(t *testing.T) {
	x, u := ad.Input("x", 2), ad.UniformInput("u", 3)
	w := ad.Param("w", 2, 2, 0)
	out := func(e *ad.Expr) []Output { return []Output{{"y", e}} }
	in := []*ad.Expr{x}
	good := []float32{1, 2, 3, 4}
	loop := func(change func(l *Loop)) *Loop {
		s, c, z := ad.Input("s", 2), ad.UniformInput("c", 1), ad.Input("z", 2)
		l := &Loop{Count: 2, State: []State{{s, x, ad.Add(ad.Mul(c, s), z)}}, Steps: []Steps{{c, []float32{1, 2}}}, Picks: []Pick{{z, x, 2, [][]int{{0}, {0}}}}}
		change(l)
		return l
	}
	for _, c := range []struct {
		g    Graph
		kind error
		says string
	}{
		{Graph{Inputs: in}, ErrShape, "Outputs: are none"},
		{Graph{Inputs: []*ad.Expr{ad.Input("", 1)}, Outputs: out(u)}, ErrName, "Inputs[0]"},
		{Graph{Inputs: []*ad.Expr{x, ad.Input("x", 1)}, Outputs: out(x)}, ErrName, `Inputs[1]: the name: is "x"`},
		{Graph{Inputs: []*ad.Expr{x, w}, Outputs: out(x)}, ErrShape, "Inputs[1]: is no leaf"},
		{Graph{Inputs: []*ad.Expr{ad.Tanh(x)}, Outputs: out(x)}, ErrShape, "Inputs[0]: is no leaf"},
		{Graph{Inputs: []*ad.Expr{nil}, Outputs: out(x)}, ErrShape, "Inputs[0]: is no leaf"},
		{Graph{Inputs: in, Outputs: out(nil)}, ErrShape, "Outputs[0].Value"},
		{Graph{Inputs: in, Outputs: []Output{{"x", x}}}, ErrName, "Outputs[0].Name"},
		{Graph{Inputs: in, Outputs: []Output{{"a\xff", x}}}, ErrName, "UTF-8"},
		{Graph{Inputs: in, Outputs: out(x), Metadata: map[string]string{"a": "\xff"}}, ErrName, "Metadata"},
		{Graph{Inputs: in, Outputs: out(x), Doc: "\xff"}, ErrName, "Doc"},
		{Graph{Inputs: in, Outputs: out(u)}, ErrShape, `"u", 1×3 for all rows, which is not among the inputs`},
		{Graph{Inputs: in, Outputs: out(ad.MatMul(x, w)), Weights: good[:3]}, ErrShape, "parameter w ends at number 4"},
		{Graph{Inputs: in, Outputs: out(ad.MatMul(x, w)), Weights: []float32{1, 2, float32(math.NaN()), 4}}, ErrNonFinite, "number 2 of parameter w is NaN"},
		{Graph{Inputs: in, Outputs: out(ad.Add(x, ad.Random(2, 0)))}, ErrUnsupported, "random"},
		{Graph{Inputs: in, Outputs: out(ad.Scale(1e300, x))}, ErrLimit, "1e+300"},
		{Graph{Inputs: in, Outputs: out(x), Loop: loop(func(l *Loop) { l.Count = 0 })}, ErrShape, "0 steps"},
		{Graph{Inputs: in, Outputs: out(x), Loop: loop(func(l *Loop) { l.State[0].Next = ad.SumCols(x) })}, ErrShape, "State[0]"},
		{Graph{Inputs: in, Outputs: out(x), Loop: loop(func(l *Loop) { l.Steps[0].Values = good })}, ErrShape, "Steps[0]: has 4 values"},
		{Graph{Inputs: in, Outputs: out(x), Loop: loop(func(l *Loop) { l.Steps[0].Values = []float32{1, float32(math.Inf(1))} })}, ErrNonFinite, "value 1"},
		{Graph{Inputs: in, Outputs: out(x), Loop: loop(func(l *Loop) { l.Picks[0].From = u })}, ErrShape, "Picks[0]"},
		{Graph{Inputs: in, Outputs: out(x), Loop: loop(func(l *Loop) { l.Picks[0].Index[1][0] = 1 })}, ErrShape, "Index[1] is [1]"},
	} {
		var b bytes.Buffer
		err := Export(&b, &c.g)
		require.ErrorIs(t, err, c.kind, c.says)
		require.ErrorContains(t, err, c.says)
		require.Zero(t, b.Len(), "nothing is written")
	}
}

type broken struct{ left int }

var errBroken = errors.New("broken")

func (b *broken) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errBroken
	}
	return len(p), nil
}

func TestErrorsOfWritersAndFilesAreReported(t *testing.T) {
	g := graphOf(nn.Linear{Out: 1}, 2)
	require.ErrorIs(t, Export(&broken{20}, g), errBroken)
	dir := t.TempDir()
	path := filepath.Join(dir, "m.onnx")
	require.NoError(t, ExportFile(path, g))
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, Export(&b, g))
	require.Equal(t, b.Bytes(), before)
	g.Weights = nil
	require.ErrorIs(t, ExportFile(path, g), ErrShape)
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after, "a failed export leaves the file")
	require.ErrorIs(t, ExportFile(filepath.Join(dir, "none", "m.onnx"), graphOf(nn.Linear{Out: 1}, 2)), os.ErrNotExist)
}

func TestDamagedFilesAreNoPanic(t *testing.T) {
	step := 5
	if testing.Short() {
		step = 31
	}
	for _, name := range []string{"mlp.onnx", "conv.onnx", "conv1.onnx"} {
		whole := read(t, name)
		for i := 0; i < len(whole); i += step {
			_, err := Import(bytes.NewReader(whole[:i]))
			if i < len(whole)-40 {
				require.Error(t, err, "%s cut at %d", name, i)
			}
			for _, v := range []byte{0, 0x7f, 0xff} {
				damaged := slices.Clone(whole)
				damaged[i] = v
				_, _ = Import(bytes.NewReader(damaged))
			}
		}
	}
}
