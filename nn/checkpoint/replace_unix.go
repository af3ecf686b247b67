//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package checkpoint

import (
	"errors"
	"os"
	"syscall"
)

// lock takes the lock of an open file, which the system gives back when the
// file is closed or the process ends. Where the file system has no locks, a
// crash leaves its temporary file behind, and nothing else is lost.
func lock(file *os.File) {
	for syscall.Flock(int(file.Fd()), syscall.LOCK_EX) == syscall.EINTR {
	}
}

// abandoned reports whether nobody has the lock of file, and takes it.
func abandoned(file *os.File) bool {
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}

// replace renames temp to target and closes it: the lock is kept until the
// temporary name is gone.
func replace(temp *os.File, target string) error {
	defer temp.Close()
	return os.Rename(temp.Name(), target)
}

// syncDir makes a rename in dir survive a power failure. Some file systems
// cannot sync a directory and say EINVAL.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) {
		return err
	}
	return nil
}
