package onnx

import (
	encode "encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/gradlogp/gradlogp/nn"
)

// step makes a layer of the first nodes, and returns how many these are.
func (c *chain) step(nodes []*node) (used int, err error) {
	n := nodes[0]
	if n.domain != "" && n.domain != "ai.onnx" {
		return 0, fmt.Errorf("it is of the operators %s: %w", quote(n.domain), ErrUnsupported)
	}
	if len(n.inputs) == 0 || len(n.outputs) == 0 {
		return 0, fmt.Errorf("it has no input or no output: %w", ErrCorrupt)
	}
	for _, pattern := range []func([]*node) int{c.silu, c.gelu} {
		if used = pattern(nodes); used > 0 {
			c.at = nodes[used-1].outputs[0]
			return used, nil
		}
	}
	if n.inputs[0] != c.at {
		return 0, fmt.Errorf("it takes %s where the chain is at %s: %w", quote(n.inputs[0]), quote(c.at), ErrUnsupported)
	}
	used = 1
	switch n.op {
	case "Identity", "Dropout":
	case "Flatten":
		if a := n.find("axis"); a != nil && a.i != 1 {
			return 0, fmt.Errorf("axis is %d, want 1: %w", a.i, ErrUnsupported)
		}
		c.flatten()
	case "Gemm":
		err = c.gemm(n)
	case "MatMul":
		used, err = c.matMul(nodes)
	case "Conv":
		err = c.conv(n)
	default:
		var m nn.Module
		if m, err = activation(n); err == nil {
			c.add(m, nil, nil)
		}
	}
	if err != nil {
		return 0, err
	}
	c.at = nodes[used-1].outputs[0]
	return used, nil
}

// activation returns the module of a function of one number.
func activation(n *node) (nn.Module, error) {
	alpha := func(otherwise float64) float64 {
		if a := n.find("alpha"); a != nil {
			return float64(a.f)
		}
		return otherwise
	}
	switch n.op {
	case "Relu":
		return nn.ReLU{}, nil
	case "Sigmoid":
		return nn.Sigmoid{}, nil
	case "Tanh":
		return nn.Tanh{}, nil
	case "Softplus":
		return nn.Softplus{}, nil
	case "LeakyRelu", "Elu":
		var m nn.Module = nn.LeakyReLU{A: alpha(0.01)}
		a := alpha(0.01)
		if n.op == "Elu" {
			a = alpha(1)
			m = nn.ELU{A: a}
		}
		if a == 0 {
			m = nn.ReLU{}
		}
		if err := nn.Validate(m); err != nil {
			return nil, fmt.Errorf("alpha is %v: %w", a, ErrUnsupported)
		}
		return m, nil
	case "Gelu":
		switch a := n.find("approximate"); {
		case a == nil || a.s == "none":
			return nn.GELU{}, nil
		case a.s == "tanh":
			return nn.GELUTanh{}, nil
		}
	}
	return nil, fmt.Errorf("there is no such layer: %w", ErrUnsupported)
}

// silu recognises x·Sigmoid(x).
func (c *chain) silu(nodes []*node) int {
	if len(nodes) < 2 || nodes[0].op != "Sigmoid" || nodes[1].op != "Mul" || !c.joins(nodes[1], nodes[0].outputs[0], c.at) || nodes[0].inputs[0] != c.at {
		return 0
	}
	c.add(nn.SiLU{}, nil, nil)
	return 2
}

// gelu recognises x·½(1 + Erf(x/√2)), multiplied in any order.
func (c *chain) gelu(nodes []*node) int {
	if len(nodes) < 5 {
		return 0
	}
	for i, op := range []string{"", "Erf", "Add", "Mul", "Mul"} {
		if i > 0 && (nodes[i].op != op || !slices.Contains(nodes[i].inputs, nodes[i-1].outputs[0])) {
			return 0
		}
	}
	for _, n := range nodes[:4] {
		if len(n.outputs) != 1 {
			return 0
		}
	}
	first, sum := nodes[0], nodes[2]
	scaled := first.op == "Mul" && c.scales(first, c.at, 1/math.Sqrt2) || first.op == "Div" && len(first.inputs) == 2 && first.inputs[0] == c.at && c.is(first.inputs[1], math.Sqrt2)
	a, b := nodes[3], nodes[4]
	half := c.scales(a, sum.outputs[0], 0.5) && c.joins(b, a.outputs[0], c.at) || c.joins(a, sum.outputs[0], c.at) && c.scales(b, a.outputs[0], 0.5)
	if !scaled || !half || !c.scales(sum, nodes[1].outputs[0], 1) {
		return 0
	}
	c.add(nn.GELU{}, nil, nil)
	return 5
}

// joins reports whether the inputs of a node are these two.
func (c *chain) joins(n *node, a, b string) bool {
	return len(n.inputs) == 2 && (n.inputs[0] == a && n.inputs[1] == b || n.inputs[0] == b && n.inputs[1] == a)
}

// scales reports whether the inputs of a node are a value and a constant.
func (c *chain) scales(n *node, value string, constant float64) bool {
	return len(n.inputs) == 2 && (n.inputs[0] == value && c.is(n.inputs[1], constant) || n.inputs[1] == value && c.is(n.inputs[0], constant))
}

// is reports whether a tensor is the number v.
func (c *chain) is(name string, v float64) bool {
	t := c.known[name]
	if t == nil {
		return false
	}
	numbers, _, err := t.numbers()
	return err == nil && len(numbers) == 1 && math.Abs(float64(numbers[0])-v) <= 1e-6*v
}

// gemm makes a linear layer of α x·B + β C.
func (c *chain) gemm(n *node) error {
	transposed := false
	for _, a := range n.attributes {
		switch {
		case (a.name == "alpha" || a.name == "beta") && a.f == 1:
		case a.name == "transA" && a.i == 0:
		case a.name == "transB":
			transposed = a.i != 0
		default:
			return fmt.Errorf("attribute %s is %v: %w", quote(a.name), max(float64(a.f), float64(a.i)), ErrUnsupported)
		}
	}
	bias := ""
	if len(n.inputs) > 2 {
		bias = n.inputs[2]
	}
	if len(n.inputs) < 2 {
		return fmt.Errorf("it has no weights: %w", ErrCorrupt)
	}
	return c.linear(n.inputs[1], bias, transposed)
}

// matMul makes a linear layer of x·B, and of what is added to it.
func (c *chain) matMul(nodes []*node) (used int, err error) {
	n := nodes[0]
	if len(n.inputs) != 2 {
		return 0, fmt.Errorf("it has %d inputs: %w", len(n.inputs), ErrCorrupt)
	}
	if len(nodes) > 1 && nodes[1].op == "Add" && len(nodes[1].inputs) == 2 && len(nodes[1].outputs) > 0 {
		in := nodes[1].inputs
		for i, name := range in {
			if name == n.outputs[0] && c.known[in[1-i]] != nil {
				return 2, c.linear(n.inputs[1], in[1-i], false)
			}
		}
	}
	return 1, c.linear(n.inputs[1], "", false)
}

// linear adds an nn.Linear.
func (c *chain) linear(weight, bias string, transposed bool) error {
	if len(c.size) > 0 {
		return fmt.Errorf("it takes rows, but there are positions; want a Flatten before: %w", ErrUnsupported)
	}
	w, dims, err := c.weight(weight)
	if err != nil {
		return err
	}
	if len(dims) != 2 {
		return fmt.Errorf("its weights %s have %d axes, want 2: %w", quote(weight), len(dims), ErrShape)
	}
	in, out := dims[0], dims[1]
	if transposed {
		in, out = out, in
		turned := make([]float32, len(w))
		for i := range in {
			for j := range out {
				turned[i*out+j] = w[j*in+i]
			}
		}
		w = turned
	}
	if in != c.channels || out < 1 {
		return fmt.Errorf("its weights %s take %d columns to %d, where there are %d: %w", quote(weight), in, out, c.channels, ErrShape)
	}
	l := nn.Linear{Out: out, Bias: nn.None{}}
	b, err := c.bias(bias, out)
	if err != nil {
		return err
	}
	if b != nil {
		l.Bias = nil
	}
	if out > MaxColumns {
		return fmt.Errorf("it makes %d columns, want at most %d: %w", out, MaxColumns, ErrLimit)
	}
	c.add(l, w, b)
	c.channels = out
	return nil
}

// bias returns the numbers of a bias, nil for "".
func (c *chain) bias(name string, out int) ([]float32, error) {
	if name == "" {
		return nil, nil
	}
	b, _, err := c.weight(name)
	if err == nil && len(b) == 1 {
		b = slices.Repeat(b, out)
	}
	if err == nil && len(b) != out {
		err = fmt.Errorf("its bias %s has %d numbers, want %d: %w", quote(name), len(b), out, ErrShape)
	}
	return b, err
}

// conv adds an nn.Conv.
func (c *chain) conv(n *node) error {
	if len(n.inputs) < 2 || len(c.size) == 0 {
		return fmt.Errorf("it has no weights, or there are no positions: %w", ErrShape)
	}
	w, dims, err := c.weight(n.inputs[1])
	if err != nil {
		return err
	}
	axes := len(c.size)
	if len(dims) != 2+axes || dims[1] != c.channels || dims[0] < 1 {
		return fmt.Errorf("its weights are of shape %v, want %d channels and %d axes: %w", dims, c.channels, axes, ErrShape)
	}
	stride := 1
	for _, a := range n.attributes {
		switch {
		case a.name == "group" && a.i == 1, a.name == "auto_pad" && a.s == "NOTSET", a.name == "pads":
		case a.name == "kernel_shape" && slices.Equal(narrowed(a.ints), dims[2:]):
		case a.name == "dilations" && len(a.ints) == axes && slices.Min(a.ints) == 1 && slices.Max(a.ints) == 1:
		case a.name == "strides" && len(a.ints) == axes && slices.Min(a.ints) == slices.Max(a.ints) && a.ints[0] >= 1 && a.ints[0] <= MaxColumns:
			stride = int(a.ints[0])
		default:
			return fmt.Errorf("attribute %s has a value that nn.Conv has not: %w", quote(a.name), ErrUnsupported)
		}
	}
	if err := c.padded(n, dims[2:], stride); err != nil {
		return err
	}
	points := 1
	for _, k := range dims[2:] {
		points *= k
	}
	positions := c.columns() / c.channels
	if positions > (MaxCells-c.cells)/points {
		return fmt.Errorf("%d positions of %d points, want products up to %d in all: %w", positions, points, MaxCells, ErrLimit)
	}
	c.cells += positions * points
	bias := ""
	if len(n.inputs) > 2 {
		bias = n.inputs[2]
	}
	b, err := c.bias(bias, dims[0])
	if err != nil {
		return err
	}
	layer := nn.Conv{Size: slices.Clone(c.size), Out: dims[0], Kernel: slices.Clone(dims[2:]), Stride: stride}
	if b == nil {
		layer.Bias = nn.None{}
	}
	c.arrange()
	c.add(layer, filtersToRows(w, dims[0], c.channels, points), b)
	c.channels = dims[0]
	for i, s := range c.size {
		c.size[i] = (s + stride - 1) / stride
	}
	if c.channels > MaxColumns/positions {
		return fmt.Errorf("it makes more than %d numbers of a sample: %w", MaxColumns, ErrLimit)
	}
	return nil
}

// padded checks that a kernel is odd and centred on every stride-th position.
func (c *chain) padded(n *node, kernel []int, stride int) error {
	pads := make([]int64, 2*len(kernel))
	if a := n.find("pads"); a != nil {
		pads = a.ints
	}
	if len(pads) != 2*len(kernel) {
		return fmt.Errorf("pads are %d numbers, want %d: %w", len(pads), 2*len(kernel), ErrCorrupt)
	}
	for i, k := range kernel {
		before, after := pads[i], pads[len(kernel)+i]
		windows := (int64(c.size[i]) + before + after - int64(k)) / int64(stride)
		if k < 1 || k%2 == 0 || before != int64(k/2) || after < 0 || after > int64(k/2) || windows != int64((c.size[i]-1)/stride) {
			return fmt.Errorf("kernel %v with pads %v is not odd and centred: %w", kernel, pads, ErrUnsupported)
		}
	}
	return nil
}

// filtersToRows returns filters out×channels×points as the rows of nn.Conv's weight, of a
// point and channel each.
func filtersToRows(w []float32, out, channels, points int) []float32 {
	v := make([]float32, len(w))
	for o := range out {
		for ch := range channels {
			for p := range points {
				v[(p*channels+ch)*out+o] = w[(o*channels+ch)*points+p]
			}
		}
	}
	return v
}

func narrowed(v []int64) []int {
	out := make([]int, len(v))
	for i, x := range v {
		out[i] = int(min(max(x, -1), MaxColumns+1))
	}
	return out
}

// weight returns the numbers of an initializer.
func (c *chain) weight(name string) ([]float32, []int, error) {
	t := c.known[name]
	if t == nil {
		return nil, nil, fmt.Errorf("%s is not among the initializers: %w", quote(name), ErrUnsupported)
	}
	v, dims, err := t.numbers()
	if err != nil {
		return nil, nil, fmt.Errorf("initializer %s: %w", quote(name), err)
	}
	return v, dims, nil
}

// numbers returns what a tensor of float32 holds.
func (t *tensor) numbers() (v []float32, dims []int, err error) {
	switch {
	case len(t.others) > 0:
		return nil, nil, fmt.Errorf("%s: %w", t.others[0], ErrUnsupported)
	case t.dtype != typeFloat:
		return nil, nil, fmt.Errorf("elements of type %d, want float32 (%d): %w", t.dtype, typeFloat, ErrUnsupported)
	case len(t.raw)%4 != 0 || len(t.raw) > 0 && len(t.floats) > 0:
		return nil, nil, fmt.Errorf("%d bytes and %d numbers: %w", len(t.raw), len(t.floats), ErrCorrupt)
	}
	v = t.floats
	if len(t.raw) > 0 {
		v = make([]float32, len(t.raw)/4)
		for i := range v {
			v[i] = math.Float32frombits(encode.LittleEndian.Uint32(t.raw[4*i:]))
		}
	}
	n := int64(1)
	for _, d := range t.dims {
		if d < 0 || d > math.MaxInt32 || d > 0 && n > math.MaxInt32/d {
			return nil, nil, fmt.Errorf("shape %v: %w", t.dims, ErrLimit)
		}
		n *= d
		dims = append(dims, int(d))
	}
	if n != int64(len(v)) {
		return nil, nil, fmt.Errorf("%d numbers of shape %v: %w", len(v), t.dims, ErrCorrupt)
	}
	if i := slices.IndexFunc(v, func(x float32) bool { return x-x != 0 }); i >= 0 {
		return nil, nil, fmt.Errorf("number %d is %v: %w", i, v[i], ErrNonFinite)
	}
	return v, dims, nil
}
