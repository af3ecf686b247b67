package onnx

import (
	"fmt"
	"io"
	"unicode/utf8"
)

// Limits of what Import accepts, within MostBytes.
const (
	MaxNodes = 1 << 16 // nodes, initializers, inputs, attributes of one graph each
	MaxDepth = 4       // graphs inside each other
	MaxRank  = 8       // axes of a tensor
)

// readModel reads a file to its end.
func readModel(r io.Reader) (*model, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MostBytes+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > MostBytes {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrLimit, MostBytes)
	}
	return parseModel(raw)
}

// parseModel reads a ModelProto, whose tensors keep parts of raw.
func parseModel(raw []byte) (*model, error) {
	m := &model{}
	err := fields(raw, func(f field) error {
		switch f.number {
		case 1:
			return f.int(&m.ir)
		case 2:
			return f.text(&m.producer)
		case 6:
			return f.text(&m.doc)
		case 7:
			if m.graph != nil {
				return fmt.Errorf("%w: two graphs", ErrCorrupt)
			}
			g, err := parseGraph(f, 1)
			m.graph = g
			return err
		case 8:
			var o opset
			m.opsets = append(m.opsets, o)
			return parse(f, len(m.opsets), func(f field) error {
				switch o := &m.opsets[len(m.opsets)-1]; f.number {
				case 1:
					return f.text(&o.domain)
				case 2:
					return f.int(&o.version)
				}
				return nil
			})
		case 14:
			m.metadata = append(m.metadata, pair{})
			return parse(f, len(m.metadata), func(f field) error {
				switch p := &m.metadata[len(m.metadata)-1]; f.number {
				case 1:
					return f.text(&p.key)
				case 2:
					return f.text(&p.value)
				}
				return nil
			})
		case 20:
			m.others = append(m.others, "training information")
		case 25:
			m.others = append(m.others, "functions")
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case m.graph == nil:
		return nil, fmt.Errorf("%w: no graph; this is another kind of file", ErrCorrupt)
	}
	return m, nil
}

// parse reads a message that is a field, one of so many.
func parse(f field, count int, each func(f field) error) error {
	if f.wire != wireBytes {
		return f.wrong()
	}
	if count > MaxNodes {
		return fmt.Errorf("%w: more than %d fields %d", ErrLimit, MaxNodes, f.number)
	}
	return fields(f.body, each)
}

func parseGraph(f field, depth int) (*graph, error) {
	if depth > MaxDepth {
		return nil, fmt.Errorf("%w: more than %d graphs inside each other", ErrLimit, MaxDepth)
	}
	g := &graph{}
	return g, parse(f, 0, func(f field) (err error) {
		switch f.number {
		case 1:
			var n *node
			if n, err = parseNode(f, len(g.nodes)+1, depth); err == nil {
				g.nodes = append(g.nodes, n)
			}
		case 2:
			return f.text(&g.name)
		case 5:
			var t *tensor
			if t, err = parseTensor(f, len(g.initializers)+1); err == nil {
				g.initializers = append(g.initializers, t)
			}
		case 11:
			g.inputs, err = appendValue(g.inputs, f)
		case 12:
			g.outputs, err = appendValue(g.outputs, f)
		case 15:
			g.others = append(g.others, "sparse initializers")
		}
		return err
	})
}

func parseNode(f field, count, depth int) (*node, error) {
	n := &node{}
	return n, parse(f, count, func(f field) error {
		switch f.number {
		case 1, 2:
			var name string
			if err := f.text(&name); err != nil {
				return err
			}
			if f.number == 1 {
				n.inputs = append(n.inputs, name)
			} else {
				n.outputs = append(n.outputs, name)
			}
			if len(n.inputs) > MaxNodes || len(n.outputs) > MaxNodes {
				return fmt.Errorf("%w: a node of more than %d inputs or outputs", ErrLimit, MaxNodes)
			}
		case 3:
			return f.text(&n.name)
		case 4:
			return f.text(&n.op)
		case 5:
			a := &attribute{}
			n.attributes = append(n.attributes, a)
			return parse(f, len(n.attributes), func(f field) error { return a.parse(f, depth) })
		case 7:
			return f.text(&n.domain)
		}
		return nil
	})
}

// parse reads a field of an attribute.
func (a *attribute) parse(f field, depth int) (err error) {
	switch f.number {
	case 1:
		return f.text(&a.name)
	case 2:
		var v []float32
		if v, err = f.floats(nil); err == nil && len(v) == 1 {
			a.f = v[0]
		}
	case 3:
		return f.int(&a.i)
	case 4:
		return f.text(&a.s)
	case 5:
		a.t, err = parseTensor(f, 0)
	case 6:
		a.g, err = parseGraph(f, depth+1)
	case 7:
		a.floats, err = f.floats(a.floats)
	case 8:
		a.ints, err = f.ints(a.ints)
	case 20:
		return f.int(&a.kind)
	}
	return err
}

func parseTensor(f field, count int) (*tensor, error) {
	t := &tensor{}
	return t, parse(f, count, func(f field) (err error) {
		switch f.number {
		case 1:
			if t.dims, err = f.ints(t.dims); err == nil && len(t.dims) > MaxRank {
				err = fmt.Errorf("%w: a tensor of more than %d axes", ErrLimit, MaxRank)
			}
		case 2:
			return f.int(&t.dtype)
		case 4:
			t.floats, err = f.floats(t.floats)
		case 5:
			t.words, err = f.ints(t.words)
		case 7:
			t.ints, err = f.ints(t.ints)
		case 8:
			return f.text(&t.name)
		case 9:
			if f.wire != wireBytes {
				return f.wrong()
			}
			t.raw = f.body
		case 13, 14:
			if f.wire == wireBytes || f.value != 0 {
				t.others = append(t.others[:0], "numbers in another file")
			}
		}
		return err
	})
}

// appendValue reads a ValueInfoProto.
func appendValue(to []valueInfo, f field) ([]valueInfo, error) {
	v := valueInfo{}
	err := parse(f, len(to)+1, func(f field) error {
		switch f.number {
		case 1:
			return f.text(&v.name)
		case 2:
			return parse(f, 0, func(f field) error {
				if f.number != 1 {
					return nil // a sequence or a map
				}
				return parse(f, 0, v.parseTensorType)
			})
		}
		return nil
	})
	return append(to, v), err
}

func (v *valueInfo) parseTensorType(f field) error {
	switch f.number {
	case 1:
		return f.int(&v.dtype)
	case 2:
		v.dims = []dim{}
		return parse(f, 0, func(f field) error {
			if f.number != 1 {
				return nil
			}
			if len(v.dims) == MaxRank {
				return fmt.Errorf("%w: a value of more than %d axes", ErrLimit, MaxRank)
			}
			var d dim
			err := parse(f, 0, func(f field) error {
				switch f.number {
				case 1:
					return f.int(&d.size)
				case 2:
					return f.text(&d.name)
				}
				return nil
			})
			v.dims = append(v.dims, d)
			return err
		})
	}
	return nil
}

// quote returns text of a file for a message.
func quote(s string) string {
	const most = 80
	if len(s) > most {
		cut := most
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		return fmt.Sprintf("%q…", s[:cut])
	}
	return fmt.Sprintf("%q", s)
}
