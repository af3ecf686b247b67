package main

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/array"
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

// folder reads the PNG files of each folder of a folder as grey images of a class, the
// folders in the order of their names.
func folder(path string) (set, error) {
	var files []string
	var label []float64
	folders, err := os.ReadDir(path)
	if err != nil {
		return set{}, err
	}
	classes := 0
	for _, d := range folders {
		if !d.IsDir() {
			continue
		}
		found, err := filepath.Glob(filepath.Join(path, d.Name(), "*.png"))
		if err != nil {
			return set{}, err
		}
		for _, f := range found {
			files, label = append(files, f), append(label, float64(classes))
		}
		if len(found) > 0 {
			classes++
		}
	}
	if len(files) == 0 {
		return set{}, fmt.Errorf("%s: no PNG files in folders, want a folder of them for each class", path)
	}
	var x *mat.Dense
	var size image.Point
	for i, name := range files {
		img, err := open(name)
		if err != nil {
			return set{}, err
		}
		b := img.Bounds()
		if i == 0 {
			size, x = b.Size(), mat.NewDense(len(files), b.Dx()*b.Dy(), nil)
		}
		if b.Size() != size {
			return set{}, fmt.Errorf("%s: is %d×%d, want %d×%d as in %s", name, b.Dx(), b.Dy(), size.X, size.Y, files[0])
		}
		row := x.RawRowView(i)
		for p := range row {
			grey := color.GrayModel.Convert(img.At(b.Min.X+p%size.X, b.Min.Y+p/size.X)).(color.Gray)
			row[p] = float64(grey.Y)
		}
	}
	return labelled(x, []int{len(files), size.Y, size.X}, mat.NewDense(len(files), 1, label))
}

func open(name string) (image.Image, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return img, nil
}
