package main

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// A network learns a density of numbers, but a pixel is one of a few shades, and half
// of all pixels or more are exactly 0. So shades become intervals. That of a shade
// between the first and the last is v ± ½, without a gap to the next: rounding gives it
// back. The first and the last, of which there are many, lie apart from the others by
// room for what a network gets wrong.

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

// snap replaces every number by the shade whose place is the nearest.
func (f format) snap(x *mat.Dense) {
	x.Apply(func(_, _ int, v float64) float64 {
		nearest := 0.0
		for _, shade := range []float64{min(max(math.Round(v), min(1, f.white())), max(f.white()-1, 0)), f.white()} {
			if math.Abs(f.place(shade)-v) < math.Abs(f.place(nearest)-v) {
				nearest = shade
			}
		}
		return nearest
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
