package main

import (
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/examples/internal/digits"
	"github.com/gradlogp/gradlogp/sde/posterior"
)

// problem is a kind of what is left of images, y = A x + N(0, τ²).
type problem struct {
	name   string
	linear posterior.Linear
	unseen []int // the pixels to be judged
	// show returns an image of y.
	show func(y []float64) []float64
}

// problems returns those of images of a format.
func problems(f digits.Format) []problem {
	return []problem{hole(f), blur(f), coarse(f)}
}

// hole is all but the middle of the image, of half its height and width.
func hole(f digits.Format) problem {
	m := posterior.Mask{In: f.Pixels()}
	var unseen []int
	for p := range f.Pixels() {
		line, column := p/f.Width, p%f.Width
		if inMiddle(line, f.Height) && inMiddle(column, f.Width) {
			unseen = append(unseen, p)
		} else {
			m.Columns = append(m.Columns, p)
		}
	}
	return problem{"hole", m, unseen, func(y []float64) []float64 {
		x := make([]float64, f.Pixels())
		for _, p := range unseen {
			x[p] = f.White() / 2
		}
		for k, p := range m.Columns {
			x[p] = y[k]
		}
		return x
	}}
}

func inMiddle(i, n int) bool { return i >= n/4 && i < n-n/4 }

// blur is a mean of each pixel's neighbours, weighted by a bell of the deviation of an
// eighth of the image's height.
func blur(f digits.Format) problem {
	side := 2*max(f.Height, f.Width) - 1
	kernel := posterior.GaussianKernel(side, side, float64(f.Height)/8)
	return problem{"blur", posterior.Blur(f.Height, f.Width, kernel, posterior.EdgeRenormalised), every(f), func(y []float64) []float64 { return y }}
}

// coarse is the means of blocks of 2×2 pixels, smaller ones at the end of odd sides.
func coarse(f digits.Format) problem {
	means := posterior.BlockMeans(f.Height, f.Width, 2, 2)
	return problem{"coarse", means, every(f), func(y []float64) []float64 {
		x := make([]float64, f.Pixels())
		for k, block := range means.Columns {
			for _, p := range block {
				x[p] = y[k]
			}
		}
		return x
	}}
}

func every(f digits.Format) []int {
	all := make([]int, f.Pixels())
	for p := range all {
		all[p] = p
	}
	return all
}

// observe returns what is left of images, a row each, with noise of this deviation.
func (p problem) observe(x *mat.Dense, noise float64, rng *rand.Rand) *mat.Dense {
	n, _ := x.Dims()
	_, out := p.linear.Dims()
	y := mat.NewDense(n, out, nil)
	p.linear.Apply(y, x)
	y.Apply(func(_, _ int, v float64) float64 { return v + noise*rng.NormFloat64() }, y)
	return y
}
