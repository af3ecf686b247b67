// Package replace writes files that are there as a whole or not at all.
package replace

import (
	"crypto/rand"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// File writes a file under a temporary name, .NAME.RANDOM.tmp in its folder, syncs
// it and renames it. A link is followed. What is there and no regular file is opened
// and written to.
func File(path string, fill func(io.Writer) error) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		if err := fill(f); err != nil {
			f.Close()
			return err
		}
		return f.Close()
	}
	dir, base := filepath.Split(path)
	temp, err := os.OpenFile(filepath.Join(dir, "."+base+"."+rand.Text()+".tmp"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	if err := finish(temp, info, fill); err != nil {
		temp.Close()
		os.Remove(temp.Name())
		return err
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		os.Remove(temp.Name())
		return err
	}
	if d, err := os.Open(filepath.Clean(dir)); err == nil {
		d.Sync() // some file systems cannot; the file itself is safe
		d.Close()
	}
	return nil
}

// finish fills, syncs and closes a temporary file, with the mode of the old one.
func finish(temp *os.File, old fs.FileInfo, fill func(io.Writer) error) error {
	if old != nil {
		if err := temp.Chmod(old.Mode().Perm()); err != nil {
			return err
		}
	}
	if err := fill(temp); err != nil {
		return err
	}
	if err := temp.Sync(); err != nil {
		return err
	}
	return temp.Close()
}
