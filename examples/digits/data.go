package main

import (
	"bytes"
	_ "embed" // of the images
	"fmt"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/array"
)

// format is what the images of a set have in common.
type format struct {
	height, width int
	shades        int // of a pixel, from 0, the empty one, on
	classes       int
}

func (f format) pixels() int { return f.height * f.width }

// set is images, a row each, and their labels.
type set struct {
	format
	x, labels *mat.Dense
}

func (s set) len() int { return s.x.RawMatrix().Rows }

func (s set) label(i int) int { return int(s.labels.At(i, 0)) }

// blank returns n images with labels to be written.
func (f format) blank(n int) set {
	return set{f, mat.NewDense(n, f.pixels(), nil), mat.NewDense(n, 1, nil)}
}

// The images that the program carries have 8×8 pixels of 17 shades.
var (
	//go:embed digits-images-idx3-ubyte.gz
	imagesFile []byte
	//go:embed digits-labels-idx1-ubyte.gz
	labelsFile []byte
)

// carried returns all of them.
func carried() (set, error) {
	x, shape, err := array.Read(bytes.NewReader(imagesFile))
	if err != nil {
		return set{}, err
	}
	labels, _, err := array.Read(bytes.NewReader(labelsFile))
	if err != nil {
		return set{}, err
	}
	return labelled(x, shape, labels)
}

// labelled checks images and labels that were read.
func labelled(x *mat.Dense, shape []int, labels *mat.Dense) (set, error) {
	if len(shape) != 3 {
		return set{}, fmt.Errorf("images of the shape %v, want images × lines × columns", shape)
	}
	if n, k := labels.Dims(); n != shape[0] || k != 1 {
		return set{}, fmt.Errorf("%d×%d labels of %d images, want one of each", n, k, shape[0])
	}
	s := set{format{shape[1], shape[2], 2, 1}, x, labels}
	for i := range s.len() {
		for j, v := range x.RawRowView(i) {
			if v < 0 || v > 255 || v != float64(int(v)) {
				return set{}, fmt.Errorf("image %d, pixel %d: is %v, want a whole number from 0 to 255", i, j, v)
			}
			s.shades = max(s.shades, int(v)+1)
		}
		k := labels.At(i, 0)
		if k < 0 || k > 255 || k != float64(int(k)) {
			return set{}, fmt.Errorf("label %d: is %v, want a whole number from 0 to 255", i, k)
		}
		s.classes = max(s.classes, int(k)+1)
	}
	return s, nil
}

// split shuffles the images and returns disjoint parts of these sizes, and the rest.
func (s set) split(seed uint64, sizes ...int) []set {
	rand.New(rand.NewPCG(seed, 1)).Shuffle(s.len(), func(i, j int) {
		for _, m := range []*mat.Dense{s.x, s.labels} {
			a, b := m.RawRowView(i), m.RawRowView(j)
			for k := range a {
				a[k], b[k] = b[k], a[k]
			}
		}
	})
	var parts []set
	at := 0
	for _, n := range append(sizes, s.len()) {
		n = min(n, s.len()-at)
		parts = append(parts, s.slice(at, at+n))
		at += n
	}
	return parts
}

// slice returns the images from one on, up to another.
func (s set) slice(from, to int) set {
	part := func(m *mat.Dense) *mat.Dense { return m.Slice(from, to, 0, m.RawMatrix().Cols).(*mat.Dense) }
	return set{s.format, part(s.x), part(s.labels)}
}

// first returns the first n images, all when there are fewer.
func (s set) first(n int) set { return s.slice(0, min(n, s.len())) }

// rows returns some of the images, a blank one for an index of −1.
func (s set) rows(index []int) set {
	p := s.blank(len(index))
	for i, k := range index {
		if k >= 0 {
			p.x.SetRow(i, s.x.RawRowView(k))
			p.labels.Set(i, 0, s.labels.At(k, 0))
		}
	}
	return p
}
