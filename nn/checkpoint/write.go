package checkpoint

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"slices"
	"unicode/utf8"
)

// Write writes f to w. The same content gives the same bytes: tensors stand in
// the order given and metadata in the order of its keys; the header is padded
// with spaces so that the data begin at a multiple of 8.
//
// Before the first byte is written, errors wrap ErrType, ErrShape, ErrName
// (not UTF-8, used twice, or reserved) or ErrLimit; after that they are w's.
func Write(w io.Writer, f *File) error {
	head, crcAt, err := f.header()
	if err != nil {
		return err
	}
	sum := crc32.New(castagnoli)
	sum.Write(head)
	if err := f.data(sum); err != nil {
		return err
	}
	copy(head[crcAt:], fmt.Sprintf("%08x", sum.Sum32()))
	if _, err := w.Write(head); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return f.data(w)
}

// header returns the length, the JSON and the padding, with zeros for the
// checksum, and where its digits stand.
func (f *File) header() (head []byte, crcAt int, err error) {
	if len(f.Tensors) > MaxTensors || len(f.Metadata)+2 > MaxTensors {
		return nil, 0, fmt.Errorf("%w: %d tensors and %d metadata keys, want at most %d", ErrLimit, len(f.Tensors), len(f.Metadata), MaxTensors)
	}
	meta := map[string]string{versionKey: fmt.Sprint(Version), crcKey: blankCRC}
	for _, k := range slices.Sorted(maps.Keys(f.Metadata)) {
		if !utf8.ValidString(k) || !utf8.ValidString(f.Metadata[k]) {
			return nil, 0, fmt.Errorf("%w: metadata %s is not UTF-8", ErrName, quote(k))
		}
		if k == versionKey || k == crcKey {
			return nil, 0, fmt.Errorf("%w: metadata key %s is reserved", ErrName, quote(k))
		}
		meta[k] = f.Metadata[k]
	}
	head = append(make([]byte, 8), `{"`+metadataKey+`":`...)
	for i, k := range slices.Sorted(maps.Keys(meta)) {
		head = append(head, "{,"[min(i, 1)])
		head = append(appendString(head, k), ':')
		if k == crcKey {
			crcAt = len(head) + 1
		}
		head = appendString(head, meta[k])
	}
	head = append(head, '}')
	if head, err = f.entries(head); err != nil {
		return nil, 0, err
	}
	head = append(head, '}')
	for len(head)%8 != 0 {
		head = append(head, ' ')
	}
	n := len(head) - 8
	if n > MaxHeader {
		return nil, 0, fmt.Errorf("%w: header of %d bytes, want at most %d", ErrLimit, n, MaxHeader)
	}
	binary.LittleEndian.PutUint64(head, uint64(n))
	return head, crcAt, nil
}

// entries appends the JSON of the tensors.
func (f *File) entries(head []byte) ([]byte, error) {
	seen := map[string]bool{metadataKey: true}
	at := int64(0)
	for _, t := range f.Tensors {
		if seen[t.Name] || !utf8.ValidString(t.Name) {
			return nil, fmt.Errorf("%w: tensor %s is not UTF-8, reserved or used twice", ErrName, quote(t.Name))
		}
		if seen[t.Name] = true; len(t.Name) > MaxName {
			return nil, fmt.Errorf("%w: tensor name of %d bytes, want at most %d", ErrLimit, len(t.Name), MaxName)
		}
		n, ok := t.len()
		if !ok {
			return nil, fmt.Errorf("%w: tensor %s has Data of type %T, want []float32, []float64, []int64 or []uint64", ErrType, quote(t.Name), t.Data)
		}
		dtype := t.DType()
		size := dtypeSize(dtype)
		if want, err := elements(t.Shape, size); err != nil {
			return nil, fmt.Errorf("tensor %s: %w", quote(t.Name), err)
		} else if n != want {
			return nil, fmt.Errorf("%w: tensor %s of shape %s has %d elements", ErrShape, quote(t.Name), showShape(t.Shape), n)
		}
		end := at + int64(n)*int64(size)
		head = fmt.Appendf(appendString(append(head, ','), t.Name), `:{"dtype":%q,"shape":[`, dtype)
		for i, d := range t.Shape {
			if i > 0 {
				head = append(head, ',')
			}
			head = fmt.Append(head, d)
		}
		head = fmt.Appendf(head, `],"data_offsets":[%d,%d]}`, at, end)
		at = end
	}
	return head, nil
}

// len returns the number of elements, if they can be written.
func (t *Tensor) len() (n int, ok bool) {
	switch d := t.Data.(type) {
	case []float32:
		return len(d), true
	case []float64:
		return len(d), true
	case []int64:
		return len(d), true
	case []uint64:
		return len(d), true
	}
	return 0, false
}

// data writes the elements of all tensors.
func (f *File) data(w io.Writer) (err error) {
	var buf []byte
	for _, t := range f.Tensors {
		switch d := t.Data.(type) {
		case []float32:
			buf, err = writeData(w, buf, d)
		case []float64:
			buf, err = writeData(w, buf, d)
		case []int64:
			buf, err = writeData(w, buf, d)
		case []uint64:
			buf, err = writeData(w, buf, d)
		}
		if err != nil {
			return fmt.Errorf("checkpoint: tensor %s: %w", quote(t.Name), err)
		}
	}
	return nil
}

// writeData encodes into buf, which it returns to be used again.
func writeData[T element](w io.Writer, buf []byte, data []T) ([]byte, error) {
	for part := range slices.Chunk(data, chunk) {
		var err error
		if buf, err = binary.Append(buf[:0], binary.LittleEndian, part); err != nil {
			return buf, err
		}
		if _, err = w.Write(buf); err != nil {
			return buf, err
		}
	}
	return buf, nil
}

func appendString(dst []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always has a JSON form
	}
	return append(dst, quoted...)
}
