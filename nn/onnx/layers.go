package onnx

import (
	"fmt"
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
