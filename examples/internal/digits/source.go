package digits

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/array"
	"github.com/gradlogp/gradlogp/dataset/images"
	"github.com/gradlogp/gradlogp/dataset/rows"
)

// Load returns the images of a path: an IDX file, beside which is one of labels, or a
// folder with a folder of PNG files for each class; the carried ones when it is empty.
func Load(path string) (Set, error) {
	if path == "" {
		return Carried()
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return Set{}, err
	case info.IsDir():
		return folder(path)
	}
	return idx(path)
}

// idx reads images from an IDX file, and their labels from the one beside it whose name
// has labels-idx1 for images-idx3.
func idx(path string) (Set, error) {
	dir, name := filepath.Split(path)
	if !strings.Contains(name, "images-idx3") {
		return Set{}, fmt.Errorf("%s: want a name with images-idx3, beside which is one with labels-idx1", path)
	}
	x, shape, err := array.ReadFile(path)
	if err != nil {
		return Set{}, err
	}
	labels, _, err := array.ReadFile(dir + strings.Replace(name, "images-idx3", "labels-idx1", 1))
	if err != nil {
		return Set{}, err
	}
	s, err := labelled(x, shape, labels)
	if err != nil {
		return Set{}, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// folder reads the PNG files of a folder as grey images, those of each folder in it as a
// class, or all as one.
func folder(path string) (Set, error) {
	f, err := images.Open(path, &images.Settings{Channels: 1, Low: 0, High: 255})
	if err != nil {
		return Set{}, err
	}
	x, labels, err := rows.Read(f)
	if err != nil {
		return Set{}, err
	}
	if labels == nil {
		labels = mat.NewDense(f.Len(), 1, nil)
	}
	return labelled(x, []int{f.Len(), f.Format.Height, f.Format.Width}, labels)
}
