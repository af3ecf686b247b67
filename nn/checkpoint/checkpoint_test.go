package checkpoint

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func sample() *File {
	return &File{
		Tensors: []Tensor{
			{"w", []int{2, 3}, []float32{1, -2, 0.5, float32(math.Inf(1)), math.SmallestNonzeroFloat32, 7}},
			{"none", []int{0, 5}, []float64{}},
			{"a \"b\" <λ>", []int{}, []float64{math.Pi}},
			{"step", []int{2}, []int64{math.MinInt64, 12}},
			{"seed", []int{1, 1}, []uint64{math.MaxUint64}},
		},
		Metadata: map[string]string{"process": `{"kind":"VP"}`, "a": "", "zoë": "\x00\n"},
	}
}

func encode(t testing.TB, f *File) []byte {
	var b bytes.Buffer
	require.NoError(t, Write(&b, f))
	return b.Bytes()
}

// file puts a header and data together as another program would.
func file(header, data string) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), data...)
}

func TestReadReturnsWhatWriteWrote(t *testing.T) {
	big := make([]float64, 3*chunk+1)
	for i := range big {
		big[i] = float64(i) * math.Sqrt2
	}
	f := sample()
	f.Tensors = append(f.Tensors, Tensor{"big", []int{3*chunk + 1, 1}, big})
	b := encode(t, f)
	f.Version = Version
	for name, r := range map[string]io.Reader{
		"whole":    bytes.NewReader(b),
		"one byte": iotest.OneByteReader(bytes.NewReader(b)),
		"data EOF": iotest.DataErrReader(bytes.NewReader(b)),
		"limited":  io.LimitReader(struct{ io.Reader }{bytes.NewReader(b)}, int64(len(b))),
	} {
		got, err := Read(r)
		require.NoError(t, err, name)
		require.Equal(t, f, got, name)
	}
	empty := &File{}
	got, err := Read(bytes.NewReader(encode(t, empty)))
	require.NoError(t, err)
	require.Empty(t, got.Tensors)
	require.Empty(t, got.Metadata)
}

func TestBytesAreDeterministicAndAligned(t *testing.T) {
	b := encode(t, sample())
	for range 20 {
		require.Equal(t, b, encode(t, sample()))
	}
	for n := range 9 {
		b := encode(t, &File{Metadata: map[string]string{"pad": strings.Repeat("x", n)}})
		require.Zero(t, len(b)%8)
	}
}

// The whole file of one tensor, so that the layout cannot change unseen. The
// checksum comes from a bit-by-bit CRC-32C in Python.
func TestGoldenBytes(t *testing.T) {
	got := encode(t, &File{Tensors: []Tensor{{"w", []int{2}, []float32{1, -2}}}, Metadata: map[string]string{"k": "v"}})
	header := `{"__metadata__":{"crc32c":"3979b310","format_version":"1","k":"v"},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`
	require.Equal(t, string(file(header, "\x00\x00\x80\x3f\x00\x00\x00\xc0")), string(got))
}

// The bytes that safetensors.numpy.save_file makes: tensors by falling
// alignment and name, compact JSON, spaces up to a multiple of 8.
func TestReadsForeignFile(t *testing.T) {
	header := `{"__metadata__":{"format":"np"},` +
		`"b":{"dtype":"F64","shape":[1,2],"data_offsets":[0,16]},` +
		`"n":{"dtype":"I64","shape":[],"data_offsets":[16,24]},` +
		`"a":{"dtype":"F32","shape":[3],"data_offsets":[24,36]},` +
		`"none":{"dtype":"F32","shape":[0,4],"data_offsets":[36,36]}}    `
	data := "\x00\x00\x00\x00\x00\x00\xf8\x3f\x00\x00\x00\x00\x00\x00\x00\xc0" +
		"\xfe\xff\xff\xff\xff\xff\xff\xff" +
		"\x00\x00\x80\x3f\x00\x00\x00\x40\x00\x00\x20\xc1"
	f, err := Read(bytes.NewReader(file(header, data)))
	require.NoError(t, err)
	require.Equal(t, &File{
		Tensors: []Tensor{
			{"b", []int{1, 2}, []float64{1.5, -2}},
			{"n", []int{}, []int64{-2}},
			{"a", []int{3}, []float32{1, 2, -10}},
			{"none", []int{0, 4}, []float32{}},
		},
		Metadata: map[string]string{"format": "np"},
	}, f)
	require.Zero(t, f.Version, "a file without a checksum must be told from one with it")

	// Tensors need not be listed in the order of their data.
	f, err = Read(bytes.NewReader(file(`{"y":{"data_offsets":[4,8],"dtype":"F32","shape":[1]},"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, "\x00\x00\x80\x3f\x00\x00\x00\x40")))
	require.NoError(t, err)
	require.Equal(t, []Tensor{{"x", []int{1}, []float32{1}}, {"y", []int{1}, []float32{2}}}, f.Tensors)
}

func TestEveryTruncationIsRefused(t *testing.T) {
	b := encode(t, sample())
	for n := range b {
		_, err := Read(bytes.NewReader(b[:n]))
		require.ErrorIs(t, err, ErrCorrupt, "first %d bytes", n)
	}
	_, err := Read(io.LimitReader(bytes.NewReader(b), int64(len(b)-1)))
	require.ErrorIs(t, err, ErrCorrupt)
	_, err = Read(bytes.NewReader(append(b, 0)))
	require.ErrorIs(t, err, ErrCorrupt, "trailing byte")
}

func TestEveryFlippedBitIsRefused(t *testing.T) {
	t.Parallel()
	b := encode(t, sample())
	for i := range b {
		for bit := range 8 {
			b[i] ^= 1 << bit
			f, err := Read(bytes.NewReader(b))
			require.Error(t, err, "byte %d bit %d", i, bit)
			require.Nil(t, f)
			known := errors.Is(err, ErrCorrupt) || errors.Is(err, ErrVersion) || errors.Is(err, ErrShape) || errors.Is(err, ErrType)
			require.True(t, known, "byte %d bit %d: %v", i, bit, err)
			b[i] ^= 1 << bit
		}
	}
}

func TestHostileHeadersAreRefused(t *testing.T) {
	t.Parallel()
	const ok = `"data_offsets":[0,4]`
	tensor := func(s string) string { return `{"x":{` + s + `}}` }
	length := func(n uint64, s string) []byte { return append(binary.LittleEndian.AppendUint64(nil, n), s...) }
	var many strings.Builder
	for i := range MaxTensors + 1 {
		fmt.Fprintf(&many, `"%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},`, i)
	}
	entries := strings.TrimSuffix(many.String(), ",")
	var keys strings.Builder
	for i := range MaxTensors + 1 {
		fmt.Fprintf(&keys, `"%d":"",`, i)
	}
	for _, c := range []struct {
		name string
		file []byte
		want error
		say  string
	}{
		{"empty", nil, ErrCorrupt, "header length"},
		{"length 2^63", length(1<<63, "{}"), ErrCorrupt, "9223372036854775808"},
		{"length 2^63 is above a limit", length(1<<63, "{}"), ErrLimit, "16777216"},
		{"length 2^64-1", length(math.MaxUint64, "{}"), ErrLimit, ""},
		{"length above what follows", length(MaxHeader, "{}"), ErrCorrupt, "within the header"},
		{"length 0", length(0, "{}"), ErrCorrupt, ""},
		{"10^6 entries", length(1e6*50, entries), ErrLimit, "50000000"},
		{"too many tensors", file("{"+entries+"}", ""), ErrLimit, "65536"},
		{"too many metadata keys", file(`{"__metadata__":{`+strings.TrimSuffix(keys.String(), ",")+"}}", ""), ErrLimit, "65536"},
		{"zip", []byte("PK\x03\x04\x14\x00\x00\x00\x08\x00archive/data.pkl"), ErrCorrupt, "another kind of file"},
		{"pickle", []byte("\x80\x02}q\x00(X\x06\x00\x00\x00weightq\x01"), ErrCorrupt, "another kind of file"},
		{"not JSON", file("{nonsense}", ""), ErrCorrupt, "header"},
		{"array", file("[]", ""), ErrCorrupt, ""},
		{"leading space", file(" {}", ""), ErrCorrupt, ""},
		{"trailing JSON", file("{}{}", ""), ErrCorrupt, "after the header's end"},
		{"trailing zeros", file("{}\x00\x00", ""), ErrCorrupt, "after the header's end"},
		{"unclosed", file(`{"x":{`, ""), ErrCorrupt, ""},
		{"trailing comma", file(`{"__metadata__":{},}`, ""), ErrCorrupt, ""},
		{"invalid UTF-8", file("{\"\xff\":{}}", ""), ErrCorrupt, "UTF-8"},
		{"deep nesting", file(`{"x":`+strings.Repeat("[", 1<<20), ""), ErrCorrupt, ""},
		{"metadata not strings", file(`{"__metadata__":{"a":1}}`, ""), ErrCorrupt, "want a string"},
		{"metadata twice", file(`{"__metadata__":{},"__metadata__":{}}`, ""), ErrCorrupt, "twice"},
		{"metadata key twice", file(`{"__metadata__":{"a":"1","a":"1"}}`, ""), ErrCorrupt, "twice"},
		{"tensor twice", file(`{"x":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"\u0078":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}`, ""), ErrCorrupt, "twice"},
		{"key twice", file(tensor(`"dtype":"F32","dtype":"F32","shape":[1],`+ok), "abcd"), ErrCorrupt, "twice"},
		{"key in another case", file(tensor(`"dtype":"F32","Shape":[1],`+ok), "abcd"), ErrCorrupt, "Shape"},
		{"both cases", file(tensor(`"dtype":"F32","shape":[1],"SHAPE":[9],`+ok), "abcd"), ErrCorrupt, "SHAPE"},
		{"missing key", file(tensor(`"dtype":"F32",`+ok), "abcd"), ErrCorrupt, "2 of its 3"},
		{"size differs from a half's", file(tensor(`"dtype":"F16","shape":[4],`+ok), "abcd"), ErrCorrupt, "[0, 4]"},
		{"odd half", file(tensor(`"dtype":"BF16","shape":[1],"data_offsets":[0,3]`), "abc"), ErrCorrupt, "[0, 3]"},
		{"bytes of halves wrap", file(tensor(`"dtype":"F16","shape":[9223372036854775807],"data_offsets":[0,0]`), ""), ErrShape, ""},
		{"halves cut short", file(tensor(`"dtype":"F16","shape":[2],`+ok), "abc"), ErrCorrupt, "within the data"},
		{"size differs from a flag's", file(tensor(`"dtype":"BOOL","shape":[5],`+ok), "abcd"), ErrCorrupt, "[0, 4]"},
		{"size differs from a short's", file(tensor(`"dtype":"I16","shape":[4],`+ok), "abcd"), ErrCorrupt, "[0, 4]"},
		{"unread cut short", file(tensor(`"dtype":"U8","shape":[4],`+ok), "abc"), ErrCorrupt, "within the data"},
		{"unknown type cut short", file(tensor(`"dtype":"X","shape":[1],`+ok), "abc"), ErrCorrupt, "within the data"},
		{"unknown type backwards", file(tensor(`"dtype":"X","shape":[1],"data_offsets":[4,0]`), "abcd"), ErrCorrupt, "[4, 0]"},
		{"unknown type of overflowing shape", file(tensor(`"dtype":"X","shape":[9223372036854775807,3],`+ok), "abcd"), ErrShape, ""},
		{"unknown type overlaps", file(`{"x":{"dtype":"X","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}`, "abcdab"), ErrCorrupt, "begin at 4"},
		{"dtype null", file(tensor(`"dtype":null,"shape":[1],`+ok), "abcd"), ErrCorrupt, "want a string"},
		{"negative dimension", file(tensor(`"dtype":"F32","shape":[-1],`+ok), "abcd"), ErrCorrupt, "-1"},
		{"fraction", file(tensor(`"dtype":"F32","shape":[1.0],`+ok), "abcd"), ErrCorrupt, "1.0"},
		{"string dimension", file(tensor(`"dtype":"F32","shape":["1"],`+ok), "abcd"), ErrCorrupt, ""},
		{"dimension above 64 bits", file(tensor(`"dtype":"F32","shape":[18446744073709551617],`+ok), "abcd"), ErrCorrupt, "18446744073709551617"},
		{"dimension above int", file(tensor(`"dtype":"F32","shape":[9223372036854775808],`+ok), "abcd"), ErrShape, "9223372036854775808"},
		{"product wraps to 1", file(tensor(`"dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0]`), ""), ErrShape, ""},
		{"product wraps", file(tensor(`"dtype":"F32","shape":[2147483649,2147483647,4],`+ok), "abcd"), ErrShape, ""},
		{"bytes wrap", file(tensor(`"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]`), ""), ErrShape, ""},
		{"rank 9", file(tensor(`"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],`+ok), "abcd"), ErrCorrupt, "[1 1 1 1 1 1 1 1 …] of 9 dimensions"},
		{"long name", file(`{"`+strings.Repeat("n", MaxName+1)+`":{"dtype":"F32","shape":[1],`+ok+`}}`, "abcd"), ErrLimit, "513"},
		{"one offset", file(tensor(`"dtype":"F32","shape":[1],"data_offsets":[4]`), "abcd"), ErrCorrupt, "data_offsets"},
		{"three offsets", file(tensor(`"dtype":"F32","shape":[1],"data_offsets":[0,4,4]`), "abcd"), ErrCorrupt, "data_offsets"},
		{"offsets backwards", file(tensor(`"dtype":"F32","shape":[1],"data_offsets":[4,0]`), "abcd"), ErrCorrupt, "[4, 0]"},
		{"offsets that wrap", file(tensor(`"dtype":"F32","shape":[1],"data_offsets":[18446744073709551612,0]`), "abcd"), ErrCorrupt, ""},
		{"size differs from shape", file(tensor(`"dtype":"F32","shape":[2],`+ok), "abcd"), ErrCorrupt, "[0, 4]"},
		{"size of zero for one element", file(tensor(`"dtype":"F32","shape":[1],"data_offsets":[0,0]`), ""), ErrCorrupt, ""},
		{"leading gap", file(tensor(`"dtype":"F32","shape":[1],"data_offsets":[4,8]`), "abcdabcd"), ErrCorrupt, "begin at 0"},
		{"gap", file(`{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}`, "abcdabcdabcd"), ErrCorrupt, "begin at 4"},
		{"overlap", file(`{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, "abcdabcd"), ErrCorrupt, "begin at 8"},
		{"same bytes twice", file(`{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, "abcd"), ErrCorrupt, "begin at 4"},
		{"empty tensor inside another", file(`{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[0],"data_offsets":[2,2]}}`, "abcd"), ErrCorrupt, "begin at 4"},
		{"trailing bytes", file(tensor(`"dtype":"F32","shape":[1],`+ok), "abcde"), ErrCorrupt, "after the last tensor"},
		{"newer version", file(`{"__metadata__":{"format_version":"2","crc32c":"00000000"}}`, ""), ErrVersion, "2"},
		{"version 0", file(`{"__metadata__":{"format_version":"0","crc32c":"00000000"}}`, ""), ErrCorrupt, ""},
		{"version 01", file(`{"__metadata__":{"format_version":"01","crc32c":"00000000"}}`, ""), ErrCorrupt, "01"},
		{"version without checksum", file(`{"__metadata__":{"format_version":"1"}}`, ""), ErrCorrupt, "only one"},
		{"checksum without version", file(`{"__metadata__":{"crc32c":"00000000"}}`, ""), ErrCorrupt, "only one"},
		{"wrong checksum", file(`{"__metadata__":{"format_version":"1","crc32c":"00000000"}}`, ""), ErrCorrupt, "the file says 00000000"},
		{"upper-case checksum", file(`{"__metadata__":{"format_version":"1","crc32c":"ABCDEF01"}}`, ""), ErrCorrupt, "ABCDEF01"},
		{"escaped checksum", file(`{"__metadata__":{"format_version":"1","crc32c":"\u00300000000"}}`, ""), ErrCorrupt, "00000000"},
		{"short checksum", file(`{"__metadata__":{"format_version":"1","crc32c":""}}`, ""), ErrCorrupt, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := Read(bytes.NewReader(c.file))
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, c.say)
			require.Nil(t, f)
		})
	}
}

func TestLimitsThemselvesAreAccepted(t *testing.T) {
	t.Parallel()
	f := &File{Tensors: []Tensor{{strings.Repeat("n", MaxName), []int{1, 1, 1, 1, 1, 1, 1, 1}, []float32{1}}}}
	for i := len(f.Tensors); i < MaxTensors; i++ {
		f.Tensors = append(f.Tensors, Tensor{fmt.Sprint(i), []int{0}, []int64{}})
	}
	got, err := Read(bytes.NewReader(encode(t, f)))
	require.NoError(t, err)
	require.Len(t, got.Tensors, MaxTensors)
	require.Equal(t, f.Tensors[:3], got.Tensors[:3])
}

func TestClaimsAllocateNothing(t *testing.T) {
	for name, b := range map[string][]byte{
		"header": append(binary.LittleEndian.AppendUint64(nil, MaxHeader), '{'),
		"data":   file(`{"x":{"dtype":"F64","shape":[100000000],"data_offsets":[0,800000000]}}`, "abcd"),
		"unread": file(`{"x":{"dtype":"X","shape":[1],"data_offsets":[0,9223372036854775807]}}`, "abcd"),
		"halves": file(`{"x":{"dtype":"BF16","shape":[100000000],"data_offsets":[0,200000000]}}`, "abcd"),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Read(bytes.NewReader(b))
		runtime.ReadMemStats(&after)
		require.ErrorIs(t, err, ErrCorrupt, name)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20), name)
	}
}

func TestErrorsOfTheReaderStayThemselves(t *testing.T) {
	disk := errors.New("disk on fire")
	b := encode(t, sample())
	for _, n := range []int{0, 4, 100, len(b) - 4, len(b)} {
		_, err := Read(io.MultiReader(bytes.NewReader(b[:n]), iotest.ErrReader(disk)))
		require.ErrorIs(t, err, disk, "after %d bytes", n)
		require.NotErrorIs(t, err, ErrCorrupt, "after %d bytes", n)
	}
}

func TestWriteRefusesWhatReadWould(t *testing.T) {
	x := func(name string, shape []int, data any) []Tensor { return []Tensor{{name, shape, data}} }
	one := []float32{1}
	for _, c := range []struct {
		name string
		file File
		want error
		say  string
	}{
		{"too few elements", File{Tensors: x("w", []int{2}, one)}, ErrShape, "[2]"},
		{"negative dimension", File{Tensors: x("w", []int{-1}, one)}, ErrShape, "-1"},
		{"product overflows", File{Tensors: x("w", []int{math.MaxInt, math.MaxInt, 0}, []float32{})}, ErrShape, "overflows"},
		{"rank", File{Tensors: x("w", make([]int, 9), one)}, ErrShape, "[0 0 0 0 0 0 0 0 …] of 9 dimensions"},
		{"type", File{Tensors: x("w", []int{1}, []int{1})}, ErrType, "[]int"},
		{"unread", File{Tensors: x("w", []int{1}, Unread("BOOL"))}, ErrType, "checkpoint.Unread"},
		{"no data", File{Tensors: x("w", []int{0}, nil)}, ErrType, "<nil>"},
		{"reserved name", File{Tensors: x("__metadata__", []int{1}, one)}, ErrName, "__metadata__"},
		{"name not UTF-8", File{Tensors: x("\xff", []int{1}, one)}, ErrName, `\xff`},
		{"long name", File{Tensors: x(strings.Repeat("n", 513), []int{1}, one)}, ErrLimit, "513"},
		{"name twice", File{Tensors: append(x("w", []int{1}, one), x("w", []int{1}, one)...)}, ErrName, "twice"},
		{"too many", File{Tensors: make([]Tensor, MaxTensors+1)}, ErrLimit, "65537"},
		{"reserved metadata", File{Metadata: map[string]string{"crc32c": "1"}}, ErrName, "crc32c"},
		{"metadata not UTF-8", File{Metadata: map[string]string{"a": "\xff"}}, ErrName, `"a"`},
		{"header", File{Metadata: map[string]string{"a": strings.Repeat("x", MaxHeader)}}, ErrLimit, "16777216"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b bytes.Buffer
			err := Write(&b, &c.file)
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, c.say)
			require.Zero(t, b.Len(), "nothing is written before the content is checked")
			path := filepath.Join(t.TempDir(), "m")
			require.ErrorIs(t, WriteFile(path, &c.file), c.want)
			left, err := os.ReadDir(filepath.Dir(path))
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add(encode(f, sample()))
	f.Add(encode(f, &File{}))
	f.Add(file(`{}`, ""))
	f.Add(file(`{"__metadata__":{"format":"pt"},"x":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"e":{"dtype":"I64","shape":[0],"data_offsets":[8,8]}}`, "abcdefgh"))
	f.Add(file(`{"h":{"dtype":"F16","shape":[3],"data_offsets":[0,6]},"b":{"dtype":"BF16","shape":[1],"data_offsets":[6,8]}}`, "abcdefgh"))
	f.Add(file(`{"x":{"dtype":"F64","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, ""))
	f.Add([]byte("PK\x03\x04"))
	f.Add(file(`{"m":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]},"q":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[3,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, "abcdefgh"))
	f.Add(file(`{"c":{"dtype":"C64","shape":[1],"data_offsets":[0,8]},"n":{"dtype":"NEW","shape":[9],"data_offsets":[8,9]}}`, "abcdefghi"))
	f.Add(file(`{"x":{"dtype":"X","shape":[],"data_offsets":[0,9223372036854775807]}}`, ""))
	f.Add(file(`{"`+strings.Repeat("\u00ff", MaxName/2)+`":{"dtype":"`+strings.Repeat("D", 300)+`","shape":[1],"data_offsets":[1,0]}}`, ""))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := Read(bytes.NewReader(b))
		if err != nil {
			require.Nil(t, got)
			require.Less(t, len(err.Error()), 1000)
			return
		}
		got.Tensors = slices.DeleteFunc(got.Tensors, func(t Tensor) bool { _, unread := t.Data.(Unread); return unread })
		again := encode(t, got)
		back, err := Read(bytes.NewReader(again))
		require.NoError(t, err)
		require.Equal(t, again, encode(t, back))
		require.Equal(t, len(got.Tensors), len(back.Tensors))
	})
}
