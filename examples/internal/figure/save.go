package figure

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Save writes the picture to the file path, whole or not at all. A pipe or a
// device is written to as it is.
func Save(path string, rows [][]Panel, width, height int) error {
	return save(path, func(w io.Writer) error { return WritePNG(w, rows, width, height) })
}

// SaveGIF writes the animation to the file path in the same way.
func SaveGIF(path string, a *Animation) error { return save(path, a.WriteGIF) }

// save writes what write does to the file path.
func save(path string, write func(io.Writer) error) error {
	if err := replace(path, write); err != nil {
		return fmt.Errorf("figure: cannot write %s: %w", path, err)
	}
	return nil
}

func replace(path string, write func(io.Writer) error) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return encode(f, write, func() error { return nil }) // a device need not sync
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // finds nothing after the rename
	if err := encode(f, write, f.Sync); err != nil {
		return err
	}
	if err := os.Chmod(f.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// encode writes to f, syncs and closes it.
func encode(f *os.File, write func(io.Writer) error, sync func() error) error {
	w := bufio.NewWriter(f)
	err := write(w)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}
