package main

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

// load returns the images that are asked for.
func (j *job) load() (set, error) {
	if j.data == "" {
		return carried()
	}
	info, err := os.Stat(j.data)
	switch {
	case err != nil:
		return set{}, err
	case info.IsDir():
		return folder(j.data)
	}
	return idx(j.data)
}

// idx reads images from an IDX file, and their labels from the one beside it whose name
// has labels-idx1 for images-idx3.
func idx(path string) (set, error) {
	dir, name := filepath.Split(path)
	if !strings.Contains(name, "images-idx3") {
		return set{}, fmt.Errorf("%s: want a name with images-idx3, beside which is one with labels-idx1", path)
	}
	x, shape, err := array.ReadFile(path)
	if err != nil {
		return set{}, err
	}
	labels, _, err := array.ReadFile(dir + strings.Replace(name, "images-idx3", "labels-idx1", 1))
	if err != nil {
		return set{}, err
	}
	s, err := labelled(x, shape, labels)
	if err != nil {
		return set{}, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// folder reads the PNG files of a folder as grey images, those of each folder in it as a
// class, or all as one.
func folder(path string) (set, error) {
	f, err := images.Open(path, &images.Settings{Channels: 1, Low: 0, High: 255})
	if err != nil {
		return set{}, err
	}
	x, labels, err := rows.Read(f)
	if err != nil {
		return set{}, err
	}
	if labels == nil {
		labels = mat.NewDense(f.Len(), 1, nil)
	}
	return labelled(x, []int{f.Len(), f.Format.Height, f.Format.Width}, labels)
}
