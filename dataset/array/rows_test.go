package array

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

// rowsOf returns the rows that a holds.
func rowsOf(t require.TestingT, a *Rows) *mat.Dense {
	d, cond := a.Dims()
	require.Zero(t, cond)
	x := mat.NewDense(a.Len(), d, nil)
	for i := range a.Len() {
		require.NoError(t, a.Row(i, x.RawRowView(i), nil))
	}
	return x
}

func TestRowsOnDiskAreThoseInMemory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, d := rapid.IntRange(1, 20).Draw(t, "n"), rapid.IntRange(1, 9).Draw(t, "d")
		x := mat.NewDense(n, d, nil)
		x.Apply(func(int, int, float64) float64 { return float64(rapid.Byte().Draw(t, "v")) }, x)
		pixels := make([]byte, n*d)
		for i, v := range x.RawMatrix().Data {
			pixels[i] = byte(v)
		}
		var npy bytes.Buffer
		require.NoError(t, Write(&npy, x))
		images := idx(8, []uint32{uint32(n), 1, uint32(d)}, pixels)
		for _, file := range [][]byte{images, gzipped(images), npy.Bytes(), gzipped(npy.Bytes())} {
			a, err := NewRows(bytes.NewReader(file), int64(len(file)))
			require.NoError(t, err)
			require.Equal(t, x, rowsOf(t, a))
			require.NoError(t, a.Close())
		}
	})
}

func TestBlocksAreReadOverTheirEnds(t *testing.T) {
	const d = 1<<19 + 3
	pixels := make([]byte, 5*d)
	for i := range pixels {
		pixels[i] = byte(i % 251)
	}
	file := gzipped(idx(8, []uint32{5, d}, pixels))
	a, err := NewRows(bytes.NewReader(file), int64(len(file)))
	require.NoError(t, err)
	require.Equal(t, []int{5, d}, a.Shape())
	for k, v := range rowsOf(t, a).RawMatrix().Data {
		if v != float64(pixels[k]) {
			t.Fatalf("element %d is %v, want %v", k, v, pixels[k])
		}
	}
	n, err := a.r.ReadAt(make([]byte, 10), int64(len(pixels)-4))
	require.Equal(t, 4, n)
	require.Equal(t, io.EOF, err)
	_, err = a.r.ReadAt(make([]byte, 10), int64(len(pixels))+3)
	require.Equal(t, io.EOF, err)
}

func TestRowsSayWhatIsWrong(t *testing.T) {
	good := idx(8, []uint32{2, 2}, []byte{1, 2, 3, 4})
	for name, c := range map[string]struct {
		file []byte
		is   error
		says string
	}{
		"short":     {good[:14], ErrLength, "ends after 2 of the 4 bytes"},
		"long":      {append(good[:16:16], 0), ErrLength, "goes on after the 4 bytes"},
		"short gz":  {gzipped(good[:14]), ErrLength, "ends after 2 of the 4 bytes"},
		"promise":   {idx(8, []uint32{1 << 20, 1 << 20}, make([]byte, 12)), ErrLength, "ends after 12 of the 1099511627776 bytes"},
		"no header": {good[:6], ErrLength, "ends within its header"},
		"other":     {[]byte("GIF89a"), ErrFormat, `begins with "GIF8"`},
		"empty":     {nil, ErrFormat, `begins with ""`},
	} {
		if name == "promise" && math.MaxInt == math.MaxInt32 {
			continue
		}
		_, err := NewRows(bytes.NewReader(c.file), int64(len(c.file)))
		require.ErrorIs(t, err, c.is, name)
		require.ErrorContains(t, err, c.says, name)
	}
	a, err := NewRows(bytes.NewReader(good), int64(len(good)))
	require.NoError(t, err)
	require.ErrorIs(t, a.Row(2, make([]float64, 2), nil), ErrRange)
	require.ErrorIs(t, a.Row(-1, make([]float64, 2), nil), ErrRange)
	require.ErrorIs(t, a.Row(0, make([]float64, 3), nil), ErrShape)
	short, err := NewRows(bytes.NewReader(good[:14]), int64(len(good)))
	require.NoError(t, err)
	require.NoError(t, short.Row(0, make([]float64, 2), nil))
	require.EqualError(t, short.Row(1, make([]float64, 2), nil), "array: Row: row 1: the file ends after 0 of its 2 bytes: wrong length")

	var file bytes.Buffer
	text := "{'descr': '<u8', 'fortran_order': False, 'shape': (1, 2), }\n"
	file.WriteString(npyMagic + "\x01\x00" + string(rune(len(text))) + "\x00" + text)
	file.Write(binary.LittleEndian.AppendUint64(make([]byte, 8), 1<<60))
	a, err = NewRows(bytes.NewReader(file.Bytes()), int64(file.Len()))
	require.NoError(t, err)
	require.ErrorContains(t, a.Row(0, make([]float64, 2), nil), "array: Row: row 0, column 1 is 1152921504606846976")
}

func TestAFileThatChangesIsFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "images")
	require.NoError(t, os.WriteFile(path, idx(8, []uint32{2, 2}, []byte{1, 2, 3, 4}), 0o666))
	a, err := Open(path)
	require.NoError(t, err)
	defer a.Close()
	x := make([]float64, 2)
	require.NoError(t, a.Row(1, x, nil))
	require.Equal(t, []float64{3, 4}, x)
	require.NoError(t, os.Truncate(path, 15))
	err = a.Row(1, x, nil)
	require.ErrorIs(t, err, ErrChanged)
	require.ErrorContains(t, err, path)
	_, err = Open(path)
	require.ErrorIs(t, err, ErrLength)
	require.ErrorContains(t, err, "array: Open: "+path)
	_, err = Open(filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

// shades is an IDX file of images 64×64 without their bytes: pixel k is k mod 251.
type shades struct {
	header []byte
	size   int64
}

func (s shades) ReadAt(b []byte, off int64) (int, error) {
	for i := range b {
		switch at := off + int64(i); {
		case at >= s.size:
			return i, io.EOF
		case at < int64(len(s.header)):
			b[i] = s.header[at]
		default:
			b[i] = byte((at - int64(len(s.header))) % 251)
		}
	}
	return len(b), nil
}

func TestAFileLargerThanMemoryTakesNone(t *testing.T) {
	const n, d = 10_000_000, 64 * 64
	if math.MaxInt == math.MaxInt32 {
		t.Skip("an int does not count so many pixels")
	}
	header := idx(8, []uint32{n, 64, 64}, nil)
	file := shades{header, int64(len(header)) + n*d}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	a, err := NewRows(file, file.size)
	require.NoError(t, err)
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			x := make([]float64, d)
			for i := w; i < 400; i += 4 {
				at := i * (n - 1) / 399
				if err := a.Row(at, x, nil); err != nil || x[d-1] != float64((int64(at)*d+d-1)%251) {
					t.Errorf("row %d: %v ends with %v", at, err, x[d-1])
				}
			}
		})
	}
	all.Wait()
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(8<<20), "bytes allocated in all, of a file of 38 GiB")
}

// Whatever a file holds, its rows are those that Read reads.
func FuzzRows(f *testing.F) {
	f.Add(idx(8, []uint32{2, 2, 3}, make([]byte, 12)))
	f.Add(idx(0x0e, []uint32{1 << 31, 1 << 31}, make([]byte, 12)))
	f.Add(gzipped(idx(8, []uint32{2}, []byte{1, 2})))
	var npy bytes.Buffer
	require.NoError(f, Write(&npy, mat.NewDense(2, 2, []float64{1, 2, 3, 4})))
	f.Add(npy.Bytes())
	f.Fuzz(func(t *testing.T, file []byte) {
		a, err := NewRows(bytes.NewReader(file), int64(len(file)))
		want, shape, wrong := Read(bytes.NewReader(file))
		if err != nil {
			require.True(t, wrong != nil || len(shape) > 1, "only an array in the order of Fortran is refused")
			return
		}
		if wrong != nil {
			require.ErrorIs(t, wrong, ErrRange)
			return
		}
		got := rowsOf(t, a)
		r, c := want.Dims()
		require.Equal(t, []int{r, c}, []int{a.Len(), got.RawMatrix().Cols})
		for k, v := range want.RawMatrix().Data {
			if w := got.RawMatrix().Data[k]; v != w && !(math.IsNaN(v) && math.IsNaN(w)) {
				t.Fatalf("element %d is %v, want %v", k, w, v)
			}
		}
	})
}
