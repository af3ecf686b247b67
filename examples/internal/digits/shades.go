package digits

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
func (f Format) place(v float64) float64 {
	switch v {
	case 0:
		return -f.room()
	case f.White():
		return v + f.room()
	}
	return v
}

// White is the last shade.
func (f Format) White() float64 { return float64(f.Shades - 1) }

// room is how far the first and the last shade are moved away from the others.
func (f Format) room() float64 { return max(float64(f.Shades/16), 1) }

// Spread returns the width of the interval of a shade.
func (f Format) Spread(v float64) float64 {
	if v == 0 || v == f.White() {
		return f.room() / 2
	}
	return 1
}

// Scatter writes a random point of the intervals of an image.
func (f Format) Scatter(dst, image []float64, rng *rand.Rand) {
	for p, v := range image {
		dst[p] = f.place(v) + f.Spread(v)*(rng.Float64()-0.5)
	}
}

// Cuts returns the numbers that part the shades of samples, in such a way that these
// get the shares of all pixels that they have in real images. A fixed cut would move a
// tenth of the brightest pixels to the shade below, whose place is near and whose share
// is small.
func Cuts(samples *mat.Dense, real Set) []float64 {
	count := make([]float64, real.Shades)
	for i := range real.Len() {
		for _, v := range real.X.RawRowView(i) {
			count[int(v)]++
		}
	}
	all := append([]float64{math.Inf(-1)}, samples.RawMatrix().Data...)
	slices.Sort(all)
	all = append(all, math.Inf(1))
	c, below := make([]float64, real.Shades-1), 0.0
	for k := range c {
		below += count[k] / float64(real.Len()*real.Pixels())
		at := int(below*float64(len(all)-2) + 0.5) // pixels below the cut
		c[k] = (all[at] + all[at+1]) / 2
	}
	return c
}

// Snap replaces every number by its shade.
func Snap(x *mat.Dense, cuts []float64) {
	x.Apply(func(_, _ int, v float64) float64 {
		k, _ := slices.BinarySearch(cuts, v)
		return float64(k)
	}, x)
}

// Scattered serves images with their labels, scattered anew whenever one is drawn.
type Scattered struct{ Set }

// Dims implements score.Data.
func (s Scattered) Dims() (d, cond int) { return s.Pixels(), 1 }

// Batch implements score.Data.
func (s Scattered) Batch(x, cond *mat.Dense, _, _ int, rng *rand.Rand) error {
	for i := range x.RawMatrix().Rows {
		k := rng.IntN(s.Len())
		s.Scatter(x.RawRowView(i), s.X.RawRowView(k), rng)
		if cond != nil {
			cond.Set(i, 0, s.Labels.At(k, 0))
		}
	}
	return nil
}
