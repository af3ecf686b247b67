package checkpoint

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ReadFile reads the file at path, which has to be a regular file: a directory,
// pipe or device is refused with ErrNotRegular before it is opened.
func ReadFile(path string) (*File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s (%v)", ErrNotRegular, path, info.Mode().Type())
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	defer file.Close()
	f, err := Read(bufio.NewReaderSize(file, 1<<16))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return f, nil
}

// WriteFile puts f at path in one step: whoever opens path, also after a crash,
// finds the whole old file or the whole new one. The bytes go to a temporary
// file in the same directory, which is synced and renamed; then the directory
// is synced. After an error path is as it was and nothing is left behind, but
// for an error of that last sync, which comes when the new file is in place
// already and only its survival of a power failure is in doubt.
//
// Temporary files of writers that were killed are removed. Several writers may
// write the same path: the last rename wins. A symbolic link is followed, also to
// a file that does not exist yet, and what is not a regular file is refused with
// ErrNotRegular and not replaced. The permissions of a file that is replaced are
// kept; a new one has those that the umask leaves of 0666.
func WriteFile(path string, f *File) error {
	return ReplaceFile(path, func(w io.Writer) error { return Write(w, f) })
}

// ReplaceFile is WriteFile for a file of another kind, whose bytes write gives to w. An
// error of write leaves path as it was.
func ReplaceFile(path string, write func(w io.Writer) error) error {
	target, mode, err := resolve(path)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	dir, base := filepath.Split(target)
	if dir == "" {
		dir = "."
	}
	removeStale(dir, base)
	temp, err := createTemp(dir, base, mode)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := fillTemp(temp, write); err != nil {
		temp.Close()
		os.Remove(temp.Name())
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := replace(temp, target); err != nil {
		os.Remove(temp.Name())
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := syncDir(dir); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// resolve follows the links from path and returns the place of the file to write,
// and its permissions, nil when it does not exist.
func resolve(path string) (target string, mode *fs.FileMode, err error) {
	const most = 40 // links, as on Linux
	for range most {
		dir, base := filepath.Split(path)
		if dir == "" {
			dir = "."
		}
		if dir, err = filepath.EvalSymlinks(dir); err != nil {
			return "", nil, err
		}
		target = filepath.Join(dir, base)
		info, err := os.Lstat(target)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return target, nil, nil
		case err != nil:
			return "", nil, err
		case info.Mode().IsRegular():
			perm := info.Mode().Perm()
			return target, &perm, nil
		case info.Mode().Type() != fs.ModeSymlink:
			return "", nil, fmt.Errorf("%w: %s (%v)", ErrNotRegular, target, info.Mode().Type())
		}
		if path, err = os.Readlink(target); err != nil {
			return "", nil, err
		}
		if !filepath.IsAbs(path) {
			path = dir + string(filepath.Separator) + path // not cleaned: .. may follow a link
		}
	}
	return "", nil, fmt.Errorf("%w: more than %d links to %s", ErrNotRegular, most, target)
}

// Temporary files are called .NAME.RANDOM.tmp.
const (
	tempSuffix = ".tmp"
	tempRandom = 26 // length of rand.Text
)

// createTemp creates a temporary file and takes the lock that says its writer
// is alive. Another writer may take the file for an abandoned one before it is
// locked; then there is a next one. A mode is set before anything is written: at
// no time can anybody read more than before.
func createTemp(dir, base string, mode *fs.FileMode) (*os.File, error) {
	created := fs.FileMode(0o666)
	if mode != nil {
		created = *mode & 0o600
	}
	for {
		name := filepath.Join(dir, "."+base+"."+rand.Text()+tempSuffix)
		temp, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, created)
		if err != nil {
			return nil, err
		}
		lock(temp)
		if _, err := os.Lstat(name); err != nil {
			temp.Close()
			continue
		}
		if mode == nil {
			return temp, nil
		}
		if err := temp.Chmod(*mode); err != nil {
			temp.Close()
			os.Remove(name)
			return nil, err
		}
		return temp, nil
	}
}

func fillTemp(temp interface {
	io.Writer
	Sync() error
}, write func(w io.Writer) error) error {
	w := bufio.NewWriterSize(temp, 1<<16)
	if err := write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return temp.Sync()
}

// removeStale removes the temporary files for base whose writers are gone. It
// is best effort: a file that cannot be opened or locked stays. Names are never
// used twice, so that it cannot remove a younger file of the same name.
func removeStale(dir, base string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		random, ok := strings.CutPrefix(strings.TrimSuffix(e.Name(), tempSuffix), "."+base+".")
		if !ok || len(random) != tempRandom || !e.Type().IsRegular() || !strings.HasSuffix(e.Name(), tempSuffix) {
			continue
		}
		temp, err := os.Open(filepath.Join(dir, e.Name()))
		if err != nil {
			continue
		}
		if abandoned(temp) {
			os.Remove(temp.Name())
		}
		temp.Close()
	}
}
