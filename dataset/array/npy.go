package array

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/mat"
)

const npyMagic = "\x93NUMPY"

// mostHeader bounds the header of a .npy file. NumPy's own limit is 10,000 bytes.
const mostHeader = 1 << 16

// readNPYHeader reads the magic, the version, the length of the description and the
// description, which is a literal of a Python dict.
func readNPYHeader(r io.Reader) (*header, error) {
	var begin [8]byte
	if err := readHeader(r, begin[:]); err != nil {
		return nil, err
	}
	if string(begin[:6]) != npyMagic {
		return nil, fmt.Errorf("begins with %q, want %q: %w", begin[:6], npyMagic, ErrFormat)
	}
	var length uint32
	at := int64(len(begin))
	switch begin[6] {
	case 1:
		var n [2]byte
		if err := readHeader(r, n[:]); err != nil {
			return nil, err
		}
		length = uint32(binary.LittleEndian.Uint16(n[:]))
		at += int64(len(n))
	case 2, 3:
		var n [4]byte
		if err := readHeader(r, n[:]); err != nil {
			return nil, err
		}
		length = binary.LittleEndian.Uint32(n[:])
		at += int64(len(n))
	default:
		return nil, fmt.Errorf("version is %d.%d, want 1.0, 2.0 or 3.0: %w", begin[6], begin[7], ErrFormat)
	}
	if length > mostHeader {
		return nil, fmt.Errorf("header has %d bytes, want at most %d: %w", length, mostHeader, ErrFormat)
	}
	text := make([]byte, length)
	if err := readHeader(r, text); err != nil {
		return nil, err
	}
	d := description{rest: string(text)}
	h, err := d.header()
	if err != nil {
		return nil, err
	}
	h.begin = at + int64(length)
	return h, nil
}

// description reads the literal {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }
// from the front.
type description struct{ rest string }

func (d *description) header() (*header, error) {
	var descr string
	var shape []int
	var fortran bool
	seen := map[string]bool{}
	if !d.take("{") {
		return nil, d.fault("{")
	}
	for !d.take("}") {
		key, ok := d.quoted()
		if !ok || seen[key] || !d.take(":") {
			return nil, d.fault("each of 'descr', 'fortran_order' and 'shape' once")
		}
		seen[key] = true
		switch key {
		case "descr":
			if descr, ok = d.quoted(); !ok && (d.take("[") || d.take("(")) {
				return nil, fmt.Errorf("elements are records, want numbers: %w", ErrType)
			}
		case "fortran_order":
			fortran = d.take("True")
			ok = fortran || d.take("False")
		case "shape":
			shape, ok = d.tuple()
		default:
			ok = false
		}
		if !ok {
			return nil, d.fault("the value of " + cut(key))
		}
		if !d.take(",") && !strings.HasPrefix(d.rest, "}") {
			return nil, d.fault("a comma or }")
		}
	}
	if len(seen) != 3 {
		return nil, d.fault("'descr', 'fortran_order' and 'shape'")
	}
	if strings.TrimSpace(d.rest) != "" {
		return nil, d.fault("nothing after }")
	}
	h, err := parseType(descr)
	if err != nil {
		return nil, err
	}
	h.shape, h.fortran = shape, fortran
	return h, nil
}

func (d *description) fault(want string) error {
	return fmt.Errorf("header goes on with %q, want %s: %w", cut(d.rest), want, ErrFormat)
}

// cut returns a text of the file that is not too long for an error.
func cut(text string) string {
	const most = 60
	return text[:min(len(text), most)]
}

// take takes a token off, with the spaces around it, when it comes next.
func (d *description) take(token string) bool {
	rest, ok := strings.CutPrefix(strings.TrimLeft(d.rest, " \t\n"), token)
	if ok {
		d.rest = strings.TrimLeft(rest, " \t\n")
	}
	return ok
}

func (d *description) quoted() (string, bool) {
	for _, q := range []string{"'", `"`} {
		if d.take(q) {
			text, rest, ok := strings.Cut(d.rest, q)
			d.rest = rest
			return text, ok
		}
	}
	return "", false
}

// tuple reads whole numbers in parentheses, where (5) is a number and no tuple.
func (d *description) tuple() (shape []int, ok bool) {
	if !d.take("(") {
		return nil, false
	}
	shape = []int{}
	comma := true
	for !d.take(")") {
		n := len(d.rest) - len(strings.TrimLeft(d.rest, "0123456789"))
		axis, err := strconv.Atoi(d.rest[:n])
		if err != nil || !comma {
			return nil, false
		}
		d.take(d.rest[:n])
		d.take("L") // of Python 2
		shape, comma = append(shape, axis), d.take(",")
	}
	return shape, len(shape) != 1 || comma
}

// parseType reads a type such as <f8: the order of bytes, where | stands for none and =
// for that of the machine, which is taken to be little-endian, and the kind and size.
func parseType(descr string) (*header, error) {
	if len(descr) < 1 {
		return nil, fmt.Errorf("type of elements is empty, want one such as <f8: %w", ErrType)
	}
	switch descr[0] {
	case '>':
		return newHeader(descr[1:], binary.BigEndian)
	case '<', '=', '|':
		return newHeader(descr[1:], binary.LittleEndian)
	}
	return newHeader(descr, binary.LittleEndian)
}

// newHeader returns how elements of a type, such as f8, are read.
func newHeader(name string, order binary.ByteOrder) (*header, error) {
	h := &header{}
	switch name {
	case "b1":
		h.element = func(b []byte) float64 { return float64(min(b[0], 1)) }
	case "i1":
		h.element = func(b []byte) float64 { return float64(int8(b[0])) }
	case "u1":
		h.element = func(b []byte) float64 { return float64(b[0]) }
	case "i2":
		h.element = func(b []byte) float64 { return float64(int16(order.Uint16(b))) }
	case "u2":
		h.element = func(b []byte) float64 { return float64(order.Uint16(b)) }
	case "i4":
		h.element = func(b []byte) float64 { return float64(int32(order.Uint32(b))) }
	case "u4":
		h.element = func(b []byte) float64 { return float64(order.Uint32(b)) }
	case "i8":
		h.element = func(b []byte) float64 { return float64(int64(order.Uint64(b))) }
		h.whole = true
	case "u8":
		h.element = func(b []byte) float64 { return float64(order.Uint64(b)) }
		h.whole = true
	case "f4":
		h.element = func(b []byte) float64 { return float64(math.Float32frombits(order.Uint32(b))) }
	case "f8":
		h.element = func(b []byte) float64 { return math.Float64frombits(order.Uint64(b)) }
	default:
		return nil, fmt.Errorf("type of elements is %q, want b1, i1 to i8, u1 to u8, f4 or f8: %w", cut(name), ErrType)
	}
	h.size = int(name[1] - '0')
	return h, nil
}

// Write writes a matrix as a .npy file of version 1.0, with elements of type <f8 in
// the order of rows. It returns ErrShape when there are none, and what w returns.
func Write(w io.Writer, x mat.Matrix) error {
	rows, columns := x.Dims()
	if rows == 0 || columns == 0 {
		return fmt.Errorf("array: Write: matrix is %d×%d, want at least one row and column: %w", rows, columns, ErrShape)
	}
	text := fmt.Sprintf("{'descr': '<f8', 'fortran_order': False, 'shape': (%d, %d), }", rows, columns)
	const align = 64
	length := len(npyMagic) + 4 + len(text) + 1 // with the line feed
	text += strings.Repeat(" ", (align-length%align)%align) + "\n"
	b := bufio.NewWriterSize(w, 1<<16)
	b.WriteString(npyMagic)
	b.Write([]byte{1, 0, byte(len(text)), byte(len(text) >> 8)})
	b.WriteString(text)
	var element [8]byte
	for i := range rows {
		for j := range columns {
			binary.LittleEndian.PutUint64(element[:], math.Float64bits(x.At(i, j)))
			b.Write(element[:])
		}
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("array: Write: %w", err)
	}
	return nil
}
