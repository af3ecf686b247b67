package onnx

import (
	encode "encoding/binary"
	"fmt"
	"math"
)

// Messages are written in protocol buffers' wire format: fields of a number and a type,
// one after the other.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// message is a message as it is written.
type message []byte

func (m *message) tag(field, wire int) { *m = encode.AppendUvarint(*m, uint64(field<<3|wire)) }

func (m *message) int(field int, v int64) {
	m.tag(field, wireVarint)
	*m = encode.AppendUvarint(*m, uint64(v))
}

func (m *message) float(field int, v float32) {
	m.tag(field, wireFixed32)
	*m = encode.LittleEndian.AppendUint32(*m, math.Float32bits(v))
}

func (m *message) bytes(field int, v []byte) {
	m.tag(field, wireBytes)
	*m = encode.AppendUvarint(*m, uint64(len(v)))
	*m = append(*m, v...)
}

func (m *message) string(field int, v string) {
	if v == "" {
		return // the default
	}
	m.tag(field, wireBytes)
	*m = encode.AppendUvarint(*m, uint64(len(v)))
	*m = append(*m, v...)
}

// field is one field of a message that is read.
type field struct {
	number int
	wire   int
	value  uint64 // of numbers
	body   []byte // of wireBytes
}

// fields calls each for the fields of a message, up to the first error.
func fields(m []byte, each func(f field) error) error {
	for len(m) > 0 {
		f, n, err := nextField(m)
		if err != nil {
			return err
		}
		if err := each(f); err != nil {
			return err
		}
		m = m[n:]
	}
	return nil
}

// nextField returns the first field of m and its length.
func nextField(m []byte) (f field, n int, err error) {
	tag, n := encode.Uvarint(m)
	if n <= 0 || tag>>3 == 0 || tag>>3 > 1<<29-1 {
		return f, 0, fmt.Errorf("%w: a field with a bad number", ErrCorrupt)
	}
	f.number, f.wire = int(tag>>3), int(tag&7)
	rest := m[n:]
	size := 0
	switch f.wire {
	case wireVarint:
		if f.value, size = encode.Uvarint(rest); size <= 0 {
			return f, 0, fmt.Errorf("%w: field %d is no whole number", ErrCorrupt, f.number)
		}
	case wireFixed32:
		if size = 4; len(rest) >= size {
			f.value = uint64(encode.LittleEndian.Uint32(rest))
		}
	case wireFixed64:
		if size = 8; len(rest) >= size {
			f.value = encode.LittleEndian.Uint64(rest)
		}
	case wireBytes:
		length, k := encode.Uvarint(rest)
		if k <= 0 || length > uint64(len(rest)-k) {
			return f, 0, fmt.Errorf("%w: field %d is longer than what is left", ErrCorrupt, f.number)
		}
		size = k + int(length)
		f.body = rest[k:size]
	default:
		return f, 0, fmt.Errorf("%w: field %d has the wire type %d", ErrCorrupt, f.number, f.wire)
	}
	if size > len(rest) {
		return f, 0, fmt.Errorf("%w: field %d ends early", ErrCorrupt, f.number)
	}
	return f, n + size, nil
}

// ints appends the whole numbers of a repeated field, packed or one by one.
func (f field) ints(to []int64) ([]int64, error) {
	switch f.wire {
	case wireVarint:
		return append(to, int64(f.value)), nil
	case wireBytes:
		for m := f.body; len(m) > 0; {
			v, n := encode.Uvarint(m)
			if n <= 0 {
				return nil, fmt.Errorf("%w: field %d holds no whole numbers", ErrCorrupt, f.number)
			}
			to, m = append(to, int64(v)), m[n:]
		}
		return to, nil
	}
	return nil, f.wrong()
}

// floats appends the numbers of a repeated field of float32, packed or one by one.
func (f field) floats(to []float32) ([]float32, error) {
	switch {
	case f.wire == wireFixed32:
		return append(to, math.Float32frombits(uint32(f.value))), nil
	case f.wire == wireBytes && len(f.body)%4 == 0:
		for m := f.body; len(m) > 0; m = m[4:] {
			to = append(to, math.Float32frombits(encode.LittleEndian.Uint32(m)))
		}
		return to, nil
	}
	return nil, f.wrong()
}

// int and text return the value of a field that is one of them.
func (f field) int(to *int64) error {
	if f.wire != wireVarint {
		return f.wrong()
	}
	*to = int64(f.value)
	return nil
}

func (f field) text(to *string) error {
	if f.wire != wireBytes {
		return f.wrong()
	}
	*to = string(f.body)
	return nil
}

func (f field) wrong() error {
	return fmt.Errorf("%w: field %d has the wire type %d", ErrCorrupt, f.number, f.wire)
}
