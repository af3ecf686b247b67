package checkpoint

import (
	"bytes"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// foreignTypes are types of elements that safetensors has, or may get, and this
// package does not hold, with the bytes of three elements.
var foreignTypes = map[string]int{
	"BOOL": 3, "I8": 3, "U8": 3, "F8_E4M3": 3, "F8_E5M2": 3, "F8_E8M0": 3, "I16": 6, "U16": 6, "I32": 12, "U32": 12, "C64": 24,
	"F4": 2, "F6_E2M3": 3, "C128": 48, "f32": 12, "": 5, "of tomorrow \"λ\"": 1,
}

// A file with one tensor of such a type could not be read at all, though nobody
// asked for that tensor.
func TestTensorsOfOtherTypesArePassedOver(t *testing.T) {
	for dtype, size := range foreignTypes {
		header := fmt.Sprintf(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"mask":{"dtype":%q,"shape":[3,1],"data_offsets":[4,%d]},`+
			`"none":{"dtype":%q,"shape":[0],"data_offsets":[%d,%d]},"z":{"dtype":"F16","shape":[1],"data_offsets":[%d,%d]}}`,
			dtype, 4+size, dtype, 4+size, 4+size, 4+size, 6+size)
		f, err := Read(bytes.NewReader(file(header, "\x00\x00\x80\x3f"+strings.Repeat("?", size)+"\x00\x3c")))
		require.NoError(t, err, dtype)
		require.Equal(t, []Tensor{
			{"a", []int{1}, []float32{1}}, {"mask", []int{3, 1}, Unread(dtype)}, {"none", []int{0}, Unread(dtype)}, {"z", []int{1}, []float32{1}},
		}, f.Tensors, dtype)
		require.Equal(t, dtype, f.Tensors[1].DType())

		_, err = f.Tensor("mask")
		require.ErrorIs(t, err, ErrType)
		require.ErrorContains(t, err, fmt.Sprintf(`tensor "mask" has dtype %q, want F16`, dtype))
		z, err := f.Tensor("z")
		require.NoError(t, err)
		require.Equal(t, "F32", z.DType(), "as it is held")
		_, err = f.Tensor("y")
		require.ErrorIs(t, err, ErrName)
		require.ErrorContains(t, err, `no tensor "y"`)
		require.ErrorIs(t, Write(&bytes.Buffer{}, f), ErrType)
	}
}

// What is passed over may be longer than what is read at a time.
func TestLongTensorsOfOtherTypesArePassedOver(t *testing.T) {
	const n = 5*chunk + 3
	header := fmt.Sprintf(`{"q":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]},"w":{"dtype":"F32","shape":[1],"data_offsets":[%d,%d]}}`, n, n, n, n+4)
	f, err := Read(bytes.NewReader(file(header, strings.Repeat("q", n)+"\x00\x00\x00\x40")))
	require.NoError(t, err)
	require.Equal(t, Tensor{"w", []int{1}, []float32{2}}, f.Tensors[1])
}

// Names of 512 bytes, four bytes a byte in quotes, and strings and numbers as long
// as the header stood in errors.
func TestErrorsAreBounded(t *testing.T) {
	t.Parallel()
	name := strings.Repeat(`\u0001`, MaxName)
	long := strings.Repeat("x", 1<<20)
	const ok = `"shape":[1],"data_offsets":[0,4]`
	for i, header := range []string{
		`{"` + name + `":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`,
		`{"` + name + `":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`,
		`{"` + name + `":{"dtype":"F32","shape":[` + strings.Repeat("1,", 1<<20) + `2],"data_offsets":[0,4]}}`,
		`{"` + name + `":{"dtype":"F32"}}`,
		`{"` + name + `":{"` + long + `":1}}`,
		`{"` + name + `":{"dtype":"F32",` + ok + `},"` + name + `":1}`,
		`{"x":{"dtype":"F32","shape":["` + long + `"]}}`,
		`{"x":{"dtype":"F32","shape":[` + strings.Repeat("9", 1<<20) + `]}}`,
		`{"x":{"dtype":` + strings.Repeat("9", 1<<20) + `}}`,
		`{"x":"` + long + `"}`,
		`{"x":{"dtype":"` + long + `","shape":[1],"data_offsets":[4,0]}}`,
		`{"__metadata__":{"format_version":"` + long + `","crc32c":"00000000"}}`,
		`{"__metadata__":{"format_version":"1","crc32c":"` + long + `"}}`,
		`{"__metadata__":"` + long + `"}`,
		`{"x":{"dtype":"F32",` + ok + `}}`,
	} {
		_, err := Read(bytes.NewReader(file(header, "abc")))
		require.Error(t, err, "header %d", i)
		require.Less(t, len(err.Error()), 500, "header %d", i)
	}
	f, err := Read(bytes.NewReader(file(`{"`+name+`":{"dtype":"`+long+`",`+ok+`}}`, "abcd")))
	require.NoError(t, err)
	_, err = f.Tensor(f.Tensors[0].Name)
	require.ErrorIs(t, err, ErrType)
	require.Less(t, len(err.Error()), 500)
	_, err = f.Tensor(long)
	require.Less(t, len(err.Error()), 200)

	bad := strings.Repeat("\xff", 1<<16)
	for i, f := range []File{
		{Tensors: []Tensor{{bad, []int{1}, []float32{1}}}},
		{Tensors: []Tensor{{f.Tensors[0].Name, []int{1}, 3}}},
		{Tensors: []Tensor{{f.Tensors[0].Name, []int{2}, []float32{1}}}},
		{Tensors: []Tensor{{"x", make([]int, 1<<16), []float32{1}}}},
		{Tensors: []Tensor{{"x", []int{math.MaxInt, math.MaxInt, -1, math.MinInt}, []float32{1}}}},
		{Metadata: map[string]string{bad: ""}},
	} {
		err := Write(&bytes.Buffer{}, &f)
		require.Error(t, err, "file %d", i)
		require.Less(t, len(err.Error()), 500, "file %d", i)
	}
	for _, s := range []string{"", "a", strings.Repeat("a", 96), strings.Repeat("a", 98), strings.Repeat("a", 99), long, strings.Repeat("λ", 300), bad} {
		require.LessOrEqual(t, len(quote(s)), maxQuote)
		require.True(t, strings.HasPrefix(quote(s), `"`) && strings.HasSuffix(quote(s), `"`), quote(s))
	}
}

// Links to files that do not exist yet were replaced by the file.
func TestLinkToANewFileIsFollowed(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "runs", "1")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	// runs/latest → 1, and m → latest/../2, whose .. is that of runs/1.
	require.NoError(t, os.Symlink("1", filepath.Join(top, "runs", "latest")))
	for link, to := range map[string]string{
		"plain":    filepath.Join("runs", "1", "a"),
		"absolute": filepath.Join(dir, "b"),
		"dots":     "runs/latest/../c",
		"chain":    "second",
		"second":   "runs/latest/d",
	} {
		require.NoError(t, os.Symlink(to, filepath.Join(top, link)))
	}
	for link, target := range map[string]string{"plain": "runs/1/a", "absolute": "runs/1/b", "dots": "runs/c", "chain": "runs/1/d"} {
		path := filepath.Join(top, link)
		for range 2 { // the second time the target exists
			require.NoError(t, WriteFile(path, sample()), link)
			info, err := os.Lstat(path)
			require.NoError(t, err)
			require.Equal(t, fs.ModeSymlink, info.Mode().Type(), link)
			info, err = os.Lstat(filepath.Join(top, filepath.FromSlash(target)))
			require.NoError(t, err)
			require.True(t, info.Mode().IsRegular(), link)
			_, err = ReadFile(path)
			require.NoError(t, err, link)
		}
	}
	require.Equal(t, []string{"a", "b", "d"}, names(t, dir))

	require.NoError(t, os.Symlink("loop", filepath.Join(top, "loop")))
	require.ErrorIs(t, WriteFile(filepath.Join(top, "loop"), sample()), ErrNotRegular)
	require.NoError(t, os.Symlink("none/m", filepath.Join(top, "lost")))
	require.ErrorIs(t, WriteFile(filepath.Join(top, "lost"), sample()), fs.ErrNotExist)
}

// A private file was readable for everybody after the first checkpoint.
func TestPermissionsAreKept(t *testing.T) {
	dir := t.TempDir()
	for _, mode := range []fs.FileMode{0o600, 0o640, 0o400, 0o666, 0o755} {
		path := filepath.Join(dir, mode.String())
		require.NoError(t, WriteFile(path, sample()))
		require.NoError(t, os.Chmod(path, mode))
		for range 2 {
			require.NoError(t, WriteFile(path, sample()))
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.Equal(t, mode, info.Mode())
		}
	}
	fresh := filepath.Join(dir, "fresh")
	require.NoError(t, WriteFile(fresh, sample()))
	plain := filepath.Join(dir, "plain")
	require.NoError(t, os.WriteFile(plain, nil, 0o666))
	a, err := os.Stat(fresh)
	require.NoError(t, err)
	b, err := os.Stat(plain)
	require.NoError(t, err)
	require.Equal(t, b.Mode(), a.Mode(), "a new file has what the umask leaves")
}

// A tensor of nine dimensions, which the format allows, made the whole file
// unreadable.
func TestTensorsHaveAnyRank(t *testing.T) {
	for _, rank := range []int{9, 40, 1000} {
		shape := slices.Repeat([]int{1}, rank)
		shape[3] = 2
		want := []Tensor{{"a", []int{1}, []float32{1}}, {"deep", shape, []float32{2, 3}}}
		var b bytes.Buffer
		require.NoError(t, Write(&b, &File{Tensors: want}))
		f, err := Read(&b)
		require.NoError(t, err)
		require.Equal(t, want, f.Tensors)

		text := strings.Join(strings.Fields(fmt.Sprint(shape)), ",")
		f, err = Read(bytes.NewReader(file(`{"mask":{"dtype":"BOOL","shape":`+text+`,"data_offsets":[0,2]}}`, "??")))
		require.NoError(t, err)
		require.Equal(t, []Tensor{{"mask", shape, Unread("BOOL")}}, f.Tensors)
	}
}
