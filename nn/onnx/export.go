package onnx

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/checkpoint"
)

// Versions of what Export writes: of the operator set and of the format.
const (
	OpsetVersion = 17
	IRVersion    = 8
)

// MostBytes is the largest file, the most that a protocol buffer holds.
const MostBytes = math.MaxInt32

// Graph is what Export writes: expressions of inputs and parameters.
type Graph struct {
	// Inputs are the leaves that whoever runs the model gives, made by ad.Input and
	// ad.UniformInput, in order. Their names are those of the model's inputs.
	Inputs []*ad.Expr
	// Outputs are what the model returns, in order.
	Outputs []Output
	// Weights is the vector of parameters that the expressions are about.
	Weights []float32
	// Loop, if not nil, runs after what depends on Inputs only and before the Outputs that
	// depend on its State.
	Loop *Loop
	// Name is the graph's, Doc says what the model does; Metadata is kept beside it.
	Name, Doc string
	Metadata  map[string]string
}

// Output is an expression and the name it has in the model.
type Output struct {
	Name  string
	Value *ad.Expr
}

// Export writes the graph to w as an ONNX model. The same graph gives the same bytes.
//
// Errors wrap ErrName for names that are empty, not UTF-8 or there twice, ErrShape when
// there are no outputs, an output depends on a leaf that is not among the inputs, an input
// is none, weights are missing, or a Loop's parts do not fit, ErrNonFinite for weights that are NaN or infinite,
// ErrUnsupported for random leaves, and ErrLimit for more than MostBytes. Then nothing is
// written.
func Export(w io.Writer, g *Graph) error {
	parts, err := g.encoded()
	if err != nil {
		return fmt.Errorf("onnx: Export: %w", err)
	}
	for _, part := range parts {
		if _, err := w.Write(part); err != nil {
			return fmt.Errorf("onnx: Export: %w", err)
		}
	}
	return nil
}

// ExportFile writes the graph to the file at path in one step: whoever opens path, also
// after a crash, finds the whole old file or the whole new one (see
// checkpoint.ReplaceFile). Errors are those of Export, and of the file system.
func ExportFile(path string, g *Graph) error {
	parts, err := g.encoded()
	if err == nil {
		err = checkpoint.ReplaceFile(path, func(w io.Writer) error {
			for _, part := range parts {
				if _, err := w.Write(part); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("onnx: ExportFile: %w", err)
	}
	return nil
}

// encoded returns the bytes of the model in parts.
func (g *Graph) encoded() ([]message, error) {
	b := newBook(g.Weights)
	b.declare(g)
	if b.err != nil {
		return nil, b.err
	}
	leaf := make(map[*ad.Expr]value)
	main := &graph{name: g.Name}
	if main.name == "" {
		main.name = "gradlogp"
	}
	for _, e := range g.Inputs {
		v, info := described(e.Name(), e)
		leaf[e], main.inputs = v, append(main.inputs, info)
		if v.perRow && b.first == "" {
			b.first = v.name
		}
	}
	if g.Loop != nil {
		b.main.loop(g.Loop, leaf)
	}
	out := make([]*ad.Expr, len(g.Outputs))
	for i, o := range g.Outputs {
		out[i] = o.Value
	}
	for i, v := range b.main.write(out, leaf) {
		name := g.Outputs[i].Name
		b.main.nodes = append(b.main.nodes, &node{op: "Identity", name: "Identity_" + name, inputs: []string{v.name}, outputs: []string{name}})
		_, info := described(name, out[i])
		main.outputs = append(main.outputs, info)
	}
	if b.err != nil {
		return nil, b.err
	}
	main.nodes, main.initializers = b.main.nodes, b.initializers
	m := &model{ir: IRVersion, producer: "gradlogp", doc: g.Doc, graph: main, opsets: []opset{{version: OpsetVersion}}}
	for _, k := range slices.Sorted(maps.Keys(g.Metadata)) {
		m.metadata = append(m.metadata, pair{k, g.Metadata[k]})
	}
	before, body, after := m.encode()
	if len(before)+len(body)+len(after) > MostBytes {
		return nil, fmt.Errorf("the model has %d bytes, want at most %d: %w", len(before)+len(body)+len(after), MostBytes, ErrLimit)
	}
	return []message{before, body, after}, nil
}

// declare takes the names of inputs and outputs, and checks them.
func (b *book) declare(g *Graph) {
	if len(g.Outputs) == 0 {
		b.fail(ErrShape, "Outputs: are none, want at least one")
	}
	take := func(field, name string) {
		switch {
		case name == "" || !utf8.ValidString(name):
			b.fail(ErrName, "%s: is %q, want some UTF-8", field, name)
		case b.taken[name]:
			b.fail(ErrName, "%s: is %q, the name of another input or output too", field, name)
		}
		b.taken[name] = true
	}
	for i, e := range g.Inputs {
		if e == nil || !isInput(e) {
			b.fail(ErrShape, "Inputs[%d]: is no leaf made by ad.Input or ad.UniformInput", i)
			return
		}
		take(fmt.Sprintf("Inputs[%d]: the name", i), e.Name())
	}
	for i, o := range g.Outputs {
		if o.Value == nil {
			b.fail(ErrShape, "Outputs[%d].Value: is nil, want an expression", i)
		}
		take(fmt.Sprintf("Outputs[%d].Name", i), o.Name)
	}
	for _, text := range []string{g.Name, g.Doc} {
		if !utf8.ValidString(text) {
			b.fail(ErrName, "Name, Doc: hold %q, want UTF-8", text)
		}
	}
	for k, v := range g.Metadata {
		if !utf8.ValidString(k) || !utf8.ValidString(v) {
			b.fail(ErrName, "Metadata[%q]: is %q, want UTF-8", k, v)
		}
	}
}

// isInput reports whether e is a leaf that is given.
func isInput(e *ad.Expr) bool {
	list, _ := ad.List([]*ad.Expr{e})
	return list[0].Op == ad.OpInput && list[0].Leaf == e
}

// batchName is what the number of samples is called in the shapes.
const batchName = "N"

// described returns the tensor of an expression and what a model says of it.
func described(name string, e *ad.Expr) (value, valueInfo) {
	perRow, rows := shapeOf(e)
	v := value{name, perRow, rows, e.Cols()}
	var dims []dim
	if perRow {
		dims = append(dims, dim{name: batchName})
	}
	if !perRow || v.deep() {
		dims = append(dims, dim{size: int64(rows)})
	}
	return v, valueInfo{name: name, dtype: typeFloat, dims: append(dims, dim{size: int64(e.Cols())})}
}
