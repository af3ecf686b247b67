package signal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

var encodings = []Encoding{PCM16, PCM8, PCM24, PCM32, Float32}

// signals draws signals whose values their encoding keeps exactly.
func signals() *rapid.Generator[*Signal] {
	return rapid.Custom(func(t *rapid.T) *Signal {
		s := &Signal{
			Rate:     rapid.IntRange(1, 1<<31-1).Draw(t, "rate"),
			Encoding: rapid.SampledFrom(encodings).Draw(t, "encoding"),
			X:        mat.NewDense(rapid.IntRange(1, 40).Draw(t, "frames"), rapid.IntRange(1, 3).Draw(t, "channels"), nil),
		}
		value := rapid.Custom(func(t *rapid.T) float64 { return float64(rapid.Float32().Draw(t, "v")) })
		if s.Encoding != Float32 {
			scale := s.Encoding.fullScale()
			value = rapid.Custom(func(t *rapid.T) float64 {
				return float64(rapid.Int64Range(-int64(scale), int64(scale)-1).Draw(t, "k")) / scale
			})
		}
		s.X.Apply(func(int, int, float64) float64 { return value.Draw(t, "x") }, s.X)
		return s
	})
}

func written(t require.TestingT, s *Signal) []byte {
	var file bytes.Buffer
	require.NoError(t, Write(&file, s))
	return file.Bytes()
}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := signals().Draw(t, "s")
		file := written(t, s)
		got, err := Read(iotest.OneByteReader(bytes.NewReader(file)))
		require.NoError(t, err)
		require.Equal(t, s, got)
		require.Equal(t, file, written(t, got))

		r, err := NewRecording(bytes.NewReader(file), int64(len(file)))
		require.NoError(t, err)
		require.Equal(t, []int{s.Len(), s.Channels(), s.Rate, int(s.Encoding)}, []int{r.Len(), r.Channels(), r.Rate(), int(r.Encoding())})
		first := rapid.IntRange(0, s.Len()).Draw(t, "first")
		n := rapid.IntRange(0, s.Len()-first).Draw(t, "n")
		x, want := make([]float64, n*s.Channels()), make([]float64, n*s.Channels())
		require.NoError(t, r.Frames(x, first))
		require.NoError(t, s.Frames(want, first))
		require.Equal(t, want, x)
		require.NoError(t, r.Close())
	})
}

func TestValuesAreRoundedToTheNearest(t *testing.T) {
	for _, e := range encodings[:4] {
		step := 1 / e.fullScale()
		s := &Signal{Rate: 8000, Encoding: e, X: mat.NewDense(6, 1, []float64{1, -1, 0, 0.25 + 0.4*step, 0.25 + 0.6*step, -0.3})}
		got, err := Read(bytes.NewReader(written(t, s)))
		require.NoError(t, err)
		require.Equal(t, []float64{1 - step, -1, 0, 0.25, 0.25 + step}, got.X.RawMatrix().Data[:5], e)
		require.InDelta(t, -0.3, got.X.At(5, 0), step/2)
	}
}

// chunk is a chunk of a WAV file.
func chunk(id string, body ...byte) []byte {
	b := append(binary.LittleEndian.AppendUint32([]byte(id), uint32(len(body))), body...)
	return append(b, make([]byte, len(body)%2)...)
}

// format is the body of a chunk "fmt ".
func format(code, channels, bits int, more ...byte) []byte {
	order := binary.LittleEndian
	b := order.AppendUint16(nil, uint16(code))
	b = order.AppendUint16(b, uint16(channels))
	b = order.AppendUint32(b, 8000)
	b = order.AppendUint32(b, 0) // bytes a second, which nobody needs
	b = order.AppendUint16(b, uint16(channels*bits/8))
	return append(order.AppendUint16(b, uint16(bits)), more...)
}

func wav(chunks ...[]byte) []byte {
	return append([]byte("RIFF\xff\xff\xff\xffWAVE"), bytes.Join(chunks, nil)...)
}

func TestFilesOfOtherProgramsAreRead(t *testing.T) {
	data := chunk("data", 0, 0x40, 0, 0xc0)
	endless := append([]byte("data\xff\xff\xff\xff"), 0, 0x40, 0, 0xc0)
	extensible := append([]byte{22, 0, 16, 0, 4, 0, 0, 0, 1, 0}, "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"...)
	for name, file := range map[string][]byte{
		"plain":           wav(chunk("fmt ", format(1, 1, 16)...), data),
		"other chunks":    wav(chunk("LIST", 1, 2, 3), chunk("fmt ", format(1, 1, 16)...), chunk("fact", 2, 0, 0, 0), data, chunk("id3 ", 9)),
		"written to pipe": wav(chunk("fmt ", format(1, 1, 16)...), endless),
		"longer format":   wav(chunk("fmt ", format(1, 1, 16, 0, 0)...), data),
		"extensible":      wav(chunk("fmt ", format(0xfffe, 1, 16, extensible...)...), data),
	} {
		s, err := Read(bytes.NewReader(file))
		require.NoError(t, err, name)
		require.Equal(t, &Signal{Rate: 8000, X: mat.NewDense(2, 1, []float64{0.5, -0.5})}, s, name)
		r, err := NewRecording(bytes.NewReader(file), int64(len(file)))
		require.NoError(t, err, name)
		x := make([]float64, 2)
		require.NoError(t, r.Frames(x, 0))
		require.Equal(t, []float64{0.5, -0.5}, x, name)
	}
}

func TestReadSaysWhatIsWrong(t *testing.T) {
	pcm := chunk("fmt ", format(1, 1, 16)...)
	nan := binary.LittleEndian.AppendUint32(make([]byte, 12), math.Float32bits(float32(math.NaN())))
	for name, c := range map[string]struct {
		file []byte
		is   error
		says string
	}{
		"empty":         {nil, ErrLength, "ends before its samples"},
		"other":         {[]byte("OggS, and more than that"), ErrFormat, `begins with "OggS, and mo", want "RIFF"`},
		"RF64":          {[]byte("RF64, and more than that"), ErrFormat, "form RF64"},
		"no data":       {wav(pcm), ErrLength, "ends before its samples"},
		"no format":     {wav(chunk("data", 1, 2)), ErrFormat, `"data" comes before "fmt "`},
		"short format":  {wav(chunk("fmt ", 1, 0), chunk("data", 1, 2)), ErrFormat, "has 2 bytes, want at least 16"},
		"µ-law":         {wav(chunk("fmt ", format(7, 1, 8)...)), ErrEncoding, "format is 0x7 with 8 bits"},
		"float64":       {wav(chunk("fmt ", format(3, 1, 64)...)), ErrEncoding, "format is 0x3 with 64 bits"},
		"no channel":    {wav(chunk("fmt ", format(1, 0, 16)...)), ErrFormat, "frames of 0 bytes with 0 channels"},
		"half a frame":  {wav(pcm, chunk("data", 1, 2, 3)), ErrShape, "has 3 bytes of samples"},
		"no samples":    {wav(pcm, chunk("data")), ErrShape, "has 0 bytes of samples"},
		"truncated":     {wav(pcm, []byte("data\x08\x00\x00\x00\x01\x02")), ErrLength, "ends after 2 of the 8 bytes"},
		"long promise":  {wav([]byte("LIST\xf0\xff\xff\xff")), ErrLength, "ends before its samples"},
		"not a number":  {wav(chunk("fmt ", format(3, 2, 32)...), chunk("data", nan...)), ErrNonFinite, "frame 1, channel 1"},
		"second format": {wav(pcm, pcm), ErrLength, "ends before its samples"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(bytes.NewReader(c.file))
			require.ErrorIs(t, err, c.is)
			require.ErrorContains(t, err, c.says)
			r, err := NewRecording(bytes.NewReader(c.file), int64(len(c.file)))
			if c.is == ErrNonFinite {
				require.NoError(t, err)
				err = r.Frames(make([]float64, 4), 0)
			}
			require.ErrorIs(t, err, c.is)
			require.ErrorContains(t, err, c.says)
		})
	}
	broken := io.MultiReader(bytes.NewReader(wav(pcm)), iotest.ErrReader(os.ErrDeadlineExceeded))
	_, err := Read(broken)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	_, err = ReadFile(filepath.Join(t.TempDir(), "none.wav"))
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = Open(t.TempDir())
	require.ErrorContains(t, err, "is a folder")
}

func TestWriteSaysWhatIsWrong(t *testing.T) {
	x := mat.NewDense(2, 2, nil)
	with := func(v float64) *mat.Dense {
		x := mat.NewDense(2, 2, nil)
		x.Set(1, 0, v)
		return x
	}
	for _, c := range []struct {
		s    *Signal
		is   error
		says string
	}{
		{&Signal{Rate: 0, X: x}, ErrRange, "Rate: is 0"},
		{&Signal{Rate: 1, Encoding: 9, X: x}, ErrRange, "Encoding: is Encoding(9), want PCM8"},
		{&Signal{Rate: 1}, ErrShape, "X: is empty"},
		{&Signal{Rate: 1, X: with(1.5)}, ErrRange, "frame 1, channel 0: is 1.5, want a number within ±1"},
		{&Signal{Rate: 1, X: with(math.NaN())}, ErrNonFinite, "frame 1, channel 0: is NaN"},
		{&Signal{Rate: 1, Encoding: Float32, X: with(math.Inf(1))}, ErrNonFinite, "frame 1, channel 0: is +Inf"},
		{&Signal{Rate: 1, Encoding: Float32, X: with(1e300)}, ErrRange, "overflows float32"},
		{&Signal{Rate: 1, X: mat.NewDense(1, 1<<15, nil)}, ErrShape, "X: is 1×32768"},
	} {
		err := Write(io.Discard, c.s)
		require.ErrorIs(t, err, c.is)
		require.ErrorContains(t, err, c.says)
	}
	path := filepath.Join(t.TempDir(), "a.wav")
	good := &Signal{Rate: 1, X: x}
	require.NoError(t, WriteFile(path, good))
	require.ErrorContains(t, WriteFile(path, &Signal{Rate: 1, X: with(2)}), path)
	got, err := ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, good, got, "a file that could not be replaced is left alone")
}

func TestWindowsAreThePartsOfARecording(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := signals().Draw(t, "s")
		length := rapid.IntRange(1, s.Len()).Draw(t, "length")
		hop := rapid.IntRange(0, 50).Draw(t, "hop")
		w, err := NewWindows(s, length, hop)
		require.NoError(t, err)
		if hop == 0 {
			hop = length
		}
		d, cond := w.Dims()
		require.Equal(t, []int{length * s.Channels(), 0}, []int{d, cond})
		x := make([]float64, d)
		for i := range w.Len() {
			require.NoError(t, w.Row(i, x, nil))
			require.Equal(t, s.X.RawMatrix().Data[i*hop*s.Channels():][:d], x)
		}
		left := s.Len() - (w.Len()-1)*hop - length
		require.True(t, left >= 0 && left < hop, "no window more fits")
		require.ErrorIs(t, w.Row(w.Len(), x, nil), ErrRange)
		require.ErrorIs(t, w.Row(-1, x, nil), ErrRange)
	})
	s := &Signal{Rate: 1, X: mat.NewDense(3, 1, nil)}
	for _, c := range [][2]int{{0, 1}, {4, 1}, {2, -1}} {
		_, err := NewWindows(s, c[0], c[1])
		require.ErrorIs(t, err, ErrRange)
	}
	require.ErrorIs(t, s.Frames(make([]float64, 2), 2), ErrRange)
	require.ErrorIs(t, s.Frames(make([]float64, 2), math.MaxInt), ErrRange)
	require.ErrorIs(t, (&Signal{X: mat.NewDense(3, 2, nil)}).Frames(make([]float64, 3), 0), ErrShape)
}

// hum is a file without end: sample k of 16 bits is k mod 2¹⁵.
type hum struct{ size int64 }

func (h hum) ReadAt(b []byte, off int64) (int, error) {
	for i := range b {
		if off+int64(i) >= h.size {
			return i, io.EOF
		}
		at := off + int64(i)
		b[i] = byte(at / 2 % (1 << 15) >> (8 * (at & 1)))
	}
	return len(b), nil
}

func TestALongRecordingTakesNoMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	const size = 40 << 30
	if size > math.MaxInt {
		t.Skip("an int does not count so many frames")
	}
	r, err := NewPCM(hum{size}, size, 48_000, 2, PCM16)
	require.NoError(t, err)
	w, err := NewWindows(r, 1024, 256)
	require.NoError(t, err)
	x := make([]float64, 2048)
	for i := range 1000 {
		at := i * (w.Len() - 1) / 999
		require.NoError(t, w.Row(at, x, nil))
		require.Equal(t, float64(at*512%(1<<15))/(1<<15), x[0])
	}
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(8<<20), "bytes allocated in all for %d windows of 40 GiB", w.Len())

	shorter, err := NewPCM(hum{size - 10}, size, 48_000, 2, PCM16)
	require.NoError(t, err)
	require.ErrorIs(t, shorter.Frames(x, shorter.Len()-1024), ErrLength)
}

func TestARecordingThatChangesIsFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.wav")
	require.NoError(t, WriteFile(path, &Signal{Rate: 8, X: mat.NewDense(10, 1, nil)}))
	r, err := Open(path)
	require.NoError(t, err)
	defer r.Close()
	x := make([]float64, 10)
	require.NoError(t, r.Frames(x, 0))
	require.NoError(t, os.Truncate(path, 60))
	err = r.Frames(x, 0)
	require.ErrorIs(t, err, ErrChanged)
	require.ErrorContains(t, err, path+": has 60 bytes")
	_, err = Open(path)
	require.ErrorIs(t, err, ErrLength)
	require.ErrorContains(t, err, path+": ends after 16 of the 20 bytes")
}

func TestNewPCMChecksWhatItIsTold(t *testing.T) {
	for _, c := range []struct {
		size           int64
		rate, channels int
		e              Encoding
		is             error
	}{{4, 0, 1, PCM16, ErrRange}, {4, 1, 0, PCM16, ErrRange}, {4, 1, 1 << 16, PCM16, ErrRange}, {4, 1, 1, 7, ErrRange}, {3, 1, 1, PCM16, ErrShape}, {0, 1, 1, PCM16, ErrShape}, {-2, 1, 1, PCM16, ErrShape}} {
		_, err := NewPCM(bytes.NewReader(nil), c.size, c.rate, c.channels, c.e)
		require.ErrorIs(t, err, c.is, fmt.Sprint(c))
	}
}

// Whatever a file holds, Read returns a signal that is written and read again, or an
// error, and a Recording has the same frames.
func FuzzRead(f *testing.F) {
	for _, e := range encodings {
		f.Add(written(f, &Signal{Rate: 8000, Encoding: e, X: mat.NewDense(3, 2, []float64{0, 0.5, -0.5, 0.25, -1, 0.125})}))
	}
	f.Add(wav(chunk("LIST", 1, 2, 3), chunk("fmt ", format(1, 1, 16)...), []byte("data\xff\xff\xff\xff\x01\x02")))
	f.Fuzz(func(t *testing.T, file []byte) {
		s, err := Read(bytes.NewReader(file))
		r, lazy := NewRecording(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			require.Nil(t, s)
			if lazy == nil {
				require.ErrorIs(t, err, ErrNonFinite)
			}
			return
		}
		require.NoError(t, lazy)
		x := make([]float64, s.Len()*s.Channels())
		require.NoError(t, r.Frames(x, 0))
		require.Equal(t, s.X.RawMatrix().Data, x)
		if s.Channels()*s.Encoding.Bytes() > math.MaxUint16 {
			return
		}
		again, err := Read(bytes.NewReader(written(t, s)))
		require.NoError(t, err)
		require.Equal(t, s, again)
	})
}

func TestMonoIsTheMeanOfTheChannels(t *testing.T) {
	s := Mono(&Signal{X: mat.NewDense(3, 2, []float64{1, 0, -1, 0.5, 0.25, 0.25})})
	require.Equal(t, []int{3, 1}, []int{s.Len(), s.Channels()})
	x := make([]float64, 2)
	require.NoError(t, s.Frames(x, 1))
	require.Equal(t, []float64{-0.25, 0.25}, x)
	require.ErrorIs(t, s.Frames(x, 2), ErrRange)
	w, err := NewWindows(s, 3, 0)
	require.NoError(t, err)
	d, _ := w.Dims()
	require.Equal(t, 3, d)
}

// Other room held a part of the window, or what comes after it.
func TestRowWantsRoomForAWindow(t *testing.T) {
	w, err := NewWindows(&Signal{Rate: 1, X: mat.NewDense(9, 2, nil)}, 3, 1)
	require.NoError(t, err)
	for _, n := range []int{0, 4, 8} {
		require.ErrorIs(t, w.Row(0, make([]float64, n), nil), ErrShape)
	}
	require.NoError(t, w.Row(0, make([]float64, 6), nil))
}
