package onnx

import (
	"math"
	"slices"

	"github.com/gradlogp/gradlogp/nn"
)

// silu recognises x·Sigmoid(x).
func (c *chain) silu(nodes []*node) int {
	if len(nodes) < 2 || nodes[0].op != "Sigmoid" || nodes[1].op != "Mul" || len(nodes[1].outputs) != 1 || !c.joins(nodes[1], nodes[0].outputs[0], c.at) || nodes[0].inputs[0] != c.at {
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
	for _, n := range nodes[:5] {
		if len(n.outputs) != 1 {
			return 0
		}
	}
	for i, op := range []string{"", "Erf", "Add", "Mul", "Mul"} {
		if i > 0 && (nodes[i].op != op || !slices.Contains(nodes[i].inputs, nodes[i-1].outputs[0])) {
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
