package signal

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/gradlogp/gradlogp/dataset/internal/replace"
)

// WriteFile writes a WAV file as Write does. The file is replaced when all has been
// written, or not at all; what is no regular file, such as a pipe, is written to as it
// is.
func WriteFile(path string, s *Signal) error {
	if err := replace.File(path, func(w io.Writer) error { return write(w, s) }); err != nil {
		return fmt.Errorf("signal: Write: %s: %w", path, err)
	}
	return nil
}

// Write writes a signal as a WAV file in its Encoding, each value as the nearest number
// that there is. Values of an encoding of whole numbers are within ±1, full scale, of
// which +1 is the largest number, 2⁻¹⁵ below 1 for PCM16.
//
// It returns ErrRange for a value beyond full scale, with frame and channel, and for a
// Rate or an Encoding that is none, ErrNonFinite for a NaN or an infinity, ErrShape for
// a signal without frames or too long for the form, which ends at 4 GiB, and what w
// returns.
func Write(w io.Writer, s *Signal) error {
	if err := write(w, s); err != nil {
		return fmt.Errorf("signal: Write: %w", err)
	}
	return nil
}

func write(w io.Writer, s *Signal) error {
	if s.Rate < 1 || s.Rate > math.MaxInt32 {
		return fmt.Errorf("Signal: Rate: is %d, want a positive number below 2³¹: %w", s.Rate, ErrRange)
	}
	if s.Encoding.Bytes() == 0 {
		return fmt.Errorf("Signal: Encoding: is %v, want PCM8, PCM16, PCM24, PCM32 or Float32: %w", s.Encoding, ErrRange)
	}
	if s.X == nil || s.X.IsEmpty() {
		return fmt.Errorf("Signal: X: is empty, want at least one frame and channel: %w", ErrShape)
	}
	l := layout{rate: s.Rate, channels: s.Channels(), encoding: s.Encoding}
	header, err := l.header(s.Len())
	if err != nil {
		return err
	}
	b := bufio.NewWriterSize(w, 1<<16)
	b.Write(header)
	var frame []byte
	for i := range s.Len() {
		frame = frame[:0]
		for j, v := range s.X.RawRowView(i) {
			if frame, err = s.Encoding.append(frame, v); err != nil {
				return fmt.Errorf("frame %d, channel %d: %w", i, j, err)
			}
		}
		b.Write(frame)
	}
	if l.size%2 != 0 {
		b.WriteByte(0) // chunks have an even number of bytes
	}
	return b.Flush()
}

// header returns the bytes before the samples of n frames, and sets the size.
func (l *layout) header(n int) ([]byte, error) {
	format := []byte("fmt ")
	code := uint16(codePCM)
	if l.encoding == Float32 {
		code = codeFloat
	}
	const length = 12 + 8 + 16 + 8 // of the whole header
	frame := l.frame()
	if frame > math.MaxUint16 || int64(n) > (math.MaxUint32-length)/frame {
		return nil, fmt.Errorf("Signal: X: is %d×%d, want frames of less than 2¹⁶ and samples of less than 2³² bytes: %w", n, l.channels, ErrShape)
	}
	l.size = int64(n) * frame
	order := binary.LittleEndian
	b := order.AppendUint32([]byte("RIFF"), uint32(length-8+l.size+l.size%2))
	b = append(b, "WAVE"...)
	b = order.AppendUint32(append(b, format...), 16)
	b = order.AppendUint16(b, code)
	b = order.AppendUint16(b, uint16(l.channels))
	b = order.AppendUint32(b, uint32(l.rate))
	b = order.AppendUint32(b, uint32(int64(l.rate)*frame))
	b = order.AppendUint16(b, uint16(frame))
	b = order.AppendUint16(b, uint16(8*l.encoding.Bytes()))
	return order.AppendUint32(append(b, "data"...), uint32(l.size)), nil
}
