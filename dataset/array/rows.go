package array

import (
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/gradlogp/gradlogp/dataset/internal/onfile"
)

// Rows is an array that stays where it is, on disk say, and of which a row is read when
// it is wanted: a score.RowSet without conditions. It takes no memory, whatever its
// length, and serves several goroutines. Of a file that is compressed, the numbers are
// kept in memory as they are in the file, a byte for a pixel.
type Rows struct {
	header        *header
	file          io.Closer // nil for one of NewRows
	r             io.ReaderAt
	begin         int64
	rows, columns int
	rooms         sync.Pool // of *[]byte
}

// Open opens the .npy or IDX file at path. Errors name the file. Close it after use.
func Open(path string) (*Rows, error) {
	f, err := onfile.Open(path, ErrChanged)
	if err != nil {
		return nil, fmt.Errorf("array: Open: %w", err)
	}
	a, err := newRows(f, f.Size())
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("array: Open: %s: %w", path, err)
	}
	a.file = f
	return a, nil
}

// NewRows returns the array in a file of size bytes. It returns the errors of Read that
// the header and the size show, and ErrFormat for an array in the order of Fortran, whose
// rows are not in one place.
func NewRows(r io.ReaderAt, size int64) (*Rows, error) {
	a, err := newRows(r, size)
	if err != nil {
		return nil, fmt.Errorf("array: NewRows: %w", err)
	}
	return a, nil
}

func newRows(r io.ReaderAt, size int64) (*Rows, error) {
	h, rest, zipped, err := open(io.NewSectionReader(r, 0, size))
	if err != nil {
		return nil, err
	}
	a := &Rows{header: h, r: r, begin: h.begin}
	if a.rows, a.columns, err = h.dims(); err != nil {
		return nil, err
	}
	if h.fortran && len(h.shape) > 1 {
		return nil, fmt.Errorf("is in the order of Fortran, want that of rows; Read reads either: %w", ErrFormat)
	}
	n := int64(a.rows) * int64(a.columns) * int64(h.size)
	if zipped {
		b, err := readBlocks(rest, int(n))
		a.r, a.begin = blocks(b), 0
		return a, err
	}
	switch there := size - h.begin; {
	case there < n:
		return nil, fmt.Errorf("ends after %d of the %d bytes of its elements: %w", there, n, ErrLength)
	case there > n:
		return nil, fmt.Errorf("goes on after the %d bytes of its elements: %w", n, ErrLength)
	}
	return a, nil
}

// Close closes the file of Open.
func (a *Rows) Close() error {
	if a.file == nil {
		return nil
	}
	return a.file.Close()
}

// Shape returns the lengths of the axes, rows first.
func (a *Rows) Shape() []int { return slices.Clone(a.header.shape) }

// Len returns the number of rows.
func (a *Rows) Len() int { return a.rows }

// Dims returns the number of columns, and 0.
func (a *Rows) Dims() (d, cond int) { return a.columns, 0 }

// Row writes row i into x. cond is empty. It returns ErrRange for a row that there is not
// and for a whole number that float64 would round, ErrLength when the file has become
// shorter, ErrChanged when it has been written to since Open, and what the reader
// returns.
func (a *Rows) Row(i int, x, _ []float64) error {
	if i < 0 || i >= a.rows {
		return fmt.Errorf("array: Row: %d, want one of 0, …, %d: %w", i, a.rows-1, ErrRange)
	}
	if len(x) != a.columns {
		return fmt.Errorf("array: Row: room for %d numbers, want %d: %w", len(x), a.columns, ErrShape)
	}
	if err := a.read(i, x); err != nil {
		return fmt.Errorf("array: Row: row %d%w", i, err)
	}
	return nil
}

func (a *Rows) read(i int, x []float64) error {
	room, _ := a.rooms.Get().(*[]byte)
	if room == nil {
		room = new([]byte)
		*room = make([]byte, a.columns*a.header.size)
	}
	defer a.rooms.Put(room)
	b := *room
	n, err := a.r.ReadAt(b, a.begin+int64(i)*int64(len(b)))
	if n < len(b) {
		if err == io.EOF {
			return fmt.Errorf(": the file ends after %d of its %d bytes: %w", n, len(b), ErrLength)
		}
		return fmt.Errorf(": %w", err)
	}
	for j := range x {
		if x[j], err = a.header.value(b[j*a.header.size:]); err != nil {
			return fmt.Errorf(", column %d %w", j, err)
		}
	}
	return nil
}

// blocks are bytes in memory, blockSize in each block but the last.
type blocks [][]byte

// ReadAt implements io.ReaderAt.
func (b blocks) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		i := int(off / blockSize)
		if i >= len(b) {
			return n, io.EOF
		}
		k := copy(p[n:], b[i][min(off%blockSize, int64(len(b[i]))):])
		if k == 0 {
			return n, io.EOF
		}
		n, off = n+k, off+int64(k)
	}
	return n, nil
}
