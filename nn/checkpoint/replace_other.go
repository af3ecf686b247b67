//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd)

package checkpoint

import (
	"os"
	"time"
)

// lock does nothing: package syscall has no locks for these systems.
func lock(*os.File) {}

// abandoned takes a file that has not changed for a day for one without a
// writer.
func abandoned(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && time.Since(info.ModTime()) > 24*time.Hour
}

// replace closes temp, as an open file cannot be renamed everywhere, and
// renames it to target.
func replace(temp *os.File, target string) error {
	if err := temp.Close(); err != nil {
		return err
	}
	return os.Rename(temp.Name(), target)
}

// syncDir does nothing: these systems cannot sync a directory.
func syncDir(string) error { return nil }
