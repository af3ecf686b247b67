package checkpoint

import (
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// Version is the version of the format that Write produces and the newest that
// Read accepts.
const Version = 1

// Limits of what Write produces and Read accepts, within the format's own.
const (
	MaxHeader  = 16 << 20 // bytes of JSON
	MaxTensors = 1 << 16  // tensors; also the number of metadata keys
	MaxName    = 512      // bytes of a tensor's name
)

// Errors that Read, ReadFile, Write and WriteFile wrap. Errors of the reader,
// the writer and the file system are wrapped as they are.
var (
	ErrCorrupt    = errors.New("checkpoint: damaged or malformed file")
	ErrVersion    = errors.New("checkpoint: unknown format version")
	ErrLimit      = errors.New("checkpoint: limit exceeded")
	ErrType       = errors.New("checkpoint: unsupported element type")
	ErrShape      = errors.New("checkpoint: shape does not fit")
	ErrName       = errors.New("checkpoint: bad name")
	ErrNotRegular = errors.New("checkpoint: not a regular file")
)

// Tensor is a named array. Data is a []float32, []float64, []int64 or []uint64
// in row-major order, its length the product of Shape; an empty shape is that
// of a single number. Read gives numbers of half precision as []float32, and an
// Unread for elements of any other type.
type Tensor struct {
	Name  string
	Shape []int
	Data  any
}

// Unread stands for the elements of a type that this package does not hold, such
// as "BOOL", "U8", "F8_E4M3" or one that is yet to come: the dtype that the file
// names. Read passes over them, and Write refuses them.
type Unread string

// DType returns the name of the type of the elements in the format, "" when Data
// has a type that the format or this package does not know.
func (t *Tensor) DType() string {
	switch d := t.Data.(type) {
	case []float32:
		return "F32"
	case []float64:
		return "F64"
	case []int64:
		return "I64"
	case []uint64:
		return "U64"
	case Unread:
		return string(d)
	}
	return ""
}

// File is the content of a file: tensors in the order of their data, and free
// metadata. The keys "format_version" and "crc32c" belong to this package:
// they are not in Metadata.
type File struct {
	Tensors  []Tensor
	Metadata map[string]string
	// Version is set by Read: the format version of a file whose checksum has
	// been verified, 0 for a file of another program that has none. Write
	// ignores it.
	Version int
}

const (
	metadataKey = "__metadata__"
	versionKey  = "format_version"
	crcKey      = "crc32c"
	blankCRC    = "00000000"
)

// Tensor returns the tensor of the given name. The error wraps ErrName when there
// is none, and ErrType when it is Unread.
func (f *File) Tensor(name string) (*Tensor, error) {
	for i := range f.Tensors {
		t := &f.Tensors[i]
		if t.Name != name {
			continue
		}
		if u, unread := t.Data.(Unread); unread {
			return nil, fmt.Errorf("%w: tensor %s has dtype %s, want F16, BF16, F32, F64, I64 or U64", ErrType, quote(name), quote(string(u)))
		}
		return t, nil
	}
	return nil, fmt.Errorf("%w: no tensor %s", ErrName, quote(name))
}

// quote returns s in quotes, shortened to maxQuote bytes: names come from files,
// and an error is one line of a log.
func quote(s string) string {
	q := strconv.Quote(s[:min(len(s), maxQuote)])
	if len(s) <= maxQuote && len(q) <= maxQuote {
		return q
	}
	return strings.ToValidUTF8(q[:min(len(q)-1, maxQuote-len(`…"`))], "") + `…"`
}

const maxQuote = 100

// showShape prints a shape, which may have any number of dimensions, for an error.
func showShape(shape []int) string {
	const most = 8
	if len(shape) > most {
		return strings.TrimSuffix(fmt.Sprint(shape[:most]), "]") + fmt.Sprintf(" …] of %d dimensions", len(shape))
	}
	return fmt.Sprint(shape)
}

// chunk is the number of elements that are coded at a time.
const chunk = 1 << 13

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// element are the types of elements a tensor may have.
type element interface {
	float32 | float64 | int64 | uint64
}

// elements returns the number of elements of a shape whose elements have size
// bytes. Dimensions of zero are left out of the test for overflow, as NumPy
// does: [0, huge, huge] is refused.
func elements(shape []int, size int) (int, error) {
	n, empty := uint64(1), false
	for _, d := range shape {
		if d < 0 {
			return 0, fmt.Errorf("%w: dimension %d in %s", ErrShape, d, showShape(shape))
		}
		if d == 0 {
			empty = true
			continue
		}
		hi, lo := bits.Mul64(n, uint64(d))
		if hi != 0 || lo > uint64(math.MaxInt/size) {
			return 0, fmt.Errorf("%w: product of %s overflows", ErrShape, showShape(shape))
		}
		n = lo
	}
	if empty {
		return 0, nil
	}
	return int(n), nil
}
