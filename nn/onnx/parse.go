package onnx

import (
	"fmt"
	"io"
	"unicode/utf8"
)

// Limits of what Import accepts, within MostBytes.
const (
	MaxMessages = 1 << 20 // nodes, their attributes, inputs and outputs, initializers, …
	MaxDepth    = 4       // graphs inside each other
	MaxRank     = 8       // axes of a tensor
)

// parser reads messages, of which so many may still come.
type parser struct{ left int }

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
	m, p := &model{}, &parser{left: MaxMessages}
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
			g, err := p.graph(f, 1)
			m.graph = g
			return err
		case 8:
			var o opset
			m.opsets = append(m.opsets, o)
			return p.message(f, func(f field) error {
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
			return p.message(f, func(f field) error {
				switch e := &m.metadata[len(m.metadata)-1]; f.number {
				case 1:
					return f.text(&e.key)
				case 2:
					return f.text(&e.value)
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

// message reads a message that is a field.
func (p *parser) message(f field, each func(f field) error) error {
	if f.wire != wireBytes {
		return f.wrong()
	}
	if err := p.count(); err != nil {
		return err
	}
	return fields(f.body, each)
}

// count counts one more part of a model.
func (p *parser) count() error {
	if p.left--; p.left < 0 {
		return fmt.Errorf("%w: more than %d parts", ErrLimit, MaxMessages)
	}
	return nil
}

func (p *parser) graph(f field, depth int) (*graph, error) {
	if depth > MaxDepth {
		return nil, fmt.Errorf("%w: more than %d graphs inside each other", ErrLimit, MaxDepth)
	}
	g := &graph{}
	return g, p.message(f, func(f field) (err error) {
		switch f.number {
		case 1:
			var n *node
			if n, err = p.node(f, depth); err == nil {
				g.nodes = append(g.nodes, n)
			}
		case 2:
			return f.text(&g.name)
		case 5:
			var t *tensor
			if t, err = p.tensor(f); err == nil {
				g.initializers = append(g.initializers, t)
			}
		case 11:
			g.inputs, err = p.value(g.inputs, f)
		case 12:
			g.outputs, err = p.value(g.outputs, f)
		case 15:
			g.others = append(g.others, "sparse initializers")
		}
		return err
	})
}

func (p *parser) node(f field, depth int) (*node, error) {
	n := &node{}
	return n, p.message(f, func(f field) error {
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
			return p.count()
		case 3:
			return f.text(&n.name)
		case 4:
			return f.text(&n.op)
		case 5:
			a := &attribute{}
			n.attributes = append(n.attributes, a)
			return p.message(f, func(f field) error { return p.attribute(a, f, depth) })
		case 7:
			return f.text(&n.domain)
		}
		return nil
	})
}

// attribute reads a field of one.
func (p *parser) attribute(a *attribute, f field, depth int) (err error) {
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
		a.t, err = p.tensor(f)
	case 6:
		a.g, err = p.graph(f, depth+1)
	case 7:
		a.floats, err = f.floats(a.floats)
	case 8:
		a.ints, err = f.ints(a.ints)
	case 20:
		return f.int(&a.kind)
	}
	return err
}

func (p *parser) tensor(f field) (*tensor, error) {
	t := &tensor{}
	return t, p.message(f, func(f field) (err error) {
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

// value reads a ValueInfoProto.
func (p *parser) value(to []valueInfo, f field) ([]valueInfo, error) {
	v := valueInfo{}
	err := p.message(f, func(f field) error {
		switch f.number {
		case 1:
			return f.text(&v.name)
		case 2:
			return p.message(f, func(f field) error {
				if f.number != 1 {
					return nil // a sequence or a map
				}
				return p.message(f, func(f field) error { return p.tensorType(&v, f) })
			})
		}
		return nil
	})
	return append(to, v), err
}

func (p *parser) tensorType(v *valueInfo, f field) error {
	switch f.number {
	case 1:
		return f.int(&v.dtype)
	case 2:
		v.dims = []dim{}
		return p.message(f, func(f field) error {
			if f.number != 1 {
				return nil
			}
			if len(v.dims) == MaxRank {
				return fmt.Errorf("%w: a value of more than %d axes", ErrLimit, MaxRank)
			}
			var d dim
			err := p.message(f, func(f field) error {
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
