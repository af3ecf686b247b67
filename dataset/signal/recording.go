package signal

import (
	"fmt"
	"io"
	"math"
	"sync"

	"github.com/gradlogp/gradlogp/dataset/internal/onfile"
)

// Recording is a recording that stays where it is, on disk say, and of which frames are
// read when they are wanted. It takes no memory, whatever its length, and serves several
// goroutines.
type Recording struct {
	layout
	file   io.Closer // nil for one of NewRecording and NewPCM
	r      io.ReaderAt
	begin  int64 // of the samples
	frames int
	rooms  sync.Pool // of *[]byte
}

// Open opens the WAV file at path. Errors name the file. Close it after use.
func Open(path string) (*Recording, error) {
	f, err := onfile.Open(path, ErrChanged)
	if err != nil {
		return nil, fmt.Errorf("signal: Open: %w", err)
	}
	s, err := newRecording(f, f.Size())
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("signal: Open: %s: %w", path, err)
	}
	s.file = f
	return s, nil
}

// NewRecording returns the recording in a WAV file of size bytes. It returns the errors
// of Read that the header shows.
func NewRecording(r io.ReaderAt, size int64) (*Recording, error) {
	s, err := newRecording(r, size)
	if err != nil {
		return nil, fmt.Errorf("signal: NewRecording: %w", err)
	}
	return s, nil
}

func newRecording(r io.ReaderAt, size int64) (*Recording, error) {
	head := io.NewSectionReader(r, 0, size)
	l, err := readHeader(head)
	if err != nil {
		return nil, err
	}
	begin, err := head.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, err
	}
	if l.size < 0 {
		l.size = size - begin
	}
	if l.size > size-begin {
		return nil, fmt.Errorf("ends after %d of the %d bytes of its samples: %w", size-begin, l.size, ErrLength)
	}
	return l.recording(r, begin)
}

// NewPCM returns the recording of samples without a header, size bytes in all.
func NewPCM(r io.ReaderAt, size int64, rate, channels int, e Encoding) (*Recording, error) {
	l := layout{rate: rate, channels: channels, encoding: e, size: size}
	switch {
	case rate < 1:
		return nil, fmt.Errorf("signal: NewPCM: rate: is %d, want a positive number: %w", rate, ErrRange)
	case channels < 1 || channels > math.MaxUint16:
		return nil, fmt.Errorf("signal: NewPCM: channels: is %d, want a number of 1, …, %d: %w", channels, math.MaxUint16, ErrRange)
	case e.Bytes() == 0:
		return nil, fmt.Errorf("signal: NewPCM: e: is %v, want PCM8, PCM16, PCM24, PCM32 or Float32: %w", e, ErrRange)
	}
	s, err := l.recording(r, 0)
	if err != nil {
		return nil, fmt.Errorf("signal: NewPCM: %w", err)
	}
	return s, nil
}

// recording returns the recording whose samples begin there.
func (l layout) recording(r io.ReaderAt, begin int64) (*Recording, error) {
	n := l.size / l.frame()
	if l.size <= 0 || l.size%l.frame() != 0 || n > math.MaxInt {
		return nil, fmt.Errorf("has %d bytes of samples, want a positive number of frames of %d bytes: %w", l.size, l.frame(), ErrShape)
	}
	return &Recording{layout: l, r: r, begin: begin, frames: int(n)}, nil
}

// Close closes the file of Open.
func (s *Recording) Close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// Len returns the number of frames.
func (s *Recording) Len() int { return s.frames }

// Channels returns the number of channels.
func (s *Recording) Channels() int { return s.channels }

// Rate returns the number of frames a second.
func (s *Recording) Rate() int { return s.rate }

// Encoding returns how the samples are kept.
func (s *Recording) Encoding() Encoding { return s.encoding }

// Frames implements Source. It returns ErrRange for frames that there are not, ErrLength
// when the file has become shorter, ErrChanged when it has been written to since Open,
// ErrNonFinite for a sample that is NaN or infinite, with frame and channel, and what the
// reader returns.
func (s *Recording) Frames(x []float64, first int) error {
	if err := s.read(x, first); err != nil {
		return fmt.Errorf("signal: Frames: %w", err)
	}
	return nil
}

func (s *Recording) read(x []float64, first int) error {
	if _, err := framesOf(x, first, s.frames, s.channels); err != nil {
		return err
	}
	room, _ := s.rooms.Get().(*[]byte)
	if room == nil {
		room = new([]byte)
	}
	defer s.rooms.Put(room)
	size := len(x) * s.encoding.Bytes()
	if cap(*room) < size {
		*room = make([]byte, size)
	}
	b := (*room)[:size]
	k, err := s.r.ReadAt(b, s.begin+int64(first)*s.frame())
	if k < len(b) {
		if err == io.EOF {
			return fmt.Errorf("frame %d: the file ends %d bytes into the %d of these frames: %w", first, k, len(b), ErrLength)
		}
		return fmt.Errorf("frame %d: %w", first, err)
	}
	if bad := s.encoding.decode(x, b); bad >= 0 {
		return fmt.Errorf("frame %d, channel %d: is not finite: %w", first+bad/s.channels, bad%s.channels, ErrNonFinite)
	}
	return nil
}
