package onnx

import (
	encode "encoding/binary"
	"math"
	"slices"
)

// The messages of onnx.proto3 that a model of ours has, with the numbers of their fields.

// model is a ModelProto.
type model struct {
	ir       int64    // 1
	producer string   // 2
	doc      string   // 6
	graph    *graph   // 7
	opsets   []opset  // 8
	metadata []pair   // 14
	others   []string // what there is besides, for messages
}

// opset is an OperatorSetIdProto.
type opset struct {
	domain  string // 1
	version int64  // 2
}

// pair is a StringStringEntryProto.
type pair struct{ key, value string } // 1, 2

// graph is a GraphProto.
type graph struct {
	nodes           []*node     // 1
	name            string      // 2
	initializers    []*tensor   // 5
	inputs, outputs []valueInfo // 11, 12
	others          []string
}

// node is a NodeProto.
type node struct {
	inputs, outputs []string     // 1, 2
	name            string       // 3
	op              string       // 4
	attributes      []*attribute // 5
	domain          string       // 7
}

// attribute is an AttributeProto.
type attribute struct {
	name   string    // 1
	f      float32   // 2
	i      int64     // 3
	s      string    // 4
	t      *tensor   // 5
	g      *graph    // 6
	floats []float32 // 7
	ints   []int64   // 8
	kind   int64     // 20
}

// Kinds of attributes.
const (
	kindFloat  = 1
	kindInt    = 2
	kindString = 3
	kindTensor = 4
	kindGraph  = 5
	kindFloats = 6
	kindInts   = 7
)

// tensor is a TensorProto. Its numbers are those of one of the fields.
type tensor struct {
	dims   []int64   // 1
	dtype  int64     // 2
	floats []float32 // 4
	words  []int64   // 5: int32_data, which holds short types
	ints   []int64   // 7
	name   string    // 8
	raw    []byte    // 9
	others []string
}

// Types of elements.
const (
	typeFloat = 1
	typeInt64 = 7
	typeBool  = 9
)

// valueInfo is a ValueInfoProto of a tensor.
type valueInfo struct {
	name  string
	dtype int64
	dims  []dim // nil: of a rank that is not known
}

// dim is a dimension: a size, or the name of one, or neither.
type dim struct {
	size int64
	name string
}

func floatTensor(name string, dims []int64, v []float32) *tensor {
	t := &tensor{name: name, dims: dims, dtype: typeFloat, raw: make([]byte, 0, 4*len(v))}
	for _, f := range v {
		t.raw = encode.LittleEndian.AppendUint32(t.raw, math.Float32bits(f))
	}
	return t
}

func intTensor(name string, dims []int64, v []int64) *tensor {
	t := &tensor{name: name, dims: dims, dtype: typeInt64, raw: make([]byte, 0, 8*len(v))}
	for _, i := range v {
		t.raw = encode.LittleEndian.AppendUint64(t.raw, uint64(i))
	}
	return t
}

// head returns the fields of m before the graph, and what comes after.
func (m *model) encode() (before, graph, after message) {
	before.int(1, m.ir)
	before.string(2, m.producer)
	before.string(6, m.doc)
	graph = m.graph.encode()
	before.tag(7, wireBytes)
	before = encode.AppendUvarint(before, uint64(len(graph)))
	for _, o := range m.opsets {
		var e message
		e.string(1, o.domain)
		e.int(2, o.version)
		after.bytes(8, e)
	}
	for _, p := range m.metadata {
		var e message
		e.string(1, p.key)
		e.string(2, p.value)
		after.bytes(14, e)
	}
	return before, graph, after
}

func (g *graph) encode() message {
	size := 0
	for _, t := range g.initializers {
		size += len(t.raw) + 128
	}
	m := slices.Grow(message(nil), size)
	for _, n := range g.nodes {
		m.bytes(1, n.encode())
	}
	m.string(2, g.name)
	for _, t := range g.initializers {
		m.bytes(5, t.encode())
	}
	for _, v := range g.inputs {
		m.bytes(11, v.encode())
	}
	for _, v := range g.outputs {
		m.bytes(12, v.encode())
	}
	return m
}

func (n *node) encode() (m message) {
	for _, s := range n.inputs {
		m.bytes(1, []byte(s)) // "" is an input left out
	}
	for _, s := range n.outputs {
		m.string(2, s)
	}
	m.string(3, n.name)
	m.string(4, n.op)
	for _, a := range n.attributes {
		m.bytes(5, a.encode())
	}
	m.string(7, n.domain)
	return m
}

func (a *attribute) encode() (m message) {
	m.string(1, a.name)
	switch a.kind {
	case kindFloat:
		m.float(2, a.f)
	case kindInt:
		m.int(3, a.i)
	case kindString:
		m.bytes(4, []byte(a.s))
	case kindTensor:
		m.bytes(5, a.t.encode())
	case kindGraph:
		m.bytes(6, a.g.encode())
	case kindFloats:
		for _, f := range a.floats {
			m.float(7, f)
		}
	case kindInts:
		for _, i := range a.ints {
			m.int(8, i)
		}
	}
	m.int(20, a.kind)
	return m
}

func (t *tensor) encode() message {
	m := slices.Grow(message(nil), len(t.raw)+len(t.name)+64)
	for _, d := range t.dims {
		m.int(1, d)
	}
	m.int(2, t.dtype)
	m.string(8, t.name)
	m.bytes(9, t.raw)
	return m
}

func (v valueInfo) encode() (m message) {
	var shape, kind, outer message
	for _, d := range v.dims {
		var e message
		if d.name == "" {
			e.int(1, d.size)
		} else {
			e.string(2, d.name)
		}
		shape.bytes(1, e)
	}
	kind.int(1, v.dtype)
	kind.bytes(2, shape)
	outer.bytes(1, kind)
	m.string(1, v.name)
	m.bytes(2, outer)
	return m
}

// find returns the attribute called name, nil if there is none.
func (n *node) find(name string) *attribute {
	for _, a := range n.attributes {
		if a.name == name {
			return a
		}
	}
	return nil
}
