package record

import (
	"errors"
	"fmt"
	"os"
)

// LineFile is a file of whole lines for a record of runs: what is written goes
// to its end without a buffer, and what a full disk or a crash left of a line is
// cut off, at once or by the next AppendLines. A resumed run repeats the steps
// after its checkpoint, with the same numbers.
type LineFile struct {
	file *os.File
	size int64
}

// AppendLines opens the file at path, which is made when it is missing.
func AppendLines(path string) (*LineFile, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("record: AppendLines: %w", err)
	}
	f := &LineFile{file: file}
	if err := f.mend(); err != nil {
		return nil, errors.Join(fmt.Errorf("record: AppendLines: %w", err), file.Close())
	}
	return f, nil
}

// mend cuts off what stands after the last line.
func (f *LineFile) mend() error {
	info, err := f.file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: want a regular file, not %v", f.file.Name(), info.Mode().Type())
	}
	end := info.Size()
	var last [1]byte
	for f.size = end; f.size > 0; f.size-- {
		if _, err := f.file.ReadAt(last[:], f.size-1); err != nil {
			return err
		}
		if last[0] == '\n' {
			break
		}
	}
	if f.size == end {
		return nil
	}
	return f.file.Truncate(f.size)
}

// Write appends whole lines: all of p, or, with an error, nothing.
func (f *LineFile) Write(p []byte) (int, error) {
	if _, err := f.file.WriteAt(p, f.size); err != nil {
		return 0, errors.Join(err, f.file.Truncate(f.size)) // the count may leave out a part that was written
	}
	f.size += int64(len(p))
	return len(p), nil
}

// Size returns the number of bytes of the file.
func (f *LineFile) Size() int64 { return f.size }

// Close syncs and closes the file.
func (f *LineFile) Close() error { return errors.Join(f.file.Sync(), f.file.Close()) }
