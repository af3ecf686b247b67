package array

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

// fromNumPy reads an array that NumPy 1.24 wrote.
func fromNumPy(name string) (*mat.Dense, []int, error) {
	return ReadArchive("testdata/numpy.npz", name)
}

func TestEveryTypeAndOrderOfNumPyIsRead(t *testing.T) {
	for _, kind := range []string{"i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8"} {
		for _, order := range []string{"little", "big"} {
			for _, first := range []string{"C", "F"} {
				x, shape, err := fromNumPy(order + kind + first)
				require.NoError(t, err)
				require.Equal(t, []int{2, 3, 4}, shape)
				r, c := x.Dims()
				require.Equal(t, []int{2, 12}, []int{r, c})
				for k, v := range x.RawMatrix().Data {
					want := float64(k)
					switch kind[0] {
					case 'i':
						want -= 12
					case 'f':
						want = (want - 12) / 4
					}
					require.Equal(t, want, v, "%s%s%s, element %d", order, kind, first, k)
				}
			}
		}
	}
}

func TestArraysOfNumPyAreMatricesOfRows(t *testing.T) {
	for name, c := range map[string]struct {
		shape []int
		want  *mat.Dense
	}{
		"bool":     {[]int{3}, mat.NewDense(3, 1, []float64{1, 0, 1})},
		"matrix":   {[]int{3, 2}, mat.NewDense(3, 2, []float64{0, 1, 2, 3, 4, 5})},
		"vector":   {[]int{3}, mat.NewDense(3, 1, []float64{0, 1, 2})},
		"scalar":   {[]int{}, mat.NewDense(1, 1, []float64{7.5})},
		"version2": {[]int{3}, mat.NewDense(3, 1, []float64{0, 1, 2})},
		"version3": {[]int{3}, mat.NewDense(3, 1, []float64{0, 1, 2})},
		"large":    {[]int{2}, mat.NewDense(2, 1, []float64{1<<53 - 1, 1 - 1<<53})},
	} {
		x, shape, err := fromNumPy(name)
		require.NoError(t, err, name)
		require.Equal(t, c.shape, shape, name)
		require.Equal(t, c.want, x, name)
	}
	x, _, err := fromNumPy("special")
	require.NoError(t, err)
	row := x.RawRowView(0)
	require.True(t, math.IsNaN(row[0]) && math.IsInf(row[1], 1) && math.IsInf(row[2], -1) && row[3] == 0 && math.Signbit(row[3]))
	require.Equal(t, 5e-324, row[4])
}

func TestFaultsOfArchivesAreNamed(t *testing.T) {
	for name, c := range map[string]struct {
		sentinel error
		message  string
	}{
		"empty":       {ErrShape, "shape is [0 3], want at least one element on each axis"},
		"half":        {ErrType, `type of elements is "f2"`},
		"complex":     {ErrType, `type of elements is "c16"`},
		"text":        {ErrType, `type of elements is "U1"`},
		"record":      {ErrType, "elements are records"},
		"nanoseconds": {ErrRange, "row 1, column 0 is 1700000000123456768 or near it, want a whole number of magnitude below 2⁵³"},
		"none":        {ErrName, `is not there, want one of ["bigf4C" "bigf4F"`},
	} {
		x, shape, err := fromNumPy(name)
		require.ErrorIs(t, err, c.sentinel)
		require.ErrorContains(t, err, fmt.Sprintf("array: ReadArchive: testdata/numpy.npz: array %q: ", name))
		require.ErrorContains(t, err, c.message)
		require.Nil(t, x)
		require.Nil(t, shape)
	}
	_, _, err := ReadArchive("array_test.go", "x")
	require.ErrorIs(t, err, ErrFormat)
	_, _, err = ReadArchive("testdata", "x")
	require.Error(t, err)
	_, _, err = ReadArchive("none.npz", "x")
	require.ErrorIs(t, err, os.ErrNotExist)
	path := filepath.Join(t.TempDir(), "x.npz")
	f, err := os.Create(path)
	require.NoError(t, err)
	z := zip.NewWriter(f)
	w, err := z.Create("x.npy")
	require.NoError(t, err)
	_, err = w.Write(npy("<f8", "(2,)", make([]byte, 15)))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	require.NoError(t, f.Close())
	_, _, err = ReadArchive(path, "x")
	require.ErrorIs(t, err, ErrLength)
}

// npy returns a file with these elements.
func npy(descr, shape string, elements []byte) []byte {
	return npyOf(fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n", descr, shape), elements)
}

func npyOf(header string, elements []byte) []byte {
	b := append([]byte(npyMagic), 1, 0, byte(len(header)), byte(len(header)>>8))
	return append(append(b, header...), elements...)
}

// idx returns a file of a type with these axes and elements.
func idx(kind byte, axes []uint32, elements []byte) []byte {
	b := []byte{0, 0, kind, byte(len(axes))}
	for _, n := range axes {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return append(b, elements...)
}

func TestIDXFilesAreRead(t *testing.T) {
	pixels := make([]byte, 2*2*3)
	for i := range pixels {
		pixels[i] = byte(20 * i)
	}
	images, labels := idx(8, []uint32{2, 2, 3}, pixels), idx(8, []uint32{3}, []byte{5, 0, 4})
	for _, zipped := range []bool{false, true} {
		if zipped {
			images, labels = gzipped(images), gzipped(labels)
		}
		for _, r := range []io.Reader{bytes.NewReader(images), iotest.OneByteReader(bytes.NewReader(images))} {
			x, shape, err := Read(r)
			require.NoError(t, err)
			require.Equal(t, []int{2, 2, 3}, shape)
			require.Equal(t, mat.NewDense(2, 6, []float64{0, 20, 40, 60, 80, 100, 120, 140, 160, 180, 200, 220}), x)
		}
		x, shape, err := Read(bytes.NewReader(labels))
		require.NoError(t, err)
		require.Equal(t, []int{3}, shape)
		require.Equal(t, mat.NewDense(3, 1, []float64{5, 0, 4}), x)
	}
	for kind, c := range map[byte]struct {
		elements []byte
		want     float64
	}{
		0x09: {[]byte{0xff}, -1},
		0x0b: {[]byte{0xff, 0xfe}, -2},
		0x0c: {[]byte{0xff, 0xff, 0xff, 0xfd}, -3},
		0x0d: {binary.BigEndian.AppendUint32(nil, math.Float32bits(1.5)), 1.5},
		0x0e: {binary.BigEndian.AppendUint64(nil, math.Float64bits(.1)), .1},
	} {
		x, _, err := Read(bytes.NewReader(idx(kind, []uint32{1, 1}, c.elements)))
		require.NoError(t, err)
		require.Equal(t, c.want, x.At(0, 0))
	}
}

func gzipped(b []byte) []byte {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write(b)
	w.Close()
	return z.Bytes()
}

func TestFaultsOfArraysAreNamed(t *testing.T) {
	eight := make([]byte, 8)
	for name, c := range map[string]struct {
		file     []byte
		sentinel error
		message  string
	}{
		"empty":                {nil, ErrFormat, `begins with "", want a .npy or an IDX file`},
		"short":                {[]byte{0, 0, 8}, ErrFormat, `begins with "\x00\x00\b"`},
		"text":                 {[]byte("a,b\n1,2\n"), ErrFormat, `begins with "a,b\n"`},
		"archive":              {[]byte("PK\x03\x04"), ErrFormat, "ReadArchive reads those of a .npz file"},
		"npy magic":            {[]byte("\x93NUMPI\x01\x00"), ErrFormat, `begins with "\x93NUMPI"`},
		"npy version":          {[]byte("\x93NUMPY\x04\x01"), ErrFormat, "version is 4.1, want 1.0, 2.0 or 3.0"},
		"npy header length":    {[]byte("\x93NUMPY\x02\x00\xff\xff\xff\xff"), ErrFormat, "header has 4294967295 bytes, want at most 65536"},
		"npy header cut":       {npyOf("{'descr': '<f8', ", nil), ErrFormat, `header goes on with "", want`},
		"npy no dict":          {npyOf("[]", nil), ErrFormat, `header goes on with "[]", want {`},
		"npy key twice":        {npyOf("{'descr': '<f8', 'descr': '<f8'}", nil), ErrFormat, "want each of 'descr', 'fortran_order' and 'shape' once"},
		"npy key missing":      {npyOf("{'descr': '<f8', 'shape': (1,)}", eight), ErrFormat, "want 'descr', 'fortran_order' and 'shape'"},
		"npy other key":        {npyOf("{'order': 1}", nil), ErrFormat, "want the value of order"},
		"npy order":            {npyOf("{'fortran_order': 1}", nil), ErrFormat, `goes on with "1}", want the value of fortran_order`},
		"npy shape":            {npy("<f8", "(1, -1)", eight), ErrFormat, "want the value of shape"},
		"npy no tuple":         {npy("<f8", "(1)", eight), ErrFormat, "want the value of shape"},
		"npy huge axis":        {npy("<f8", "(99999999999999999999,)", eight), ErrFormat, "want the value of shape"},
		"npy commas":           {npy("<f8", "(1 1)", eight), ErrFormat, "want the value of shape"},
		"npy comma":            {npyOf("{'descr': '<f8' 'shape': (1,)}", eight), ErrFormat, "want a comma or }"},
		"npy tail":             {npyOf("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), } 5", eight), ErrFormat, `goes on with "5", want nothing after }`},
		"npy object":           {npy("|O", "(1,)", eight), ErrType, `type of elements is "O"`},
		"npy no type":          {npy("", "(1,)", eight), ErrType, "type of elements is empty"},
		"npy type of 16 bytes": {npy("<f16", "(1,)", eight), ErrType, `type of elements is "f16"`},
		"npy zero":             {npy("<f8", "(3, 0)", nil), ErrShape, "shape is [3 0], want at least one element on each axis"},
		"npy product":          {npy("<f8", "(2147483647, 2147483647, 4)", eight), ErrShape, "shape is [2147483647 2147483647 4], want fewer elements"},
		"npy product of bytes": {npy("<i1", fmt.Sprintf("(%d,)", math.MaxInt/8+1), eight), ErrShape, "want fewer elements"},
		"npy truncated":        {npy("<f8", "(2, 1)", eight), ErrLength, "ends after 8 of the 16 bytes of its elements"},
		"npy goes on":          {npy("<f4", "(1,)", eight), ErrLength, "goes on after the 4 bytes of its elements"},
		"npy beyond wholes":    {npy("<u8", "(1,)", []byte{0, 0, 0, 0, 0, 0, 32, 0}), ErrRange, "row 0, column 0 is 9007199254740992 or near it"},
		"IDX type":             {idx(0x0a, []uint32{1}, eight), ErrType, "IDX type of elements is 0x0a"},
		"IDX axes":             {idx(0x08, nil, eight), ErrFormat, "IDX number of axes is 0"},
		"IDX header cut":       {idx(0x08, []uint32{5, 5}, nil)[:9], ErrLength, "ends within its header"},
		"IDX zero":             {idx(0x08, []uint32{5, 0}, nil), ErrShape, "shape is [5 0]"},
		"IDX product":          {idx(0x08, []uint32{1 << 30, 1 << 30, 1 << 30}, eight), ErrShape, "want fewer elements"},
		"IDX truncated":        {idx(0x08, []uint32{60000, 28, 28}, eight), ErrLength, "ends after 8 of the 47040000 bytes of its elements"},
		"IDX goes on":          {idx(0x08, []uint32{2, 2}, eight), ErrLength, "goes on after the 4 bytes of its elements"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, file := range [][]byte{c.file, gzipped(c.file)} {
				x, shape, err := Read(bytes.NewReader(file))
				require.ErrorIs(t, err, c.sentinel)
				require.ErrorContains(t, err, "array: Read: ")
				require.ErrorContains(t, err, c.message)
				require.Nil(t, x)
				require.Nil(t, shape)
			}
		})
	}
}

func TestFilesCutAtAnyByteAreErrors(t *testing.T) {
	for _, file := range [][]byte{npy("<f8", "(2, 3)", make([]byte, 48)), idx(8, []uint32{2, 3, 4}, make([]byte, 24)), gzipped(idx(8, []uint32{2, 3, 4}, make([]byte, 24)))} {
		_, _, err := Read(bytes.NewReader(file))
		require.NoError(t, err)
		for n := range file {
			_, _, err := Read(bytes.NewReader(file[:n]))
			require.Error(t, err, "cut at byte %d of %d", n, len(file))
		}
		broken := errors.New("broken")
		_, _, err = Read(io.MultiReader(bytes.NewReader(file[:len(file)-2]), iotest.ErrReader(broken)))
		require.ErrorIs(t, err, broken)
	}
}

func TestAHeaderAloneAllocatesNothing(t *testing.T) {
	for _, file := range [][]byte{npy("<f8", "(100000000, 1)", make([]byte, 80)), idx(14, []uint32{100_000_000}, make([]byte, 80))} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := Read(bytes.NewReader(file))
		runtime.ReadMemStats(&after)
		require.ErrorIs(t, err, ErrLength)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4<<20))
	}
}

func TestErrorsNameTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.npy")
	require.NoError(t, os.WriteFile(path, npy("<f8", "(2,)", nil), 0o644))
	_, _, err := ReadFile(path)
	require.EqualError(t, err, "array: Read: "+path+": ends after 0 of the 16 bytes of its elements: wrong length")
	_, _, err = ReadFile(filepath.Join(t.TempDir(), "none.npy"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestReadGivesBackWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, c := rapid.IntRange(1, 9).Draw(t, "rows"), rapid.IntRange(1, 9).Draw(t, "columns")
		want := mat.NewDense(r, c, rapid.SliceOfN(rapid.Float64(), r*c, r*c).Draw(t, "elements"))
		var file bytes.Buffer
		require.NoError(t, Write(&file, want))
		require.Zero(t, (file.Len()-8*r*c)%64, "elements are aligned")
		got, shape, err := Read(&file)
		require.NoError(t, err)
		require.Equal(t, []int{r, c}, shape)
		require.Equal(t, want, got)

		require.NoError(t, Write(&file, want.T()))
		got, _, err = Read(&file)
		require.NoError(t, err)
		require.True(t, mat.Equal(want.T(), got))
	})
	require.ErrorIs(t, Write(io.Discard, &mat.Dense{}), ErrShape)
}

// Elements of more than one block keep their order.
func TestLargeFilesAreRead(t *testing.T) {
	const rows, columns = 300, 1000
	want := mat.NewDense(rows, columns, nil)
	want.Apply(func(i, j int, _ float64) float64 { return float64(i*columns + j) }, want)
	var file bytes.Buffer
	require.NoError(t, Write(&file, want))
	got, _, err := Read(bytes.NewReader(file.Bytes()))
	require.NoError(t, err)
	require.Equal(t, want, got)
	turned := bytes.Replace(file.Bytes(), []byte("False"), []byte("True "), 1)
	turned = bytes.Replace(turned, []byte("(300, 1000)"), []byte("(1000, 300)"), 1)
	got, _, err = Read(bytes.NewReader(turned))
	require.NoError(t, err)
	require.True(t, mat.Equal(want.T(), got))
}

// What a file names itself was in errors as long as it was, up to a header of 64 KiB or
// twenty names of an archive.
func TestErrorsOfLongHeadersAreShort(t *testing.T) {
	long := strings.Repeat("long", 10_000)
	axes := make([]uint32, 255)
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	for i := range 30 {
		_, err := z.Create(fmt.Sprintf("%s%d.npy", long, i))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	for want, file := range map[string][]byte{
		"want the value of":         npyOf("{'descr': '<f8', '"+long+"': 3}", nil),
		"type of elements is":       npy("<"+long, "(1,)", nil),
		"at least one element on":   npy("<f8", "("+strings.Repeat("1,", 10_000)+"0,)", nil),
		"want fewer elements":       npy("<f8", "("+strings.Repeat("9999999,", 5_000)+")", nil),
		"at least one element on e": idx(8, axes, nil),
		"want one of":               archive.Bytes(),
	} {
		_, _, err := Read(bytes.NewReader(file))
		if want == "want one of" {
			_, _, err = readArchive(bytes.NewReader(file), int64(len(file)), "x")
		}
		require.ErrorContains(t, err, want)
		require.Less(t, len(err.Error()), 2000, want)
	}
}

// Whatever a file holds, Read returns a matrix of its shape or an error.
func FuzzRead(f *testing.F) {
	numpy, err := os.ReadFile("testdata/numpy.npz")
	require.NoError(f, err)
	archive, err := zip.NewReader(bytes.NewReader(numpy), int64(len(numpy)))
	require.NoError(f, err)
	for _, file := range archive.File {
		r, err := file.Open()
		require.NoError(f, err)
		content, err := io.ReadAll(r)
		require.NoError(f, err)
		f.Add(content)
	}
	f.Add(idx(8, []uint32{2, 2, 3}, make([]byte, 12)))
	f.Add(idx(0x0e, []uint32{1 << 31, 1 << 31}, make([]byte, 12)))
	f.Add(gzipped(idx(8, []uint32{2}, []byte{1, 2})))
	f.Add(numpy[:200])
	f.Fuzz(func(t *testing.T, file []byte) {
		x, shape, err := Read(bytes.NewReader(file))
		if err != nil {
			require.Nil(t, x)
			return
		}
		n := 1
		for _, a := range shape {
			n *= a
		}
		r, c := x.Dims()
		require.Equal(t, n, r*c)
		if len(shape) > 0 {
			require.Equal(t, shape[0], r)
		}
	})
}

func FuzzReadArchive(f *testing.F) {
	numpy, err := os.ReadFile("testdata/numpy.npz")
	require.NoError(f, err)
	f.Add(numpy)
	f.Fuzz(func(t *testing.T, file []byte) {
		x, _, err := readArchive(bytes.NewReader(file), int64(len(file)), "vector")
		require.Equal(t, err != nil, x == nil)
	})
}

func BenchmarkReadIDX(b *testing.B) {
	file := idx(8, []uint32{10_000, 28, 28}, make([]byte, 10_000*28*28))
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		_, _, err := Read(bytes.NewReader(file))
		require.NoError(b, err)
	}
}
