package array

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math"
	"os"

	"gonum.org/v1/gonum/mat"
)

// ReadFile reads the array in a file as Read does. Errors name the file.
func ReadFile(path string) (x *mat.Dense, shape []int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("array: Read: %w", err)
	}
	defer f.Close()
	x, shape, err = read(f)
	if err != nil {
		return nil, nil, fmt.Errorf("array: Read: %s: %w", path, err)
	}
	return x, shape, nil
}

// Read reads the one array in a .npy or IDX file, compressed with gzip or not: which
// of them it is, its first bytes tell. Elements may be whole numbers of 1 to 8 bytes,
// floating-point numbers of 4 or 8, and booleans, which are 0 and 1.
//
// It returns ErrFormat, ErrType, ErrShape, ErrLength, ErrRange for a whole number
// beyond 2⁵³, which float64 would round, and what r returns.
func Read(r io.Reader) (x *mat.Dense, shape []int, err error) {
	x, shape, err = read(r)
	if err != nil {
		return nil, nil, fmt.Errorf("array: Read: %w", err)
	}
	return x, shape, nil
}

func read(r io.Reader) (*mat.Dense, []int, error) {
	h, b, _, err := open(r)
	if err != nil {
		return nil, nil, err
	}
	x, err := h.read(b)
	if err != nil {
		return nil, nil, err
	}
	return x, h.shape, nil
}

// open reads the header, and returns it with what comes after.
func open(r io.Reader) (h *header, rest *bufio.Reader, zipped bool, err error) {
	b := bufio.NewReaderSize(r, 1<<16)
	if begin, _ := b.Peek(2); bytes.Equal(begin, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, nil, false, err
		}
		b, zipped = bufio.NewReaderSize(z, 1<<16), true
	}
	begin, err := b.Peek(4)
	if err != nil && err != io.EOF {
		return nil, nil, false, err
	}
	switch {
	case bytes.Equal(begin, []byte(npyMagic)[:4]):
		h, err = readNPYHeader(b)
	case len(begin) == 4 && begin[0] == 0 && begin[1] == 0:
		h, err = readIDXHeader(b)
	case bytes.Equal(begin, []byte("PK\x03\x04")):
		err = fmt.Errorf("is a zip archive, want one array; ReadArchive reads those of a .npz file: %w", ErrFormat)
	default:
		err = fmt.Errorf("begins with %q, want a .npy or an IDX file: %w", begin, ErrFormat)
	}
	return h, b, zipped, err
}

// header is what a file says of its elements.
type header struct {
	begin   int64 // bytes of the header itself
	shape   []int
	fortran bool // the first axis is the fastest
	size    int  // bytes of an element
	element func([]byte) float64
	whole   bool // elements are whole numbers, which may be beyond 2⁵³
}

// dims returns the shape of the matrix, ErrShape when it has no elements or so many
// that their bytes cannot be counted.
func (h *header) dims() (rows, columns int, err error) {
	rows, columns = 1, 1
	for i, n := range h.shape {
		if n <= 0 {
			return 0, 0, fmt.Errorf("shape is %s, want at least one element on each axis: %w", cut(fmt.Sprint(h.shape)), ErrShape)
		}
		if n > math.MaxInt/8/rows/columns {
			return 0, 0, fmt.Errorf("shape is %s, want fewer elements: %w", cut(fmt.Sprint(h.shape)), ErrShape)
		}
		if i == 0 {
			rows = n
		} else {
			columns *= n
		}
	}
	return rows, columns, nil
}

// read reads the elements, which have to be all that is left.
func (h *header) read(r io.Reader) (*mat.Dense, error) {
	rows, columns, err := h.dims()
	if err != nil {
		return nil, err
	}
	blocks, err := readBlocks(r, rows*columns*h.size)
	if err != nil {
		return nil, err
	}
	x := make([]float64, rows*columns)
	at := h.places()
	for i, block := range blocks {
		for ; len(block) > 0; block = block[h.size:] {
			k := at()
			if x[k], err = h.value(block); err != nil {
				return nil, fmt.Errorf("row %d, column %d %w", k/columns, k%columns, err)
			}
		}
		blocks[i] = nil // so that there is no second copy of all elements
	}
	return mat.NewDense(rows, columns, x), nil
}

// value returns the first element of b.
func (h *header) value(b []byte) (float64, error) {
	v := h.element(b)
	if h.whole && math.Abs(v) >= 1<<53 {
		return 0, fmt.Errorf("is %.0f or near it, want a whole number of magnitude below 2⁵³, which float64 does not round: %w", v, ErrRange)
	}
	return v, nil
}

// blockSize is a multiple of the size of every element.
const blockSize = 1 << 20

// readBlocks reads n bytes and the end of the file. A block is a whole number of
// elements, and is allocated when those before it were there.
func readBlocks(r io.Reader, n int) (blocks [][]byte, err error) {
	for left := n; left > 0; left -= blockSize {
		block := make([]byte, min(left, blockSize))
		k, err := io.ReadFull(r, block)
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil, fmt.Errorf("ends after %d of the %d bytes of its elements: %w", n-left+k, n, ErrLength)
		}
		if err != nil {
			return nil, err
		}
		blocks = append(blocks, block)
	}
	switch _, err := io.ReadFull(r, make([]byte, 1)); err {
	case io.EOF:
		return blocks, nil
	case nil:
		return nil, fmt.Errorf("goes on after the %d bytes of its elements: %w", n, ErrLength)
	default:
		return nil, err
	}
}

// places returns a function that gives the place of each element of the file in the
// matrix, one after the other.
func (h *header) places() func() int {
	next := 0
	if !h.fortran {
		return func() int { next++; return next - 1 }
	}
	strides := make([]int, len(h.shape))
	stride := 1
	for a := len(h.shape) - 1; a >= 0; a-- {
		strides[a] = stride
		stride *= h.shape[a]
	}
	index := make([]int, len(h.shape))
	return func() int {
		place := next
		for a := range index {
			index[a]++
			next += strides[a]
			if index[a] < h.shape[a] {
				break
			}
			index[a] = 0
			next -= strides[a] * h.shape[a]
		}
		return place
	}
}
