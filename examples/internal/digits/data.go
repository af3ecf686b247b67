// Package digits is what examples of pictures share: 1,797 handwritten digits and how
// others are read, their shades, a U-Net that learns them, and classifiers.
package digits

import (
	"bytes"
	_ "embed" // of the images
	"fmt"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/array"
)

// Format is what the images of a set have in common.
type Format struct {
	Height, Width int
	Shades        int // of a pixel, from 0, the empty one, on
	Classes       int
}

// Pixels returns the number of them.
func (f Format) Pixels() int { return f.Height * f.Width }

// Set is images, a row each, and their labels.
type Set struct {
	Format
	X, Labels *mat.Dense
}

// Len returns the number of images.
func (s Set) Len() int { return s.X.RawMatrix().Rows }

// Label returns the class of an image.
func (s Set) Label(i int) int { return int(s.Labels.At(i, 0)) }

// Blank returns n images with labels to be written.
func (f Format) Blank(n int) Set {
	return Set{f, mat.NewDense(n, f.Pixels(), nil), mat.NewDense(n, 1, nil)}
}

// The images that the program carries have 8×8 pixels of 17 shades.
var (
	//go:embed digits-images-idx3-ubyte.gz
	imagesFile []byte
	//go:embed digits-labels-idx1-ubyte.gz
	labelsFile []byte
)

// Carried returns all of them.
func Carried() (Set, error) {
	x, shape, err := array.Read(bytes.NewReader(imagesFile))
	if err != nil {
		return Set{}, err
	}
	labels, _, err := array.Read(bytes.NewReader(labelsFile))
	if err != nil {
		return Set{}, err
	}
	return labelled(x, shape, labels)
}

// labelled checks images and labels that were read.
func labelled(x *mat.Dense, shape []int, labels *mat.Dense) (Set, error) {
	if len(shape) != 3 {
		return Set{}, fmt.Errorf("images of the shape %v, want images × lines × columns", shape)
	}
	if n, k := labels.Dims(); n != shape[0] || k != 1 {
		return Set{}, fmt.Errorf("%d×%d labels of %d images, want one of each", n, k, shape[0])
	}
	s := Set{Format{shape[1], shape[2], 2, 1}, x, labels}
	for i := range s.Len() {
		for j, v := range x.RawRowView(i) {
			if v < 0 || v > 255 || v != float64(int(v)) {
				return Set{}, fmt.Errorf("image %d, pixel %d: is %v, want a whole number from 0 to 255", i, j, v)
			}
			s.Shades = max(s.Shades, int(v)+1)
		}
		k := labels.At(i, 0)
		if k < 0 || k > 255 || k != float64(int(k)) {
			return Set{}, fmt.Errorf("label %d: is %v, want a whole number from 0 to 255", i, k)
		}
		s.Classes = max(s.Classes, int(k)+1)
	}
	return s, nil
}

// mostHeldOut is the most images that are held out for comparisons, a fifth when that is
// fewer.
const mostHeldOut = 2000

// HoldOut shuffles the images and returns some that are held out, and those to learn. Of
// fewer than 10 it returns an error.
func (s Set) HoldOut(seed uint64) (test, train Set, err error) {
	if s.Len() < 10 {
		return Set{}, Set{}, fmt.Errorf("%d images, want 10 or more", s.Len())
	}
	parts := s.Split(seed, min((s.Len()+4)/5, mostHeldOut))
	return parts[0], parts[1], nil
}

// Split shuffles the images and returns disjoint parts of these sizes, and the rest.
func (s Set) Split(seed uint64, sizes ...int) []Set {
	rand.New(rand.NewPCG(seed, 1)).Shuffle(s.Len(), func(i, j int) {
		for _, m := range []*mat.Dense{s.X, s.Labels} {
			a, b := m.RawRowView(i), m.RawRowView(j)
			for k := range a {
				a[k], b[k] = b[k], a[k]
			}
		}
	})
	var parts []Set
	at := 0
	for _, n := range append(sizes, s.Len()) {
		n = min(n, s.Len()-at)
		parts = append(parts, s.Slice(at, at+n))
		at += n
	}
	return parts
}

// Slice returns the images from one on, up to another.
func (s Set) Slice(from, to int) Set {
	part := func(m *mat.Dense) *mat.Dense { return m.Slice(from, to, 0, m.RawMatrix().Cols).(*mat.Dense) }
	return Set{s.Format, part(s.X), part(s.Labels)}
}

// First returns the first n images, all when there are fewer.
func (s Set) First(n int) Set { return s.Slice(0, min(n, s.Len())) }

// Rows returns some of the images, a blank one for an index of −1.
func (s Set) Rows(index []int) Set {
	p := s.Blank(len(index))
	for i, k := range index {
		if k >= 0 {
			p.X.SetRow(i, s.X.RawRowView(k))
			p.Labels.Set(i, 0, s.Labels.At(k, 0))
		}
	}
	return p
}
