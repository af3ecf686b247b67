package main

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// A network learns a density of numbers, but a pixel is one of a few shades, and half
// of all pixels or more are exactly 0. So shades become intervals. That of a shade
// between the first and the last is v ± ½, without a gap to the next. The first and the
// last, of which there are many, lie apart from the others by room for what a network
// gets wrong. What comes out is cut into shades again.

// place returns the middle of the interval of a shade.
func (f format) place(v float64) float64 {
	switch v {
	case 0:
		return -f.room()
	case f.white():
		return v + f.room()
	}
	return v
}

func (f format) white() float64 { return float64(f.shades - 1) }

// room is how far the first and the last shade are moved away from the others.
func (f format) room() float64 { return max(float64(f.shades/16), 1) }

// spread returns the width of the interval of a shade.
func (f format) spread(v float64) float64 {
	if v == 0 || v == f.white() {
		return f.room() / 2
	}
	return 1
}

// scatter writes a random point of the intervals of an image.
func (f format) scatter(dst, image []float64, rng *rand.Rand) {
	for p, v := range image {
		dst[p] = f.place(v) + f.spread(v)*(rng.Float64()-0.5)
	}
}

// cuts returns the numbers that part the shades of samples, in such a way that these
// get the shares of all pixels that they have in real images. A fixed cut would move a
// tenth of the brightest pixels to the shade below, whose place is near and whose share
// is small.
func cuts(samples *mat.Dense, real set) []float64 {
	count := make([]float64, real.shades)
	for i := range real.len() {
		for _, v := range real.x.RawRowView(i) {
			count[int(v)]++
		}
	}
	all := append([]float64{math.Inf(-1)}, samples.RawMatrix().Data...)
	slices.Sort(all)
	all = append(all, math.Inf(1))
	c, below := make([]float64, real.shades-1), 0.0
	for k := range c {
		below += count[k] / float64(real.len()*real.pixels())
		at := int(below*float64(len(all)-2) + 0.5) // pixels below the cut
		c[k] = (all[at] + all[at+1]) / 2
	}
	return c
}

// snap replaces every number by its shade.
func snap(x *mat.Dense, cuts []float64) {
	x.Apply(func(_, _ int, v float64) float64 {
		k, _ := slices.BinarySearch(cuts, v)
		return float64(k)
	}, x)
}

// scattered serves images with their labels, scattered anew whenever one is drawn.
type scattered struct{ set }

// Dims implements score.Data.
func (s scattered) Dims() (d, cond int) { return s.pixels(), 1 }

// Batch implements score.Data.
func (s scattered) Batch(x, cond *mat.Dense, _, _ int, rng *rand.Rand) error {
	for i := range x.RawMatrix().Rows {
		k := rng.IntN(s.len())
		s.scatter(x.RawRowView(i), s.x.RawRowView(k), rng)
		if cond != nil {
			cond.Set(i, 0, s.labels.At(k, 0))
		}
	}
	return nil
}
