package figure

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Save draws the picture as WritePNG does and writes it to the file path. A file
// that is there is written over and keeps its mode, a link is followed, and a
// pipe or a device is written to as it is. Nothing is touched when the picture
// cannot be drawn.
func Save(path string, rows [][]Panel, width, height int) error {
	return save(path, func(w io.Writer) error { return WritePNG(w, rows, width, height) })
}

// SaveGIF writes the animation to the file path in the same way.
func SaveGIF(path string, a *Animation) error { return save(path, a.WriteGIF) }

// save writes what write does to the file path.
func save(path string, write func(io.Writer) error) error {
	var picture bytes.Buffer
	err := write(&picture)
	if err == nil {
		err = os.WriteFile(path, picture.Bytes(), 0o666)
	}
	if err != nil {
		return fmt.Errorf("figure: cannot write %s: %w", path, err)
	}
	return nil
}

// Writable returns the error that Save would meet at path for want of a
// directory or of permission, so that a long job can fail before it starts. It
// leaves no file behind.
func Writable(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil // opening a pipe would wait for its reader
	}
	created := errors.Is(err, fs.ErrNotExist)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return fmt.Errorf("figure: cannot write %s: %w", path, err)
	}
	f.Close()
	if !created {
		return nil
	}
	made, err := filepath.EvalSymlinks(path) // the file, not a link to it
	if err != nil {
		return fmt.Errorf("figure: cannot write %s: %w", path, err)
	}
	return os.Remove(made)
}
