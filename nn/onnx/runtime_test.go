package onnx

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gradlogp/gradlogp/nn/onnx/onnxtest"
)

func TestRuntimeAgreesOnRandomGraphs(t *testing.T) {
	engines := onnxtest.Engines(t)
	type expected struct {
		d *drawing
		g *Graph
	}
	var want []expected
	var cases []onnxtest.Case
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		g := d.graph()
		var b bytes.Buffer
		require.NoError(t, Export(&b, g))
		c := onnxtest.Case{Model: b.Bytes(), Inputs: map[string]onnxtest.Tensor{}}
		for name, a := range d.arrays() {
			v := make([]float32, len(a.v))
			for i, x := range a.v {
				v[i] = float32(x)
			}
			c.Inputs[name] = onnxtest.Tensor{Dims: a.dims, Data: v}
		}
		want, cases = append(want, expected{d, g}), append(cases, c)
	})
	for _, engine := range engines {
		t.Run(engine.Name, func(t *testing.T) {
			for i, r := range engine.Run(t, cases) {
				require.Empty(t, r.Error, "graph %d", i)
				for _, o := range want[i].g.Outputs {
					wide := make([]float64, len(r.Outputs[o.Name].Data))
					for j, v := range r.Outputs[o.Name].Data {
						wide[j] = float64(v)
					}
					requireNear(t, want[i].d.eval(o.Value)[0], wide, 2e-3, "graph %d, %s", i, o.Name)
				}
			}
		})
	}
}
