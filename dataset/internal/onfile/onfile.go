// Package onfile reads files that have to stay as they are while they are open.
package onfile

import (
	"fmt"
	"io/fs"
	"os"
)

// File is an open file that is read in place.
type File struct {
	f       *os.File
	info    fs.FileInfo
	changed error
}

// Open opens a regular file. Errors for what happens to it later wrap changed.
func Open(path string, changed error) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: is %s, want a regular file", path, kind(info))
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &File{f, info, changed}, nil
}

func kind(info fs.FileInfo) string {
	if info.IsDir() {
		return "a folder"
	}
	return "a pipe or a device"
}

// Size returns the size of the file when it was opened.
func (f *File) Size() int64 { return f.info.Size() }

// ReadAt implements io.ReaderAt. It returns an error wrapping that of Open when the file
// has another size or time than when it was opened.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	now, err := f.f.Stat()
	if err != nil {
		return 0, err
	}
	if now.Size() != f.info.Size() || !now.ModTime().Equal(f.info.ModTime()) {
		return 0, fmt.Errorf("%s: has %d bytes of %s, want %d of %s as when it was opened: %w", f.f.Name(),
			now.Size(), now.ModTime().UTC().Format(layout), f.info.Size(), f.info.ModTime().UTC().Format(layout), f.changed)
	}
	n, err := f.f.ReadAt(p, off)
	if err != nil && n < len(p) {
		return n, err
	}
	return n, nil
}

const layout = "2006-01-02 15:04:05.000"

// Close closes the file.
func (f *File) Close() error { return f.f.Close() }
