package signal

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// layout is what the header of a WAV file says.
type layout struct {
	rate, channels int
	encoding       Encoding
	size           int64 // bytes of the samples; −1 when they go on to the end of the file
}

// frame returns the number of bytes of a frame.
func (l layout) frame() int64 { return int64(l.channels * l.encoding.Bytes()) }

// Codes of WAV files.
const (
	codePCM        = 1
	codeFloat      = 3
	codeExtensible = 0xfffe
	unknownSize    = math.MaxUint32 // of a file that was written to a pipe
)

// readHeader reads up to the first sample.
func readHeader(r io.Reader) (layout, error) {
	var b [12]byte
	if err := fill(r, b[:]); err != nil {
		return layout{}, err
	}
	switch {
	case string(b[:4]) == "RF64" || string(b[:4]) == "RIFX":
		return layout{}, fmt.Errorf("is a file of the form %s, want RIFF: %w", b[:4], ErrFormat)
	case string(b[:4]) != "RIFF" || string(b[8:]) != "WAVE":
		return layout{}, fmt.Errorf("begins with %q, want \"RIFF\", a size, and \"WAVE\": %w", b[:], ErrFormat)
	}
	var l layout
	known := false
	for {
		if err := fill(r, b[:8]); err != nil {
			return layout{}, err
		}
		id, size := string(b[:4]), binary.LittleEndian.Uint32(b[4:])
		switch {
		case id == "data" && !known:
			return layout{}, fmt.Errorf("chunk \"data\" comes before \"fmt \": %w", ErrFormat)
		case id == "data":
			l.size = int64(size)
			if size == unknownSize {
				l.size = -1
			}
			return l, nil
		case id == "fmt " && !known:
			var err error
			if l, err = readFormat(r, size); err != nil {
				return layout{}, err
			}
			known = true
		default:
			if err := skip(r, int64(size)+int64(size&1)); err != nil {
				return layout{}, err
			}
		}
	}
}

// readFormat reads the chunk that describes the samples.
func readFormat(r io.Reader, size uint32) (layout, error) {
	const least, extensible = 16, 40
	if size < least {
		return layout{}, fmt.Errorf("chunk \"fmt \" has %d bytes, want at least %d: %w", size, least, ErrFormat)
	}
	var b [extensible]byte
	n := min(size, extensible)
	if err := fill(r, b[:n]); err != nil {
		return layout{}, err
	}
	if err := skip(r, int64(size-n)+int64(size&1)); err != nil {
		return layout{}, err
	}
	code, bits := binary.LittleEndian.Uint16(b[:]), binary.LittleEndian.Uint16(b[14:])
	if code == codeExtensible && n == extensible {
		code = binary.LittleEndian.Uint16(b[24:])
	}
	l := layout{channels: int(binary.LittleEndian.Uint16(b[2:]))}
	switch [2]uint16{code, bits} {
	case [2]uint16{codePCM, 8}:
		l.encoding = PCM8
	case [2]uint16{codePCM, 16}:
		l.encoding = PCM16
	case [2]uint16{codePCM, 24}:
		l.encoding = PCM24
	case [2]uint16{codePCM, 32}:
		l.encoding = PCM32
	case [2]uint16{codeFloat, 32}:
		l.encoding = Float32
	default:
		return layout{}, fmt.Errorf("format is %#x with %d bits, want 1 (PCM) with 8, 16, 24 or 32 bits or 3 (floating point) with 32: %w", code, bits, ErrEncoding)
	}
	rate := binary.LittleEndian.Uint32(b[4:])
	if rate == 0 || rate > math.MaxInt32 {
		return layout{}, fmt.Errorf("rate is %d, want a positive number below 2³¹: %w", rate, ErrFormat)
	}
	l.rate = int(rate)
	if align := binary.LittleEndian.Uint16(b[12:]); l.channels == 0 || int64(align) != l.frame() {
		return layout{}, fmt.Errorf("frames of %d bytes with %d channels of %d bits, want at least one channel and frames of as many bytes: %w", align, l.channels, bits, ErrFormat)
	}
	return l, nil
}

// fill fills b with the bytes of a header.
func fill(r io.Reader, b []byte) error {
	_, err := io.ReadFull(r, b)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("ends before its samples: %w", ErrLength)
	}
	return err
}

// skip reads over n bytes.
func skip(r io.Reader, n int64) error {
	_, err := io.CopyN(io.Discard, r, n)
	if err == io.EOF {
		return fmt.Errorf("ends before its samples: %w", ErrLength)
	}
	return err
}
