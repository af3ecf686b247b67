package signal

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"os"

	"gonum.org/v1/gonum/mat"
)

// ReadFile reads the WAV file at path as Read does. Errors name the file.
func ReadFile(path string) (*Signal, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("signal: Read: %w", err)
	}
	defer f.Close()
	s, err := read(f)
	if err != nil {
		return nil, fmt.Errorf("signal: Read: %s: %w", path, err)
	}
	return s, nil
}

// Read reads a WAV file into memory: any number of channels, in any of the Encodings.
// Chunks other than those of the samples are left out; a file that was written to a
// pipe, which does not say how long it is, is read to its end.
//
// It returns ErrFormat, ErrEncoding, ErrShape for a file without samples, ErrLength for
// one that ends early, ErrNonFinite for a sample that is NaN or infinite, with frame and
// channel, and what r returns.
func Read(r io.Reader) (*Signal, error) {
	s, err := read(r)
	if err != nil {
		return nil, fmt.Errorf("signal: Read: %w", err)
	}
	return s, nil
}

func read(r io.Reader) (*Signal, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	l, err := readHeader(b)
	if err != nil {
		return nil, err
	}
	blocks, n, err := readBlocks(b, l)
	if err != nil {
		return nil, err
	}
	samples := n / int64(l.encoding.Bytes())
	if n == 0 || n%l.frame() != 0 || samples > math.MaxInt/8 {
		return nil, fmt.Errorf("has %d bytes of samples, want a positive number of frames of %d bytes: %w", n, l.frame(), ErrShape)
	}
	x := make([]float64, samples)
	done := 0
	for i, block := range blocks {
		k := len(block) / l.encoding.Bytes()
		if bad := l.encoding.decode(x[done:done+k], block); bad >= 0 {
			return nil, fmt.Errorf("frame %d, channel %d: is not finite: %w", (done+bad)/l.channels, (done+bad)%l.channels, ErrNonFinite)
		}
		done += k
		blocks[i] = nil // so that there is no second copy of all samples
	}
	return &Signal{Rate: l.rate, Encoding: l.encoding, X: mat.NewDense(len(x)/l.channels, l.channels, x)}, nil
}

// readBlocks reads the n bytes of the samples. A block is a whole number of samples,
// and is allocated when those before it were there.
func readBlocks(r io.Reader, l layout) (blocks [][]byte, n int64, err error) {
	const size = 3 << 18 // of 1, 2, 3 and 4 bytes each
	for l.size < 0 || n < l.size {
		want := int64(size)
		if l.size >= 0 {
			want = min(want, l.size-n)
		}
		block := make([]byte, want)
		k, err := io.ReadFull(r, block)
		n += int64(k)
		switch {
		case err == nil:
			blocks = append(blocks, block)
		case err != io.EOF && err != io.ErrUnexpectedEOF:
			return nil, 0, err
		case l.size >= 0:
			return nil, 0, fmt.Errorf("ends after %d of the %d bytes of its samples: %w", n, l.size, ErrLength)
		default:
			return append(blocks, block[:k]), n, nil
		}
	}
	return blocks, n, nil
}
