package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
)

// Read reads one file from r, to its end. It needs no seeking, and holds
// little more memory than r has delivered, whatever the header claims: an
// io.LimitReader bounds both.
//
// Errors wrap ErrCorrupt when the bytes are damaged, cut short, followed by
// others or not safetensors at all, ErrVersion when the file is newer than
// this program, ErrLimit when a limit of this package is exceeded, and ErrShape
// for shapes this program cannot hold. Elements of a type it cannot hold are
// passed over: their tensor is Unread.
func Read(r io.Reader) (*File, error) {
	var prefix [8]byte
	if err := fill(r, prefix[:], "header length"); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint64(prefix[:])
	if n > MaxHeader {
		return nil, fmt.Errorf("%w: header of %d bytes, want at most %d (%w unless this is another kind of file)", ErrCorrupt, n, MaxHeader, ErrLimit)
	}
	raw, err := readAll(r, int(n))
	if err != nil {
		return nil, err
	}
	h, err := parseHeader(raw)
	if err != nil {
		return nil, err
	}
	sum := crc32.New(castagnoli)
	if h.version > 0 {
		copy(raw[h.crcAt:], blankCRC)
		sum.Write(prefix[:])
		sum.Write(raw)
	}
	f := &File{Metadata: h.metadata, Version: h.version}
	body := io.TeeReader(r, sum)
	for _, e := range h.entries {
		data, err := e.read(body)
		if err != nil {
			return nil, fmt.Errorf("tensor %s: %w", quote(e.name), err)
		}
		f.Tensors = append(f.Tensors, Tensor{e.name, e.shape, data})
	}
	switch _, err := io.ReadFull(r, prefix[:1]); {
	case err == nil:
		return nil, fmt.Errorf("%w: bytes after the last tensor", ErrCorrupt)
	case !errors.Is(err, io.EOF):
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	if h.version > 0 && sum.Sum32() != h.crc {
		return nil, fmt.Errorf("%w: %s is %08x, the file says %08x", ErrCorrupt, crcKey, sum.Sum32(), h.crc)
	}
	return f, nil
}

// dtypeSize returns the bytes of an element, 0 for a type that is not known or
// has no whole number of them.
func dtypeSize(dtype string) int {
	switch dtype {
	case "BOOL", "I8", "U8", "F8_E4M3", "F8_E5M2", "F8_E8M0":
		return 1
	case "F16", "BF16", "I16", "U16":
		return 2
	case "F32", "I32", "U32":
		return 4
	case "F64", "I64", "U64", "C64":
		return 8
	}
	return 0
}

func (e *entry) read(r io.Reader) (any, error) {
	switch e.dtype {
	case "F16":
		return readHalves(r, e.n, float16)
	case "BF16":
		return readHalves(r, e.n, bfloat16)
	case "F32":
		return readData[float32](r, e.n)
	case "F64":
		return readData[float64](r, e.n)
	case "I64":
		return readData[int64](r, e.n)
	case "U64":
		return readData[uint64](r, e.n)
	default:
		return Unread(e.dtype), skip(r, e.end-e.begin)
	}
}

// skip reads n bytes, which the checksum needs, and forgets them.
func skip(r io.Reader, n uint64) error {
	buf := make([]byte, min(n, chunk))
	for n > 0 {
		b := buf[:min(n, chunk)]
		if err := fill(r, b, "data"); err != nil {
			return err
		}
		n -= uint64(len(b))
	}
	return nil
}

func readData[T element](r io.Reader, n int) ([]T, error) {
	return readChunks(r, n, binary.Size(T(0)), func(dst []T, b []byte) {
		if _, err := binary.Decode(b, binary.LittleEndian, dst); err != nil {
			panic(err) // the lengths agree
		}
	})
}

// readChunks reads n elements of size bytes, and grows its result as they
// arrive.
func readChunks[T element](r io.Reader, n, size int, decode func(dst []T, b []byte)) ([]T, error) {
	data := make([]T, 0, min(n, chunk))
	buf := make([]byte, min(n, chunk)*size)
	for len(data) < n {
		k := min(n-len(data), chunk)
		b := buf[:k*size]
		if err := fill(r, b, "data"); err != nil {
			return nil, err
		}
		at := len(data)
		data = slices.Grow(data, k)[:at+k]
		decode(data[at:], b)
	}
	return data, nil
}

// readAll reads the header of n bytes, growing as they arrive.
func readAll(r io.Reader, n int) ([]byte, error) {
	raw := make([]byte, 0, min(n, chunk))
	for len(raw) < n {
		at, k := len(raw), min(n-len(raw), chunk)
		raw = slices.Grow(raw, k)[:at+k]
		if err := fill(r, raw[at:], "header"); err != nil {
			return nil, err
		}
	}
	return raw, nil
}

// fill reads all of b. The end of the input is damage; any other error is the
// reader's own and not the file's.
func fill(r io.Reader, b []byte, what string) error {
	_, err := io.ReadFull(r, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: ends within the %s", ErrCorrupt, what)
	}
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}
