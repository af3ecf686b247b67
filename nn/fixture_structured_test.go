package nn_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/dataset/fixture"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
)

// structuredFixture are layers over positions with derivatives of torch in float64.
type structuredFixture struct {
	Torch   string
	Records []structuredCase
}

type structuredCase struct {
	Name, Kind            string
	Size, Kernel          []int
	Stride, Factor        int
	Groups, Heads, Hidden int
	Circular, Causal      bool
	Epsilon               float64
	X, V, Out             fixture.Array
	Params, Grads, Second map[string]fixture.Array
}

// permuted returns the values of an array of this shape in another order of the axes.
func permuted(v []float64, shape []int, axes ...int) []float64 {
	stride := make([]int, len(shape))
	n := 1
	for i := len(shape) - 1; i >= 0; i-- {
		stride[i], n = n, n*shape[i]
	}
	out := make([]float64, 0, n)
	var walk func(k, at int)
	walk = func(k, at int) {
		if k == len(axes) {
			out = append(out, v[at])
			return
		}
		for i := range shape[axes[k]] {
			walk(k+1, at+i*stride[axes[k]])
		}
	}
	walk(0, 0)
	return out
}

// lastChannels moves the channels of samples, ahead of the axes, behind them.
func lastChannels(a fixture.Array) []float64 {
	axes := []int{0}
	for i := range a.Shape[2:] {
		axes = append(axes, i+2)
	}
	return permuted(a.Data, a.Shape, append(axes, 1)...)
}

// lastSquares moves the squares that pixel shuffle makes channels of, behind the
// pixels and ahead of the other channels.
func lastSquares(f int) func(a fixture.Array) []float64 {
	return func(a fixture.Array) []float64 {
		s := a.Shape
		return permuted(a.Data, []int{s[0], s[1] / (f * f), f, f, s[2], s[3]}, 0, 4, 5, 2, 3, 1)
	}
}

// kernelOf moves the points of a kernel to the front: [out, in, points] to [points, in, out].
func kernelOf(a fixture.Array) []float64 {
	var axes []int
	for i := range a.Shape[2:] {
		axes = append(axes, i+2)
	}
	return permuted(a.Data, a.Shape, append(axes, 1, 0)...)
}

func asIs(a fixture.Array) []float64        { return a.Data }
func transposeOf(a fixture.Array) []float64 { return permuted(a.Data, a.Shape, 1, 0) }

// theirs is a parameter of the reference.
type theirs struct {
	name   string
	layout func(a fixture.Array) []float64
}

// structuredLayer returns the module of a record, how x and the output lie in the
// reference, and what our parameters are there.
func structuredLayer(c structuredCase) (m nn.Module, in, out func(fixture.Array) []float64, params map[string]theirs) {
	switch c.Kind {
	case "conv":
		m = nn.Conv{Size: c.Size, Out: c.Out.Shape[1], Kernel: c.Kernel, Stride: c.Stride, Circular: c.Circular}
		return m, lastChannels, lastChannels, map[string]theirs{"weight": {"weight", kernelOf}, "bias": {"bias", asIs}}
	case "shuffle":
		return nn.Resample{Size: c.Size, Up: c.Factor}, lastSquares(c.Factor), lastChannels, nil
	case "unshuffle":
		return nn.Resample{Size: c.Size, Down: c.Factor}, lastChannels, lastSquares(c.Factor), nil
	case "groupnorm":
		m = nn.GroupNorm{Size: c.Size, Groups: c.Groups, Epsilon: c.Epsilon}
		return m, lastChannels, lastChannels, map[string]theirs{"gain": {"gain", asIs}, "bias": {"bias", asIs}}
	case "attention":
		return nn.Attention{Size: c.Size, Heads: c.Heads, Causal: c.Causal}, asIs, asIs, attentionParams("", "in_", "out_")
	}
	m = nn.TransformerBlock{Size: c.Size, Heads: c.Heads, Hidden: c.Hidden}
	params = attentionParams("attention.", "self_attn.in_proj_", "self_attn.out_proj.")
	maps.Copy(params, map[string]theirs{
		"norm1.gain": {"norm1.weight", asIs}, "norm1.bias": {"norm1.bias", asIs},
		"norm2.gain": {"norm2.weight", asIs}, "norm2.bias": {"norm2.bias", asIs},
		"hidden.weight": {"linear1.weight", transposeOf}, "hidden.bias": {"linear1.bias", asIs},
		"output.weight": {"linear2.weight", transposeOf}, "output.bias": {"linear2.bias", asIs},
	})
	return m, asIs, asIs, params
}

// attentionParams are the parameters of an attention, of which the reference keeps three
// in one.
func attentionParams(scope, in, out string) map[string]theirs {
	params := map[string]theirs{scope + "output.weight": {out + "weight", transposeOf}, scope + "output.bias": {out + "bias", asIs}}
	for k, name := range []string{"query", "key", "value"} {
		third := func(a fixture.Array) fixture.Array {
			n := len(a.Data) / 3
			return fixture.Array{Shape: append([]int{a.Shape[0] / 3}, a.Shape[1:]...), Data: a.Data[k*n : (k+1)*n]}
		}
		params[scope+name+".weight"] = theirs{in + "weight", func(a fixture.Array) []float64 { return transposeOf(third(a)) }}
		params[scope+name+".bias"] = theirs{in + "bias", func(a fixture.Array) []float64 { return third(a).Data }}
	}
	return params
}

func TestStructuredLayersFixture(t *testing.T) {
	f := fixture.Load[structuredFixture](t, "structured")
	fixture.Each(t, f.Records, func(_ int, c structuredCase) string { return c.Name }, checkStructured)
}

func checkStructured(t *testing.T, c structuredCase) {
	m, in, out, params := structuredLayer(c)
	samples := c.X.Shape[0]
	n := newNetwork(m, len(c.X.Data)/samples, 0, nil)
	require.Len(t, n.params.Entries(), len(params))
	for name, p := range params {
		w, _, _ := nn.View(&n.params, n.theta, name)
		copy(w, p.layout(c.Params[p.name]))
	}
	v := ad.Input("v", n.out.Cols())
	leaves, values := []*ad.Expr{n.x, v}, [][]float64{in(c.X), out(c.V)}
	evaluate := func(e *ad.Expr) []float64 { return run[float64](e, samples, n.theta, leaves, values...) }
	check := func(y *ad.Expr, want map[string]fixture.Array) {
		wrt := append([]*ad.Expr{n.x}, n.params.Leaves()...)
		for i, g := range ad.Grad(y, wrt...) {
			if i == 0 {
				closeTo(t, in(want["x"]), evaluate(g), 1e-10)
				continue
			}
			p := params[n.params.Entries()[i-1].Name]
			closeTo(t, p.layout(want[p.name]), evaluate(g), 1e-10)
		}
	}
	closeTo(t, out(c.Out), evaluate(n.out), 1e-11)
	loss := ad.SumCols(ad.Mul(n.out, v))
	check(loss, c.Grads)
	check(ad.SumCols(ad.Square(ad.Grad(loss, n.x)[0])), c.Second)
}
