package signal

import (
	"fmt"
	"math"
)

// Windows are the parts of equal length of a recording, as the rows of a score.RowSet
// without conditions; rows.With gives them labels.
type Windows struct {
	source      Source
	length, hop int
}

// NewWindows returns the windows of length frames that lie wholly within the source, from
// one to the next hop frames on; hop 0 is length: no overlap. It returns ErrRange for
// a length or hop that is negative or a length beyond that of the source.
func NewWindows(source Source, length, hop int) (*Windows, error) {
	if hop == 0 {
		hop = length
	}
	if n := source.Len(); length < 1 || length > n || length > math.MaxInt/8/source.Channels() {
		return nil, fmt.Errorf("signal: NewWindows: length: is %d, want one of 1, …, %d, the frames of the source: %w", length, n, ErrRange)
	}
	if hop < 1 {
		return nil, fmt.Errorf("signal: NewWindows: hop: is %d, want a positive number, or 0 for the length: %w", hop, ErrRange)
	}
	return &Windows{source, length, hop}, nil
}

// Len returns the number of windows.
func (w *Windows) Len() int { return (w.source.Len()-w.length)/w.hop + 1 }

// Dims returns the number of values of a window, length times channels, and 0.
func (w *Windows) Dims() (d, cond int) { return w.length * w.source.Channels(), 0 }

// Row writes window i into x. cond is empty. It returns ErrRange for a window that there
// is not, ErrShape when x has another length than Dims, and what the source returns.
func (w *Windows) Row(i int, x, _ []float64) error {
	if n := w.Len(); i < 0 || i >= n {
		return fmt.Errorf("signal: Row: %d, want one of 0, …, %d: %w", i, n-1, ErrRange)
	}
	if d, _ := w.Dims(); len(x) != d {
		return fmt.Errorf("signal: Row: room for %d values, want %d: %w", len(x), d, ErrShape)
	}
	return w.source.Frames(x, i*w.hop)
}
