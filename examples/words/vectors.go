package main

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// vectors are what stands for the symbols: the corners of a simplex, of which any two
// are equally far from each other,
//
//	e_k = s (δ_k − π),   s² = K/(1 − Σ_j π_j²),
//
// δ_k being 1 in column k of K and 0 in the others, and π how often the symbols occur, each
// counted once more than it does. Over the text columns have mean 0 and, all together, mean
// square 1.
type vectors struct {
	often []float64 // π
	scale float64   // s
}

// vectorsOf returns those of a text.
func vectorsOf(c corpus) vectors {
	v := vectors{often: slices.Repeat([]float64{1}, kinds)}
	for _, part := range c {
		for _, k := range part {
			v.often[k]++
		}
	}
	rest := 1.0
	for k := range v.often {
		v.often[k] /= float64(c.len() + kinds)
		rest -= v.often[k] * v.often[k]
	}
	v.scale = math.Sqrt(float64(kinds) / rest)
	return v
}

// write writes the vectors of labels side by side.
func (v vectors) write(dst []float64, labels []uint8) {
	for i, k := range labels {
		for j, often := range v.often {
			dst[i*kinds+j] = -v.scale * often
		}
		dst[i*kinds+int(k)] += v.scale
	}
}

// nearest returns the labels whose vectors are nearest to those of a row:
// ‖x − e_k‖² = −2s (x_k + sπ_k) + what is the same for all k.
func (v vectors) nearest(row []float64) []uint8 {
	labels := make([]uint8, len(row)/kinds)
	for i := range labels {
		x := row[i*kinds:]
		at := func(k uint8) float64 { return x[k] + v.scale*v.often[k] }
		for k := range uint8(kinds) {
			if at(k) > at(labels[i]) {
				labels[i] = k
			}
		}
	}
	return labels
}

// mean returns Σ_k p_k e_k of probabilities.
func (v vectors) mean(p *ad.Expr) *ad.Expr {
	return ad.Scale(v.scale, ad.Sub(p, ad.Row(v.often)))
}

// share is the inverse of mean.
func (v vectors) share(x *ad.Expr) *ad.Expr {
	return ad.Add(ad.Scale(1/v.scale, x), ad.Row(v.often))
}

// source serves windows of a text as vectors.
type source struct {
	vectors
	corpus
	window int
}

// Dims implements score.Data.
func (s source) Dims() (d, cond int) { return s.window * kinds, 0 }

// Batch implements score.Data.
func (s source) Batch(x, _ *mat.Dense, _, _ int, rng *rand.Rand) error {
	for i := range x.RawMatrix().Rows {
		s.write(x.RawRowView(i), s.draw(s.window, rng))
	}
	return nil
}
