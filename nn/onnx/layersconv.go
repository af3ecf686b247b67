package onnx

import (
	"fmt"
	"slices"

	"github.com/gradlogp/gradlogp/nn"
)

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
