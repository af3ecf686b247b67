package array

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"
)

// ReadArchive reads the array of a name in a .npz file, compressed or not. It returns
// ErrName, with the names that there are, when there is no such array, ErrFormat, and
// the errors of Read.
func ReadArchive(path, name string) (x *mat.Dense, shape []int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("array: ReadArchive: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil {
		x, shape, err = readArchive(f, info.Size(), name)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("array: ReadArchive: %s: array %q: %w", path, name, err)
	}
	return x, shape, nil
}

func readArchive(r io.ReaderAt, size int64, name string) (*mat.Dense, []int, error) {
	archive, err := zip.NewReader(r, size)
	if errors.Is(err, zip.ErrFormat) {
		return nil, nil, fmt.Errorf("is no zip archive: %w", ErrFormat)
	}
	if err != nil {
		return nil, nil, err
	}
	var names []string
	for _, f := range archive.File {
		own, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok {
			continue
		}
		if own != name {
			names = append(names, cut(own))
			continue
		}
		content, err := f.Open()
		if err != nil {
			return nil, nil, err
		}
		defer content.Close()
		return read(content)
	}
	slices.Sort(names)
	const most = 20
	others := ""
	if len(names) > most {
		others = fmt.Sprintf(" and %d more", len(names)-most)
		names = names[:most]
	}
	return nil, nil, fmt.Errorf("is not there, want one of %q%s: %w", names, others, ErrName)
}
