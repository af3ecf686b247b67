package images

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/dataset/rows"
)

// grey returns a grey PNG file of one shade.
func grey(t testing.TB, height, width int, shade uint8) []byte {
	img := image.NewGray(image.Rect(0, 0, width, height))
	for i := range img.Pix {
		img.Pix[i] = shade
	}
	return encoded(t, img)
}

func encoded(t testing.TB, img image.Image) []byte {
	var file bytes.Buffer
	require.NoError(t, png.Encode(&file, img))
	return file.Bytes()
}

func files(of map[string][]byte) fstest.MapFS {
	m := fstest.MapFS{}
	for name, b := range of {
		m[name] = &fstest.MapFile{Data: b}
	}
	return m
}

func TestFoldersAreClasses(t *testing.T) {
	dir := t.TempDir()
	for name, shade := range map[string]uint8{"b/2.png": 255, "b/1.PNG": 51, "a/x/deep.png": 0, "a/y.png": 102, ".hidden/1.png": 1} {
		name = filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o777))
		require.NoError(t, os.WriteFile(name, grey(t, 1, 2, shade), 0o666))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a", "README.txt"), nil, 0o666))
	f, err := Open(dir, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b"}, f.Classes)
	require.Equal(t, Format{Height: 1, Width: 2, Channels: 1, Shades: 256, Low: -1, High: 1}, f.Format)
	require.Equal(t, "a/x/deep.png", f.Path(0))
	x, labels, err := rows.Read(f)
	require.NoError(t, err)
	require.Equal(t, []float64{-1, -1, f.Format.Value(102), f.Format.Value(102), f.Format.Value(51), f.Format.Value(51), 1, 1}, x.RawMatrix().Data)
	require.Equal(t, []float64{0, 0, 1, 1}, labels.RawMatrix().Data)

	require.NoError(t, os.Symlink(filepath.Join(dir, "b"), filepath.Join(dir, "c")))
	linked, err := Open(dir, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "c"}, linked.Classes)
	require.Equal(t, 6, linked.Len())

	flat, err := Open(filepath.Join(dir, "b"), &Settings{Low: 0, High: 255})
	require.NoError(t, err)
	x, labels, err = rows.Read(flat)
	require.NoError(t, err)
	require.Nil(t, labels)
	require.Equal(t, []float64{51, 51, 255, 255}, x.RawMatrix().Data)
}

func TestColoursAreKept(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 1, 1))
	img.SetNRGBA(0, 0, color.NRGBA{10, 20, 30, 255})
	see := image.NewNRGBA(image.Rect(0, 0, 1, 1))
	see.SetNRGBA(0, 0, color.NRGBA{10, 20, 30, 40})
	palette := image.NewPaletted(image.Rect(0, 0, 1, 1), color.Palette{color.NRGBA{1, 2, 3, 255}})
	deep := image.NewGray16(image.Rect(0, 0, 1, 1))
	deep.SetGray16(0, 0, color.Gray16{0x4d12})
	of := func(b []byte, s Settings) ([]float64, error) {
		s.High = 255
		f, err := OpenFS(files(map[string][]byte{"1.png": b}), &s)
		require.NoError(t, err)
		x, _, err := rows.Read(f)
		if err != nil {
			return nil, err
		}
		return x.RawMatrix().Data, nil
	}
	for _, c := range []struct {
		file     []byte
		channels int
		want     []float64
	}{
		{encoded(t, img), 0, []float64{10, 20, 30}}, {encoded(t, img), 4, []float64{10, 20, 30, 255}}, {encoded(t, img), 1, []float64{18}},
		{encoded(t, see), 4, []float64{10, 20, 30, 40}}, {encoded(t, palette), 0, []float64{1, 2, 3}},
		{encoded(t, deep), 0, []float64{0x4d}}, {encoded(t, deep), 3, []float64{0x4d, 0x4d, 0x4d}},
	} {
		got, err := of(c.file, Settings{Channels: c.channels})
		require.NoError(t, err)
		require.Equal(t, c.want, got)
	}
	_, err := of(encoded(t, see), Settings{})
	require.ErrorIs(t, err, ErrShape)
	require.ErrorContains(t, err, "images: Row: 1.png: pixel in line 0, column 0 has alpha 40, want 255")
}

func TestSizesAreMadeToAgreeOnlyWhenAsked(t *testing.T) {
	wide := image.NewGray(image.Rect(0, 0, 4, 2))
	for i := range wide.Pix {
		wide.Pix[i] = uint8(10 * i)
	}
	dir := files(map[string][]byte{"1.png": grey(t, 2, 2, 9), "2.png": encoded(t, wide)})
	_, err := OpenFS(dir, nil)
	require.ErrorIs(t, err, ErrShape)
	require.EqualError(t, err, "images: OpenFS: 2.png: image has 2×4 pixels (height×width), want 2×2; Settings.Fit crops or resamples: wrong shape")
	second := func(s Settings) []float64 {
		s.High = 255
		f, err := OpenFS(dir, &s)
		require.NoError(t, err)
		x, _, err := rows.Read(f)
		require.NoError(t, err)
		return x.RawRowView(1)
	}
	require.Equal(t, []float64{10, 20, 50, 60}, second(Settings{Fit: CropCentre}))
	require.Equal(t, []float64{10, 20, 50, 60}, second(Settings{Fit: Resample}))
	require.Equal(t, []float64{35}, second(Settings{Height: 1, Width: 1, Fit: Resample}), "the mean")
	require.Equal(t, []float64{10, 10, 20, 20, 10, 10, 20, 20, 50, 50, 60, 60, 50, 50, 60, 60}, second(Settings{Height: 4, Width: 4, Fit: Resample}))
	_, err = OpenFS(dir, &Settings{Height: 2, Width: 3, Fit: CropCentre})
	require.ErrorContains(t, err, "1.png: image has 2×2 pixels (height×width), want at least 2×3, or Fit: Resample")
}

// The means of 16 bits lost the lower 8: nearly black was black.
func TestMeansAreTheNearestShade(t *testing.T) {
	grey, clear := image.NewGray(image.Rect(0, 0, 2, 2)), image.NewNRGBA(image.Rect(0, 0, 2, 1))
	clear.SetNRGBA(0, 0, color.NRGBA{201, 100, 7, 4})
	for _, base := range []uint8{0, 30, 128, 251} {
		for _, c := range []struct {
			more [4]uint8
			want uint8
		}{{[4]uint8{0, 1, 1, 1}, 1}, {[4]uint8{0, 0, 0, 1}, 0}, {[4]uint8{0, 1, 4, 4}, 2}, {[4]uint8{3, 3, 4, 4}, 4}} {
			for i, v := range c.more {
				grey.Pix[i] = base + v
			}
			require.Equal(t, color.NRGBA{base + c.want, base + c.want, base + c.want, 255}, color.NRGBAModel.Convert(Resample.apply(Format{Height: 1, Width: 1}, grey).At(0, 0)))
		}
	}
	require.Equal(t, color.NRGBA{201, 100, 7, 2}, Resample.apply(Format{Height: 1, Width: 1}, clear).At(0, 0), "of what can be seen")
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	good := grey(t, 2, 2, 1)
	for name, c := range map[string]struct {
		files map[string][]byte
		s     Settings
		is    error
		says  string
	}{
		"nothing":     {map[string][]byte{"a.txt": nil}, Settings{}, ErrShape, "has no file that ends in .png"},
		"empty class": {map[string][]byte{"a/1.png": good, "b/readme": nil}, Settings{}, ErrShape, "b: has no file that ends in .png, want a class"},
		"both":        {map[string][]byte{"a/1.png": good, "2.png": good}, Settings{}, ErrFormat, "2.png: is beside folders with files"},
		"no PNG":      {map[string][]byte{"a.png": []byte("GIF89a, not a PNG")}, Settings{}, ErrFormat, "a.png: is no PNG file"},
		"empty file":  {map[string][]byte{"a.png": nil}, Settings{}, ErrFormat, "a.png: ends before"},
		"cut head":    {map[string][]byte{"a.png": good[:20]}, Settings{}, ErrFormat, "a.png: ends before"},
		"half a size": {map[string][]byte{"a.png": good}, Settings{Height: 2}, ErrRange, "Format: Height, Width: are 2, 0"},
		"fit":         {map[string][]byte{"a.png": good}, Settings{Fit: 9}, ErrRange, "Settings: Fit: is 9"},
		"no file":     {map[string][]byte{"a/b.png/c": nil, "d.png": good}, Settings{}, ErrShape, "a: has no file"},
		"channels":    {map[string][]byte{"a.png": good}, Settings{Channels: 2}, ErrRange, "Channels: is 2"},
		"promise":     {map[string][]byte{"a.png": promising(good, 1<<20, 1<<7)}, Settings{}, ErrFormat, "promises 128×1048576 pixels (height×width)"},
		"overflow":    {map[string][]byte{"a.png": promising(good, 1<<31-1, 1<<31-1)}, Settings{}, ErrFormat, "a.png"},
	} {
		_, err := OpenFS(files(c.files), &c.s)
		require.ErrorIs(t, err, c.is, name)
		require.ErrorContains(t, err, c.says, name)
	}
	_, err := Open(filepath.Join(t.TempDir(), "none"), nil)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "none")
}

// promising returns a PNG file with another size in its head.
func promising(file []byte, width, height uint32) []byte {
	b := bytes.Clone(file)
	head := b[12:29] // "IHDR", width, height and five more bytes
	binary.BigEndian.PutUint32(head[4:], width)
	binary.BigEndian.PutUint32(head[8:], height)
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(head))
	return b
}

func TestAFileThatChangesIsFound(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "1.png")
	require.NoError(t, os.WriteFile(name, grey(t, 2, 2, 1), 0o666))
	f, err := Open(dir, nil)
	require.NoError(t, err)
	x := make([]float64, 4)
	require.NoError(t, f.Row(0, x, nil))
	require.NoError(t, os.Truncate(name, 30))
	err = f.Row(0, x, nil)
	require.ErrorIs(t, err, ErrChanged)
	require.ErrorContains(t, err, filepath.ToSlash(name)+": has 30 bytes")
	require.NoError(t, os.Remove(name))
	require.ErrorIs(t, f.Row(0, x, nil), fs.ErrNotExist)
	require.ErrorIs(t, f.Row(1, x, nil), ErrRange)
}

// endless is a folder of n files, which are one file under n names.
type endless struct {
	fstest.MapFS
	n int
}

func (e endless) Open(name string) (fs.File, error) {
	if strings.HasSuffix(name, ".png") {
		name = "one"
	}
	return e.MapFS.Open(name)
}

func (e endless) Stat(string) (fs.FileInfo, error) { return e.MapFS.Stat("one") }

func (e endless) ReadDir(string) ([]fs.DirEntry, error) {
	info, err := e.MapFS.Stat("one")
	var list []fs.DirEntry
	for i := range e.n {
		list = append(list, entry{fs.FileInfoToDirEntry(info), fmt.Sprintf("%07d.png", i)})
	}
	return list, err
}

type entry struct {
	fs.DirEntry
	name string
}

func (e entry) Name() string { return e.name }

func TestImagesAreNotKept(t *testing.T) {
	f, err := OpenFS(endless{files(map[string][]byte{"one": grey(t, 64, 64, 100)}), 500}, nil)
	require.NoError(t, err)
	x := make([]float64, f.Format.Columns())
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range f.Len() {
		require.NoError(t, f.Row(i, x, nil))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(1<<20), "bytes held after 500 images of 32 kB a row")
	require.Equal(t, f.Format.Value(100), x[4095])
	runtime.KeepAlive(f)
}

func TestAZipIsAFolder(t *testing.T) {
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	for _, name := range []string{"cats/1.png", "dogs/1.png"} {
		e, err := w.Create(name)
		require.NoError(t, err)
		_, err = e.Write(grey(t, 2, 2, 255))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	r, err := zip.NewReader(bytes.NewReader(archive.Bytes()), int64(archive.Len()))
	require.NoError(t, err)
	f, err := OpenFS(r, nil)
	require.NoError(t, err)
	x, labels, err := rows.Read(f)
	require.NoError(t, err)
	require.Equal(t, []string{"cats", "dogs"}, f.Classes)
	require.Equal(t, 1., x.At(1, 3))
	require.Equal(t, 1., labels.At(1, 0))
}

// Whatever a file holds, it is an image of its size or an error, and memory is that of
// what it holds.
func FuzzFolder(f *testing.F) {
	for _, img := range []image.Image{image.NewGray(image.Rect(0, 0, 3, 2)), image.NewRGBA(image.Rect(0, 0, 2, 2)), image.NewNRGBA64(image.Rect(0, 0, 2, 2)), image.NewPaletted(image.Rect(0, 0, 2, 1), color.Palette{color.Black})} {
		b := encoded(f, img)
		f.Add(b)
		f.Add(b[:len(b)-20])
		f.Add(promising(b, 1<<15, 1<<15))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		d, err := OpenFS(files(map[string][]byte{"1.png": file}), &Settings{Channels: 4})
		if err != nil {
			require.Nil(t, d)
			return
		}
		require.LessOrEqual(t, d.Format.Height*d.Format.Width, 8*1040*len(file))
		x := make([]float64, d.Format.Columns())
		if d.Row(0, x, nil) == nil {
			require.NotContains(t, x, 2.)
		}
	})
}

// The name of a folder that there is not was followed by that of the place in it, ".".
func TestAFolderThatIsMissingIsNamedOnce(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "pictures")
	_, err := Open(missing, nil)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "images: Open: "+filepath.ToSlash(missing)+": ")
	require.NotContains(t, err.Error(), "open .")
	_, err = Open("", nil)
	require.ErrorIs(t, err, ErrRange)
	require.ErrorContains(t, err, `folder: is ""`)
}
