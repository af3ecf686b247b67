package figure

import (
	"fmt"
	"os"
	"path/filepath"
)

// Writable returns the error that Save would meet at path for want of a
// directory or of permission, so that a long job can fail before it starts.
func Writable(path string) error {
	if info, err := os.Stat(path); err == nil {
		if info.IsDir() {
			return fmt.Errorf("figure: cannot write %s: it is a directory", path)
		}
		if !info.Mode().IsRegular() {
			return nil
		}
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("figure: cannot write %s: %w", path, err)
	}
	f.Close()
	return os.Remove(f.Name())
}
