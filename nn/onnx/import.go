package onnx

import (
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
)

// Network is what Import makes of a model: a module, and the numbers of its parameters.
type Network struct {
	// Module takes rows of In columns to rows of Out. Where the model has channels and
	// positions, a row holds channel by channel, as in the model.
	Module  nn.Sequential
	In, Out int
	// Params lists the parameters of Module, by the names that it gives them when it is
	// applied in no scope; Weights are their values.
	Params  *nn.Params
	Weights []float32
	// Input and Output are the model's names, Metadata what is kept beside it.
	Input, Output string
	Metadata      map[string]string
}

// Limits of the networks that Import makes, whose tables a small file may ask for: numbers
// of a sample between two layers, and positions times points of a kernel of all
// convolutions.
const (
	MaxColumns = 1 << 18
	MaxCells   = 1 << 21
)

// Import reads a model whose graph is a chain from one input of float32 to one output:
//
//	Gemm, MatMul with or without an Add           nn.Linear
//	Conv of one or two axes, odd kernels, centred nn.Conv
//	Relu, LeakyRelu, Elu, Sigmoid, Tanh, Softplus their namesakes
//	x·Sigmoid(x), Gelu, x·½(1 + Erf(x/√2))        nn.SiLU, nn.GELU, nn.GELUTanh
//	Flatten, Identity, Dropout                    nothing, or the order of channels
//
// with weights among the initializers. This is what most exports of multilayer perceptrons
// and plain convolutional networks are; those of this package are not, as they have
// coefficients of the time inside.
//
// Everything else is refused by an error that wraps ErrUnsupported and names the node and
// its operator. Errors wrap ErrCorrupt when the bytes are no such file, ErrLimit when a
// limit of this package is exceeded, ErrShape when shapes do not fit, and ErrNonFinite for
// weights that are NaN or infinite. Import holds little more memory than r delivers.
func Import(r io.Reader) (*Network, error) {
	m, err := readModel(r)
	if err != nil {
		return nil, fmt.Errorf("onnx: Import: %w", err)
	}
	n, err := m.network()
	if err != nil {
		return nil, fmt.Errorf("onnx: Import: %w", err)
	}
	return n, nil
}

// network translates the graph.
func (m *model) network() (*Network, error) {
	if len(m.others)+len(m.graph.others) > 0 {
		return nil, fmt.Errorf("the model has %s: %w", slices.Concat(m.others, m.graph.others)[0], ErrUnsupported)
	}
	for _, o := range m.opsets {
		if (o.domain == "" || o.domain == "ai.onnx") && o.version < 7 {
			return nil, fmt.Errorf("operator set %d, want 7 or newer: %w", o.version, ErrUnsupported)
		}
	}
	c := &chain{known: make(map[string]*tensor), weights: make(map[string][]float32)}
	if err := c.begin(m.graph); err != nil {
		return nil, err
	}
	n := &Network{In: c.columns(), Input: c.at}
	if err := c.follow(m.graph.nodes); err != nil {
		return nil, err
	}
	if c.at != m.graph.outputs[0].name {
		return nil, fmt.Errorf("the chain ends at %s, the model's output is %s: %w", quote(c.at), quote(m.graph.outputs[0].name), ErrUnsupported)
	}
	c.flatten()
	n.Module, n.Output = c.modules, m.graph.outputs[0].name
	for _, p := range m.metadata {
		if n.Metadata == nil {
			n.Metadata = make(map[string]string)
		}
		n.Metadata[p.key] = p.value
	}
	return n, n.fill(c.weights)
}

// fill applies the module to learn its parameters, and puts their numbers in order.
func (n *Network) fill(weights map[string][]float32) error {
	n.Params = &nn.Params{}
	y, err := nn.NewBuild(n.Params).Try(n.Module, ad.Input(n.Input, n.In))
	if err != nil {
		return fmt.Errorf("%w: %w", err, ErrShape)
	}
	n.Out, n.Weights = y.Cols(), make([]float32, n.Params.Len())
	for _, e := range n.Params.Entries() {
		v := weights[e.Name]
		if len(v) != e.Rows*e.Cols {
			return fmt.Errorf("layer %s has %d numbers, want %d×%d: %w", e.Name, len(v), e.Rows, e.Cols, ErrShape)
		}
		copy(n.Weights[e.Offset:], v)
	}
	return nil
}

// chain is how far a graph has been followed.
type chain struct {
	known    map[string]*tensor // initializers and constants
	at       string             // the value that has been reached
	channels int
	size     []int // lengths of the axes of positions; none for plain rows
	modules  nn.Sequential
	weights  map[string][]float32 // by parameter
	inOrder  bool                 // positions one after the other, as package nn has them
	cells    int                  // of tables so far
}

// columns returns how many numbers a sample has.
func (c *chain) columns() int {
	n := c.channels
	for _, s := range c.size {
		n *= s
	}
	return n
}

// begin finds the input.
func (c *chain) begin(g *graph) error {
	for _, t := range g.initializers {
		c.known[t.name] = t
	}
	var inputs []valueInfo
	for _, v := range g.inputs {
		if c.known[v.name] == nil { // old files list initializers, too
			inputs = append(inputs, v)
		}
	}
	if len(inputs) != 1 || len(g.outputs) != 1 {
		return fmt.Errorf("%d inputs and %d outputs, want one of each: %w", len(inputs), len(g.outputs), ErrUnsupported)
	}
	v := inputs[0]
	if v.dtype != typeFloat {
		return fmt.Errorf("input %s has elements of type %d, want float32 (%d): %w", quote(v.name), v.dtype, typeFloat, ErrUnsupported)
	}
	if len(v.dims) < 2 || len(v.dims) > 4 {
		return fmt.Errorf("input %s has %d axes, want samples and columns, or samples, channels and one or two axes of positions: %w", quote(v.name), len(v.dims), ErrUnsupported)
	}
	cells := int64(1)
	for i, d := range v.dims[1:] {
		if d.size < 1 {
			return fmt.Errorf("axis %d of input %s has no fixed size: %w", i+1, quote(v.name), ErrUnsupported)
		}
		if d.size > MaxColumns || cells > MaxColumns/d.size {
			return fmt.Errorf("input %s has more than %d numbers a sample: %w", quote(v.name), MaxColumns, ErrLimit)
		}
		cells *= d.size
	}
	c.at, c.channels = v.name, int(v.dims[1].size)
	for _, d := range v.dims[2:] {
		c.size = append(c.size, int(d.size))
	}
	return nil
}

// follow goes from node to node.
func (c *chain) follow(all []*node) error {
	var nodes []*node
	for _, n := range all {
		if a := n.find("value"); n.op == "Constant" && len(n.outputs) == 1 && a != nil && a.t != nil {
			c.known[n.outputs[0]] = a.t
		} else {
			nodes = append(nodes, n)
		}
	}
	for len(nodes) > 0 {
		used, err := c.step(nodes)
		if err != nil {
			return fmt.Errorf("node %s, %s: %w", quote(nodes[0].name), quote(nodes[0].op), err)
		}
		nodes = nodes[used:]
	}
	return nil
}

// add appends a module whose parameters have these numbers.
func (c *chain) add(m nn.Module, weight, bias []float32) {
	scope := strconv.Itoa(len(c.modules))
	c.modules = append(c.modules, m)
	if weight != nil {
		c.weights[scope+".weight"] = weight
	}
	if bias != nil {
		c.weights[scope+".bias"] = bias
	}
}

// arrange puts positions one after the other, flatten channels again, which is the
// order of the model.
func (c *chain) arrange() {
	if len(c.size) > 0 && !c.inOrder && c.channels > 1 && c.columns() > c.channels {
		c.add(Turn{Rows: c.channels, Columns: c.columns() / c.channels}, nil, nil)
	}
	c.inOrder = true
}

func (c *chain) flatten() {
	if len(c.size) > 0 && c.inOrder && c.channels > 1 && c.columns() > c.channels {
		c.add(Turn{Rows: c.columns() / c.channels, Columns: c.channels}, nil, nil)
	}
	c.channels, c.size, c.inOrder = c.columns(), nil, false
}

// Turn is the module that transposes the numbers of each sample as a matrix: between the
// order of channels that ONNX has and that of positions, which package nn has.
type Turn struct {
	Rows, Columns int // of the matrix that it is given
}

// Apply implements nn.Module.
func (t Turn) Apply(_ *nn.Build, x *ad.Expr) *ad.Expr {
	from := make([][]int, 1)
	for j := range t.Columns {
		for i := range t.Rows {
			from[0] = append(from[0], i*t.Columns+j)
		}
	}
	return ad.Gather(x, ad.NewTable(from, t.Rows*t.Columns, 1))
}

var _ nn.Module = Turn{}
