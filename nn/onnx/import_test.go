package onnx

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
)

// run evaluates a module with parameters from a vector.
func run(m nn.Module, weights []float32, x []float32, in int) []float32 {
	leaf := ad.Input("x", in)
	y := m.Apply(nn.NewBuild(&nn.Params{}), leaf)
	p := ad.Compile[float32]([]*ad.Expr{y}, []*ad.Expr{leaf})
	var w ad.Weights[float32]
	p.Pack(&w, weights, nil)
	out := make([]float32, len(x)/in*y.Cols())
	p.Run(len(x)/in, &w, nil, [][]float32{out}, [][]float32{x}, nil)
	return out
}

func read(t testing.TB, name string) []byte {
	b, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return b
}

func TestNetworksOfPyTorchComputeTheSame(t *testing.T) {
	var cases map[string]struct{ X, Y [][]float32 }
	require.NoError(t, json.Unmarshal(read(t, "torch.json"), &cases))
	for _, name := range []string{"mlp", "conv", "conv1"} {
		t.Run(name, func(t *testing.T) {
			n, err := Import(bytes.NewReader(read(t, name+".onnx")))
			require.NoError(t, err)
			c := cases[name]
			require.Equal(t, len(c.X[0]), n.In)
			require.Equal(t, len(c.Y[0]), n.Out)
			require.Equal(t, "x", n.Input)
			require.Equal(t, "y", n.Output)
			require.Len(t, n.Weights, n.Params.Len())
			for i, x := range c.X {
				for j, v := range run(n.Module, n.Weights, x, n.In) {
					require.InDelta(t, c.Y[i][j], v, 2e-6)
				}
			}
		})
	}
}

func TestWhatIsNoChainOfLayersIsRefusedByName(t *testing.T) {
	_, err := Import(bytes.NewReader(read(t, "norm.onnx")))
	require.ErrorIs(t, err, ErrUnsupported)
	require.ErrorContains(t, err, `"ReduceMean"`)
	_, err = Import(bytes.NewReader([]byte("not a model")))
	require.ErrorIs(t, err, ErrCorrupt)
	_, err = Import(bytes.NewReader(nil))
	require.ErrorIs(t, err, ErrCorrupt)
}

// layers is a network of every layer that survives a round trip.
func layers() nn.Sequential {
	return nn.Sequential{nn.Linear{Out: 5}, nn.SiLU{}, nn.Linear{Out: 4, Bias: nn.None{}}, nn.GELU{}, nn.Linear{Out: 3}, nn.Tanh{}, nn.Linear{Out: 2}, nn.ReLU{}, nn.Linear{Out: 2}, nn.Sigmoid{}, nn.Linear{Out: 1}, nn.Softplus{}}
}

func TestExportedLayersAreImported(t *testing.T) {
	params := &nn.Params{}
	x := ad.Input("rows", 3)
	y := layers().Apply(nn.NewBuild(params), x)
	weights := make([]float32, params.Len())
	for i := range weights {
		weights[i] = float32(i%7)/5 - 0.5
	}
	var b bytes.Buffer
	require.NoError(t, Export(&b, &Graph{Inputs: []*ad.Expr{x}, Outputs: []Output{{"y", y}}, Weights: weights, Metadata: map[string]string{"k": "v"}}))
	n, err := Import(&b)
	require.NoError(t, err)
	require.Equal(t, layers(), n.Module)
	require.Equal(t, map[string]string{"k": "v"}, n.Metadata)
	require.Equal(t, weights, n.Weights)
	rows := []float32{1, 2, 3, -1, 0.5, 0}
	require.Equal(t, run(layers(), weights, rows, 3), run(n.Module, n.Weights, rows, 3))
}

// chainOf returns the bytes of a model of one node from x, rows of two columns, to y.
func chainOf(n *node, initializers ...*tensor) []byte {
	n.inputs = append([]string{"x"}, n.inputs...)
	n.outputs = []string{"y"}
	info := func(name string) valueInfo {
		return valueInfo{name: name, dtype: typeFloat, dims: []dim{{name: "N"}, {size: 2}}}
	}
	m := &model{ir: IRVersion, opsets: []opset{{version: OpsetVersion}}, graph: &graph{
		name: "g", nodes: []*node{n}, initializers: initializers, inputs: []valueInfo{info("x")}, outputs: []valueInfo{info("y")},
	}}
	before, body, after := m.encode()
	return bytes.Join([][]byte{before, body, after}, nil)
}

func TestImportSaysWhatIsWrong(t *testing.T) {
	w := func(dims ...int64) *tensor {
		n := int64(1)
		for _, d := range dims {
			n *= d
		}
		return floatTensor("w", dims, make([]float32, n))
	}
	gemm := func(attributes ...*attribute) *node {
		return &node{name: "layer7", op: "Gemm", inputs: []string{"w"}, attributes: attributes}
	}
	nan := w(2, 3)
	nan.raw[3], nan.raw[2] = 0x7f, 0xc0
	outside := w(2, 3)
	outside.others = []string{"numbers in another file"}
	short := w(2, 3)
	short.raw = short.raw[:8]
	double := w(2, 3)
	double.dtype = 11
	for _, c := range []struct {
		file []byte
		kind error
		says string
	}{
		{chainOf(gemm(), w(3, 2)), ErrShape, "layer7"},
		{chainOf(gemm(), w(2, 3, 1)), ErrShape, "3 axes"},
		{chainOf(gemm()), ErrUnsupported, `"w" is not among the initializers`},
		{chainOf(gemm(), nan), ErrNonFinite, "number 0"},
		{chainOf(gemm(), short), ErrCorrupt, "2 numbers of shape [2 3]"},
		{chainOf(gemm(), double), ErrUnsupported, "elements of type 11"},
		{chainOf(gemm(intAttribute("transA", 1)), w(2, 3)), ErrUnsupported, "transA"},
		{chainOf(&node{name: "p", op: "BatchNormalization"}), ErrUnsupported, `node "p", "BatchNormalization"`},
		{chainOf(&node{name: "p", op: "Relu", domain: "com.example"}), ErrUnsupported, "com.example"},
		{chainOf(&node{name: "p", op: "Gelu", attributes: []*attribute{{name: "approximate", kind: kindString, s: "x"}}}), ErrUnsupported, "Gelu"},
		{chainOf(&node{name: "p", op: "Conv", inputs: []string{"w"}}, w(2, 2, 3)), ErrShape, "Conv"},
	} {
		_, err := Import(bytes.NewReader(c.file))
		require.ErrorIs(t, err, c.kind, c.says)
		require.ErrorContains(t, err, c.says)
	}
}

// A file may claim anything: Import does not panic and does not ask for memory that the
// file has not the bytes for.
func FuzzImport(f *testing.F) {
	for _, name := range []string{"mlp.onnx", "conv.onnx", "conv1.onnx", "norm.onnx"} {
		f.Add(read(f, name))
	}
	f.Add(chainOf(&node{op: "Relu"}))
	f.Fuzz(func(t *testing.T, file []byte) {
		n, err := Import(bytes.NewReader(file))
		if err == nil && n.In < 1<<10 && n.Params.Len() < 1<<14 {
			require.Len(t, run(n.Module, n.Weights, make([]float32, n.In), n.In), n.Out)
		}
	})
}

func TestManySmallPartsAreRefused(t *testing.T) {
	var file message
	file.bytes(7, bytes.Repeat([]byte{0x0a, 0}, MaxMessages+1)) // nodes of nothing
	_, err := Import(bytes.NewReader(file))
	require.ErrorIs(t, err, ErrLimit)
	deep := message{}
	for range MaxDepth + 1 {
		var attribute, node, graph message
		attribute.bytes(6, deep)
		node.bytes(5, attribute)
		graph.bytes(1, node)
		deep = graph
	}
	file = nil
	file.bytes(7, deep)
	_, err = Import(bytes.NewReader(file))
	require.ErrorIs(t, err, ErrLimit)
}

func TestPatternsWithoutOutputsAreRefused(t *testing.T) {
	for _, name := range []string{"mlp.onnx", "conv1.onnx"} {
		for cut := 0; cut < 40; cut++ {
			m, err := parseModel(read(t, name))
			require.NoError(t, err)
			if cut == len(m.graph.nodes) {
				break
			}
			m.graph.nodes[cut].outputs = nil
			before, body, after := m.encode()
			_, err = Import(bytes.NewReader(bytes.Join([][]byte{before, body, after}, nil)))
			require.Error(t, err, "%s, node %d", name, cut)
		}
	}
}
