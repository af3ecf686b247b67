package array

import (
	"encoding/binary"
	"fmt"
	"io"
)

// readIDXHeader reads two zero bytes, the type of the elements, the number of axes,
// and the length of each axis. All numbers are big-endian.
func readIDXHeader(r io.Reader) (*header, error) {
	var magic [4]byte
	if err := readHeader(r, magic[:]); err != nil {
		return nil, err
	}
	types := map[byte]string{0x08: "u1", 0x09: "i1", 0x0b: "i2", 0x0c: "i4", 0x0d: "f4", 0x0e: "f8"}
	name, ok := types[magic[2]]
	if !ok {
		return nil, fmt.Errorf("IDX type of elements is %#02x, want one of 0x08, 0x09, 0x0b, 0x0c, 0x0d, 0x0e: %w", magic[2], ErrType)
	}
	if magic[3] == 0 {
		return nil, fmt.Errorf("IDX number of axes is 0, want at least 1: %w", ErrFormat)
	}
	h, err := newHeader(name, binary.BigEndian)
	if err != nil {
		return nil, err
	}
	axes := make([]byte, 4*int(magic[3]))
	h.begin = int64(len(magic) + len(axes))
	if err := readHeader(r, axes); err != nil {
		return nil, err
	}
	for ; len(axes) > 0; axes = axes[4:] {
		n := binary.BigEndian.Uint32(axes)
		if int64(n) > int64(^uint(0)>>1) {
			return nil, fmt.Errorf("IDX axis of %d elements, want fewer: %w", n, ErrShape)
		}
		h.shape = append(h.shape, int(n))
	}
	return h, nil
}

// readHeader fills b, and calls a file that ends before one without a header.
func readHeader(r io.Reader, b []byte) error {
	_, err := io.ReadFull(r, b)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("ends within its header: %w", ErrLength)
	}
	return err
}
