package main

import (
	"bytes"
	_ "embed" // of the images
	"fmt"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/array"
)

// The images have 8×8 pixels of 17 shades, 0 is empty.
const (
	side    = 8
	pixels  = side * side
	shades  = 17
	classes = 10
)

var (
	//go:embed digits-images-idx3-ubyte.gz
	imagesFile []byte
	//go:embed digits-labels-idx1-ubyte.gz
	labelsFile []byte
)

// set is images, a row each, and their labels.
type set struct{ x, labels *mat.Dense }

func (s set) len() int { return s.x.RawMatrix().Rows }

// images reads all of them.
func images() (set, error) {
	var s set
	for _, f := range []struct {
		to   **mat.Dense
		file []byte
		cols int
	}{{&s.x, imagesFile, pixels}, {&s.labels, labelsFile, 1}} {
		m, shape, err := array.Read(bytes.NewReader(f.file))
		if err != nil {
			return set{}, err
		}
		if m.RawMatrix().Cols != f.cols {
			return set{}, fmt.Errorf("an array of shape %v, want rows of %d numbers", shape, f.cols)
		}
		*f.to = m
	}
	return s, nil
}

// split returns random disjoint parts of these sizes, and the rest.
func (s set) split(seed uint64, sizes ...int) []set {
	order := rand.New(rand.NewPCG(seed, 1)).Perm(s.len())
	var parts []set
	for _, n := range append(sizes, len(order)) {
		n = min(n, len(order))
		parts, order = append(parts, s.rows(order[:n])), order[n:]
	}
	return parts
}

// rows returns some of the rows.
func (s set) rows(index []int) set {
	p := set{mat.NewDense(len(index), pixels, nil), mat.NewDense(len(index), 1, nil)}
	for i, k := range index {
		p.x.SetRow(i, s.x.RawRowView(k))
		p.labels.Set(i, 0, s.labels.At(k, 0))
	}
	return p
}

// jittered serves images with their labels, and with noise in their shades, anew
// whenever an image is drawn: a network learns a density of numbers, and here half of
// them are exactly 0. Snap takes it back.
type jittered struct{ set }

// jitter is the half-width of the noise. At ½ it would reach the next shade; at less
// there is room for what a network gets wrong.
const jitter = 0.25

// Dims implements score.Data.
func (j jittered) Dims() (d, cond int) { return pixels, 1 }

// Batch implements score.Data.
func (j jittered) Batch(x, cond *mat.Dense, _, _ int, rng *rand.Rand) error {
	for i := range x.RawMatrix().Rows {
		k := rng.IntN(j.len())
		for p, v := range j.x.RawRowView(k) {
			x.Set(i, p, v+jitter*(2*rng.Float64()-1))
		}
		if cond != nil {
			cond.Set(i, 0, j.labels.At(k, 0))
		}
	}
	return nil
}

// snap rounds every pixel to its shade.
func snap(x *mat.Dense) {
	x.Apply(func(_, _ int, v float64) float64 {
		return min(max(float64(int(v+shades+0.5))-shades, 0), shades-1)
	}, x)
}
