package signal

import (
	"fmt"

	"gonum.org/v1/gonum/mat"
)

// Source is a recording whose frames are read where they are wanted: a Signal in
// memory, a Recording on disk, or one of your own.
type Source interface {
	// Len returns the number of frames.
	Len() int
	// Channels returns the number of values of a frame.
	Channels() int
	// Frames writes the frames from first on into x, whose length is a number of
	// frames times Channels, the channels of a frame side by side.
	Frames(x []float64, first int) error
}

var (
	_ Source = (*Signal)(nil)
	_ Source = (*Recording)(nil)
)

// Signal is a recording in memory.
type Signal struct {
	Rate     int        // frames a second
	Encoding Encoding   // of the file that it was in, or is to be in
	X        *mat.Dense // a row for each frame, a column for each channel
}

// Len returns the number of frames.
func (s *Signal) Len() int { return s.X.RawMatrix().Rows }

// Channels returns the number of channels.
func (s *Signal) Channels() int { return s.X.RawMatrix().Cols }

// Frames implements Source.
func (s *Signal) Frames(x []float64, first int) error {
	k := s.Channels()
	n, err := framesOf(x, first, s.Len(), k)
	if err != nil {
		return fmt.Errorf("signal: Frames: %w", err)
	}
	for i := range n {
		copy(x[i*k:(i+1)*k], s.X.RawRowView(first+i))
	}
	return nil
}

// framesOf returns the number of frames in x, of those from first on of all.
func framesOf(x []float64, first, all, channels int) (n int, err error) {
	n = len(x) / channels
	if len(x)%channels != 0 {
		return 0, fmt.Errorf("room for %d values, want whole frames of %d channels: %w", len(x), channels, ErrShape)
	}
	if first < 0 || n > all || first > all-n {
		return 0, fmt.Errorf("%d frames from %d on, want frames of 0, …, %d: %w", n, first, all-1, ErrRange)
	}
	return n, nil
}
